//! Extractors whose refusals are problem documents.

use std::time::Duration;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE, request::Parts},
};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::problem::Problem;

/// How long a body may take to arrive: 25 MB at 7 Mbit/s, and no connection is held for ever.
pub(crate) const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// A JSON body of the type `application/json` and nothing else, so that no form of another site can
/// send it.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "the body must be of the type application/json",
            ));
        }
        let Upload(bytes) = Upload::from_request(request, state).await?;
        read(&bytes).map(Self)
    }
}

/// A body as it is, within the route's limit of size and [`BODY_TIMEOUT`].
#[derive(Debug)]
pub(crate) struct Upload(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let read = timeout(BODY_TIMEOUT, Bytes::from_request(request, state));
        match read.await {
            Ok(Ok(bytes)) => Ok(Self(bytes)),
            Ok(Err(rejection)) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Err(too_large())
            }
            Ok(Err(rejection)) => Err(Problem::bad_request(rejection.body_text())),
            Err(_) => Err(Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "request_timeout",
                "the body did not arrive in time",
            )),
        }
    }
}

/// More bytes than the route takes.
pub(crate) fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too_large",
        "the body has more bytes than this route takes",
    )
}

fn is_json(headers: &HeaderMap) -> bool {
    let text = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let essence = text.map(|text| text.split(';').next().unwrap_or_default().trim());
    essence.is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"))
}

/// Reads a JSON document; what is wrong is told with its place.
fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value: T = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let pointer = pointer(error.path());
        let cause = error.into_inner();
        match cause.classify() {
            serde_json::error::Category::Data => {
                Problem::bad_pointer(pointer, without_place(&cause))
            }
            _ => not_json(&cause),
        }
    })?;
    reader.end().map_err(|error| not_json(&error))?;
    Ok(value)
}

fn not_json(error: &serde_json::Error) -> Problem {
    let detail = format!("the body is not a JSON document: {error}");
    Problem::new(StatusCode::BAD_REQUEST, "bad_json", detail)
}

/// The place in the words of RFC 6901.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        let text = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
            Segment::Enum { variant } => variant.clone(),
            Segment::Unknown => continue,
        };
        pointer.push('/');
        pointer.push_str(&text);
    }
    pointer
}

/// The error's text without the line and column that the pointer makes superfluous.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) => text.get(..at).unwrap_or(&text).to_owned(),
        None => text,
    }
}

/// The variable parts of the path.
#[derive(Debug, FromRequestParts)]
#[from_request(via(Path), rejection(Problem))]
pub(crate) struct PathOf<T>(pub(crate) T);

/// What follows the question mark.
#[derive(Debug)]
pub(crate) struct QueryOf<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for QueryOf<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(bad_query(&rejection.body_text())),
        }
    }
}

/// Names the parameter when the library does: "…query string: limit: invalid digit".
fn bad_query(text: &str) -> Problem {
    let text = text
        .split_once("query string: ")
        .map_or(text, |(_, rest)| rest);
    match text.split_once(": ") {
        Some((name, detail)) if name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') => {
            Problem::bad_parameter(name, detail)
        }
        _ => Problem::bad_request(text),
    }
}

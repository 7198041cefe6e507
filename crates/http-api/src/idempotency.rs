//! `Idempotency-Key`: a POST that is sent again has no second effect.
//!
//! The key is taken before the work begins ([`hikyaku_control::idempotency`]); the work then goes
//! on to its end even when the client goes away. An answer of 2xx is kept for a day and given
//! again; an answer of 4xx or 5xx gives the key back, because nothing was done. Answers with
//! secrets that are shown once are not kept: a repetition is told that it is done.

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{
        HeaderName, HeaderValue, Method, StatusCode,
        header::{CONTENT_LENGTH, CONTENT_TYPE},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use hikyaku_control::{
    Actor,
    idempotency::{self, Begun, Kept, RequestKey},
};
use hikyaku_db::{DbError, Lane};
use std::sync::Arc;
use tokio::time::timeout;
use tracing::warn;

use crate::{
    accounts_csv,
    caller::PrincipalName,
    extract::{BODY_TIMEOUT, too_large},
    frame::Frame,
    problem::Problem,
};

/// The client's name for a request.
pub(crate) const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer is one that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Bytes of a key at most: a UUID has 36.
const MAX_KEY: usize = 128;
/// Bytes of an answer that is kept at most; of a larger one only that it was given.
const MAX_ANSWER: usize = 64 << 10;

/// Wraps an answer with secrets that are shown once: it is never kept.
#[derive(Debug)]
pub(crate) struct OnceOnly<T>(pub(crate) T);

/// The mark of such an answer.
#[derive(Debug, Clone, Copy)]
struct NotKept;

impl<T: IntoResponse> IntoResponse for OnceOnly<T> {
    fn into_response(self) -> Response {
        let mut response = self.0.into_response();
        response.extensions_mut().insert(NotKept);
        response
    }
}

/// The layer around all routes.
pub(crate) async fn keep(State(frame): State<Frame>, request: Request, next: Next) -> Response {
    let key = request.headers().get(KEY).cloned();
    let actor = request.extensions().get::<Arc<Actor>>().cloned();
    match (request.method() == Method::POST, key, actor) {
        (true, Some(key), Some(actor)) => {
            let answered = once(&frame, &key, &actor, request, next).await;
            answered.unwrap_or_else(IntoResponse::into_response)
        }
        _ => next.run(request).await,
    }
}

async fn once(
    frame: &Frame,
    key: &HeaderValue,
    actor: &Actor,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let key = key
        .to_str()
        .ok()
        .filter(|key| (1..=MAX_KEY).contains(&key.len()));
    let key = key.ok_or_else(|| {
        Problem::bad_request(format!(
            "Idempotency-Key must have 1 to {MAX_KEY} characters of ASCII"
        ))
    })?;
    let (parts, body) = request.into_parts();
    let body = collect(body).await?;
    let path = parts.uri.to_string();
    let of = RequestKey {
        principal: PrincipalName(&actor.principal).to_string(),
        key: key.to_owned(),
        request: hash(&path, &body),
    };
    let begun = {
        let of = of.clone();
        let taking = frame
            .services
            .db
            .write(Lane::Background, move |tx| idempotency::begin(tx, &of));
        taking
            .await
            .map_err(|error: DbError| Problem::from(error))?
    };
    if begun != Begun::New {
        return repeated(begun);
    }
    let (frame, request) = (frame.clone(), Request::from_parts(parts, Body::from(body)));
    let work = async move {
        let response = next.run(request).await;
        settle(&frame, of, response).await
    };
    // A client that goes away does not stop it half way.
    let answered = tokio::spawn(work).await;
    answered.map_err(|error| Problem::internal(&error))
}

async fn collect(body: Body) -> Result<Bytes, Problem> {
    match timeout(BODY_TIMEOUT, to_bytes(body, accounts_csv::MAX_BYTES)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        _ => Err(too_large()),
    }
}

fn hash(path: &str, body: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(path.as_bytes()).update(&[0]).update(body);
    *hasher.finalize().as_bytes()
}

/// The answer to a request whose key is known.
fn repeated(begun: Begun) -> Result<Response, Problem> {
    let conflict = |code, detail: &str| Problem::new(StatusCode::CONFLICT, code, detail);
    Err(match begun {
        Begun::Done(kept) => return Ok(again(kept)),
        Begun::OtherRequest => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency_key_used",
            "this key was used for another request: use a new one",
        ),
        Begun::DoneOnce => conflict(
            "already_done",
            "this was done already; its answer held secrets and is not shown again",
        ),
        Begun::Lost => conflict(
            "outcome_unknown",
            "the server stopped while it did this: look whether it was done, then use a new key",
        ),
        Begun::Running | Begun::New => conflict(
            "in_progress",
            "the same request is being worked on: try again soon",
        )
        .after(1),
    })
}

fn again(kept: Kept) -> Response {
    let status = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK);
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (REPLAYED, HeaderValue::from_static("true")),
    ];
    (status, headers, kept.body).into_response()
}

/// Writes down how it ended, before the answer leaves.
async fn settle(frame: &Frame, of: RequestKey, response: Response) -> Response {
    let is_done = response.status().is_success();
    let (response, kept) = if is_done {
        kept(response).await
    } else {
        (response, None)
    };
    let settled = frame.services.db.write(Lane::Background, move |tx| {
        if is_done {
            idempotency::finish(tx, &of, kept.as_ref())
        } else {
            idempotency::give_back(tx, &of)
        }
    });
    if let Err(error) = settled.await {
        let error = &error as &dyn std::error::Error;
        warn!(
            error,
            "the outcome of a request with an idempotency key was not kept"
        );
    }
    response
}

/// What of an answer is kept: JSON of a moderate size without secrets. Long answers that come line
/// by line pass through as they are.
async fn kept(response: Response) -> (Response, Option<Kept>) {
    let is_json = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|v| v == "application/json");
    if !is_json || response.extensions().get::<NotKept>().is_some() {
        return (response, None);
    }
    let status = response.status().as_u16();
    let (mut parts, body) = response.into_parts();
    // It was made in memory.
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return (StatusCode::INTERNAL_SERVER_ERROR.into_response(), None);
    };
    let text = String::from_utf8(bytes.to_vec()).ok();
    let kept = text
        .filter(|text| text.len() <= MAX_ANSWER)
        .map(|body| Kept { status, body });
    parts.headers.remove(CONTENT_LENGTH);
    (Response::from_parts(parts, Body::from(bytes)), kept)
}

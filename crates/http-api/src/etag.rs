//! Optimistic concurrency: entity tags, and changes that name the one they were made for.
//!
//! A tag is a hash of a representation without what changes by itself (usage counters). A change
//! with `If-Match` is made only when the thing is still as the tag says: the handler locks and
//! reads it in the transaction of the change and calls [`IfMatch::check`] there. Without
//! `If-Match` the last change wins.

use axum::{
    Json,
    extract::FromRequestParts,
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, ETAG, IF_MATCH},
        request::Parts,
    },
    response::{IntoResponse, Response},
};
use hikyaku_control::ControlError;
use serde::Serialize;

use crate::problem::Problem;

/// Bytes of an `If-Match` header at most: room for some dozens of tags.
const MAX_HEADER: usize = 2048;

/// An entity tag with its quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Etag(String);

impl Etag {
    /// The tag of a representation.
    pub(crate) fn of(representation: &impl Serialize) -> Self {
        Self::of_bytes(&serde_json::to_vec(representation).unwrap_or_default())
    }

    /// The tag of a text as it is.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Self {
        let hash = blake3::hash(bytes).to_hex();
        Self(format!("\"{}\"", hash.get(..32).unwrap_or(&hash)))
    }

    /// The value of the header `ETag`.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.0).ok()
    }
}

/// A JSON answer with its tag. A client that has it already gets 304.
#[derive(Debug)]
pub(crate) struct Tagged<T> {
    body: T,
    tag: Etag,
}

impl<T: Serialize> Tagged<T> {
    /// The answer; `representation` is what of it may not change unnoticed.
    pub(crate) fn new(body: T, representation: &impl Serialize) -> Self {
        let tag = Etag::of(representation);
        Self { body, tag }
    }

    /// An answer of which nothing changes by itself.
    pub(crate) fn whole(body: T) -> Self {
        let tag = Etag::of(&body);
        Self { body, tag }
    }
}

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let mut response = Json(self.body).into_response();
        if let Some(tag) = self.tag.header() {
            response.headers_mut().insert(ETAG, tag);
            // It may be kept, and is asked for again each time.
            let kept = HeaderValue::from_static("private, no-cache");
            response.headers_mut().insert(CACHE_CONTROL, kept);
        }
        response
    }
}

/// What a change was made for.
#[derive(Debug, Clone, Default)]
pub(crate) struct IfMatch(Option<String>);

impl IfMatch {
    /// Whether the thing is still what the client saw. To be called within the transaction of the
    /// change, with the rows locked.
    pub(crate) fn check(&self, current: &impl Serialize) -> Result<(), ControlError> {
        match &self.0 {
            None => Ok(()),
            Some(wanted) if list_names(wanted, &Etag::of(current).0) => Ok(()),
            Some(_) => Err(ControlError::Stale),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all(IF_MATCH).into_iter();
        match (values.next(), values.next()) {
            (None, _) => Ok(Self(None)),
            (Some(value), None) if value.len() <= MAX_HEADER => match value.to_str() {
                Ok(text) => Ok(Self(Some(text.to_owned()))),
                Err(_) => Err(bad_header()),
            },
            _ => Err(bad_header()),
        }
    }
}

fn bad_header() -> Problem {
    let detail = "If-Match must hold the ETag of the last answer";
    Problem::new(StatusCode::BAD_REQUEST, "bad_request", detail)
}

/// Whether a list of tags (RFC 9110 §13.1) names this one. Ours are strong; a `W/` before one comes
/// from a proxy that compressed the answer.
pub(crate) fn list_names(list: &str, tag: &str) -> bool {
    list.trim() == "*"
        || list
            .split(',')
            .map(str::trim)
            .any(|one| one.strip_prefix("W/").unwrap_or(one) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_for_another_state_is_stale() {
        let (before, after) = (["a"], ["b"]);
        let seen = IfMatch(Some(Etag::of(&before).0));
        assert!(seen.check(&before).is_ok());
        assert!(matches!(seen.check(&after), Err(ControlError::Stale)));
        assert!(IfMatch(None).check(&after).is_ok());
        assert!(IfMatch(Some("*".into())).check(&after).is_ok());
        let several = format!("\"x\", W/{}", Etag::of(&after).0);
        assert!(IfMatch(Some(several)).check(&after).is_ok());
    }
}

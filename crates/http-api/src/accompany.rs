//! Around every request: its id, its line in the log, and what every answer has.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
            REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
        },
    },
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use hikyaku_types::{Id as _, RequestId};
use tracing::{Instrument as _, debug, info, info_span};

use crate::{
    caller::Audience,
    etag,
    frame::{Frame, is_safe},
    problem::Problem,
};

/// The header with the id of a request, in every answer.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Nothing that the API answers is a page: nothing in it may run, be framed, or send anything.
const POLICY: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'";

/// The outermost layer.
pub(crate) async fn accompany(
    State(frame): State<Frame>,
    mut request: Request,
    next: Next,
) -> Response {
    let begun = Instant::now();
    let id = new_id(frame.services.db.now().0);
    request.extensions_mut().insert(id);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or_else(String::new, |route| route.as_str().to_owned());
    let wanted = request.headers().get(IF_NONE_MATCH).cloned();

    let span = info_span!("request", id = %id);
    let response = next.run(request).instrument(span).await;

    let response = with_reader(response, frame.audience, id);
    let mut response = not_modified(response, &method, wanted.as_ref());
    complete(response.headers_mut(), id);
    let (status, ms) = (response.status().as_u16(), begun.elapsed().as_millis());
    if is_safe(&method) {
        debug!(request.id = %id, %method, route, status, ms, "a request of the API");
    } else {
        info!(request.id = %id, %method, route, status, ms, "a request of the API");
    }
    response
}

/// Writes a problem again for the one who reads it.
fn with_reader(mut response: Response, audience: Audience, id: RequestId) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    let mut told = problem.told_to(audience, Some(id)).into_response();
    for (name, value) in response.headers() {
        if !told.headers().contains_key(name) && name != "content-length" {
            told.headers_mut().append(name, value.clone());
        }
    }
    told
}

/// 304 for a client that has this representation (RFC 9110 §13.1.2).
fn not_modified(response: Response, method: &Method, wanted: Option<&HeaderValue>) -> Response {
    let reads = matches!(*method, Method::GET | Method::HEAD);
    if !reads || response.status() != StatusCode::OK {
        return response;
    }
    let wanted = wanted.and_then(|value| value.to_str().ok());
    let tag = response
        .headers()
        .get(ETAG)
        .and_then(|tag| tag.to_str().ok());
    match (wanted, tag) {
        (Some(wanted), Some(tag)) if etag::list_names(wanted, tag) => {
            let mut answer = StatusCode::NOT_MODIFIED.into_response();
            for name in [ETAG, CACHE_CONTROL] {
                if let Some(value) = response.headers().get(&name) {
                    answer.headers_mut().insert(name, value.clone());
                }
            }
            answer
        }
        _ => response,
    }
}

/// What every answer says.
fn complete(headers: &mut HeaderMap, id: RequestId) {
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(REQUEST_ID, value);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers
        .entry(CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(POLICY));
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    if headers
        .get(CONTENT_TYPE)
        .is_some_and(|v| v == "application/json")
    {
        headers.insert(
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("same-origin"),
        );
    }
}

/// 41 bits of milliseconds and 22 random ones: it sorts by time and is not met twice in practice.
fn new_id(now_ms: i64) -> RequestId {
    let random = i64::from(rand::random::<u32>() & 0x3F_FFFF);
    RequestId::from_i64(((now_ms & 0x1FF_FFFF_FFFF) << 22 | random).max(1))
}

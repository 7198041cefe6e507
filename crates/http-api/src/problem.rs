//! Error answers: problem documents with stable codes (RFC 9457).
//!
//! Invariants: the code is for programs and never changes; the detail is for people, in English;
//! the causes of our own errors are told to the operator at the machine and to nobody else.

mod causes;
mod contracts;

use std::borrow::Cow;

use axum::{
    Json,
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
};
use hikyaku_types::RequestId;
use serde::Serialize;
use tracing::error;
use utoipa::ToSchema;

use crate::caller::Audience;

/// The media type of a problem.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// An error answer. The code is stable, the detail is for people.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// Always `about:blank`: the code says what it is.
    pub(crate) r#type: &'static str,
    /// The status in words.
    pub(crate) title: &'static str,
    /// HTTP status.
    pub(crate) status: u16,
    /// Stable code for scripts and for translation.
    #[schema(value_type = String)]
    pub(crate) code: Cow<'static, str>,
    /// What is wrong and what to do, in English.
    pub(crate) detail: String,
    /// One entry per wrong row or field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub(crate) errors: Vec<Entry>,
    /// The request, by which the server's log can be searched.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(crate) request_id: Option<RequestId>,
    /// What went wrong within us, for the operator at the machine.
    #[serde(skip)]
    pub(crate) causes: Option<String>,
    /// Seconds after which the same request may succeed.
    #[serde(skip)]
    pub(crate) retry_after: Option<u64>,
}

/// One wrong row or field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ProblemEntry)]
pub(crate) struct Entry {
    /// The row of an imported file, from 1; the header is row 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) row: Option<u64>,
    /// The column or field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<&'static str>,
    /// Where in the request's JSON (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pointer: Option<String>,
    /// Which parameter behind the question mark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parameter: Option<String>,
    /// What is wrong.
    pub(crate) detail: String,
}

impl Problem {
    pub(crate) fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            code: code.into(),
            detail: detail.into(),
            errors: Vec::new(),
            request_id: None,
            causes: None,
            retry_after: None,
        }
    }

    /// The request cannot be understood or says something impossible.
    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", detail)
    }

    /// A field's value is not acceptable. A dot leads into an object: `access.pop`.
    pub(crate) fn bad_field(field: &'static str, detail: impl std::fmt::Display) -> Self {
        Self::bad_place(
            detail.to_string(),
            Entry {
                field: Some(field),
                pointer: Some(format!("/{}", field.replace('.', "/"))),
                ..Entry::default()
            },
        )
    }

    /// What stands at a place of the body is not acceptable.
    pub(crate) fn bad_pointer(pointer: String, detail: impl std::fmt::Display) -> Self {
        Self::bad_place(
            detail.to_string(),
            Entry {
                pointer: Some(pointer),
                ..Entry::default()
            },
        )
    }

    /// A parameter behind the question mark is not acceptable.
    pub(crate) fn bad_parameter(name: impl Into<String>, detail: impl std::fmt::Display) -> Self {
        Self::bad_place(
            detail.to_string(),
            Entry {
                parameter: Some(name.into()),
                ..Entry::default()
            },
        )
    }

    fn bad_place(detail: String, mut entry: Entry) -> Self {
        entry.detail.clone_from(&detail);
        let mut problem = Self::new(StatusCode::BAD_REQUEST, "bad_field", detail);
        problem.errors.push(entry);
        problem
    }

    /// There is no such message in the queue (any more).
    pub(crate) fn no_such_queued(id: impl std::fmt::Display) -> Self {
        let detail = format!("there is no message {id} in the queue (any more)");
        Self::new(StatusCode::NOT_FOUND, "no_such_queued", detail)
    }

    pub(crate) fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        error!(error, "a request failed");
        let mut problem = Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "an internal error",
        );
        problem.causes = Some(chain(error));
        problem
    }

    pub(crate) fn temporary(error: &(dyn std::error::Error + 'static)) -> Self {
        error!(error, "a request failed for now");
        let mut problem = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "not possible at present, try again",
        );
        problem.causes = Some(chain(error));
        problem
    }

    /// The same, with the time after which it may be tried again.
    #[must_use]
    pub(crate) fn after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The problem as its reader may see it.
    #[must_use]
    pub(crate) fn told_to(mut self, audience: Audience, request: Option<RequestId>) -> Self {
        self.request_id = request;
        if let Some(causes) = self.causes.take() {
            match audience {
                Audience::Console => self.detail = format!("{}: {causes}", self.detail),
                Audience::Network => self
                    .detail
                    .push_str("; the log has it under the request's id"),
            }
        }
        self
    }
}

/// An error with its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

impl IntoResponse for Problem {
    /// The layer around all answers writes it again for the one who asked; see
    /// [`crate::accompany`].
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

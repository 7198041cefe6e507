//! Error answers: problem documents with stable codes (RFC 9457).

use axum::{
    Json,
    extract::rejection::{JsonRejection, PathRejection, QueryRejection},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use hikyaku_db::DbError;
use hikyaku_directory::DirectoryError;
use hikyaku_mailstore::MailError;
use serde::Serialize;
use tracing::error;

/// An error answer. The code is stable, the detail is for people.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Problem {
    /// HTTP status.
    pub(crate) status: u16,
    /// Stable code for scripts.
    pub(crate) code: &'static str,
    /// What is wrong and what to do.
    pub(crate) detail: String,
    /// One entry per wrong row or field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<Entry>,
}

/// One wrong row or field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Entry {
    /// The row of an imported file, from 1; the header is row 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) row: Option<u64>,
    /// The column or field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<&'static str>,
    /// What is wrong.
    pub(crate) detail: String,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status: status.as_u16(),
            code,
            detail: detail.into(),
            errors: Vec::new(),
        }
    }

    /// The request cannot be understood or says something impossible.
    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", detail)
    }

    /// A field's value is not acceptable.
    pub(crate) fn bad_field(field: &'static str, detail: impl std::fmt::Display) -> Self {
        let mut problem = Self::new(StatusCode::BAD_REQUEST, "bad_field", detail.to_string());
        problem.errors.push(Entry {
            row: None,
            field: Some(field),
            detail: detail.to_string(),
        });
        problem
    }

    /// There is no such message in the queue (any more).
    pub(crate) fn no_such_queued(id: impl std::fmt::Display) -> Self {
        let detail = format!("there is no message {id} in the queue (any more)");
        Self::new(StatusCode::NOT_FOUND, "no_such_queued", detail)
    }

    fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        error!(error, "a request failed");
        let detail = format!("an internal error: {}", chain(error));
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    fn temporary(error: &(dyn std::error::Error + 'static)) -> Self {
        error!(error, "a request failed for now");
        let detail = format!("not possible at present, try again: {}", chain(error));
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
    }
}

/// An error with its causes, for the operator, who is the only reader of this API.
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
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        let kind = axum::http::HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(CONTENT_TYPE, kind);
        response
    }
}

impl From<DirectoryError> for Problem {
    fn from(error: DirectoryError) -> Self {
        use DirectoryError as E;
        let (status, code) = match &error {
            E::TenantNameTaken(_) => (StatusCode::CONFLICT, "tenant_exists"),
            E::DomainTaken(_) => (StatusCode::CONFLICT, "domain_exists"),
            E::NameTaken { .. } => (StatusCode::CONFLICT, "address_taken"),
            E::LoginTaken(_) => (StatusCode::CONFLICT, "login_taken"),
            E::NoSuchTenant(_) => (StatusCode::NOT_FOUND, "no_such_tenant"),
            E::NoSuchDomain(_) => (StatusCode::NOT_FOUND, "no_such_domain"),
            E::NoSuchAccount(_) => (StatusCode::NOT_FOUND, "no_such_account"),
            E::BeingErased => (StatusCode::CONFLICT, "account_being_erased"),
            E::NoSuchAlias(_) => (StatusCode::NOT_FOUND, "no_such_alias"),
            E::NoSuchLogin(_) => (StatusCode::NOT_FOUND, "no_such_login"),
            E::AliasTargetUnknown(_) => (StatusCode::BAD_REQUEST, "alias_target_unknown"),
            E::Db(db) => return Self::from(db),
            _ => (StatusCode::BAD_REQUEST, "invalid"),
        };
        Self::new(status, code, chain(&error))
    }
}

impl From<MailError> for Problem {
    fn from(error: MailError) -> Self {
        use MailError as E;
        let (status, code) = match &error {
            E::NoSuchAccount => (StatusCode::NOT_FOUND, "no_such_account"),
            E::NoSuchMailbox => (StatusCode::NOT_FOUND, "no_such_mailbox"),
            E::MailboxExists => (StatusCode::CONFLICT, "mailbox_exists"),
            E::OverQuota(_) => (StatusCode::CONFLICT, "over_quota"),
            E::Name(_) => (StatusCode::BAD_REQUEST, "bad_mailbox_name"),
            E::Db(db) => return Self::from(db),
            other if other.is_temporary() => return Self::temporary(other),
            other => return Self::internal(other),
        };
        Self::new(status, code, chain(&error))
    }
}

impl From<&DbError> for Problem {
    fn from(error: &DbError) -> Self {
        if error.is_temporary() {
            Self::temporary(error)
        } else {
            Self::internal(error)
        }
    }
}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        Self::from(&error)
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        Self::bad_request(rejection.body_text())
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::bad_request(rejection.body_text())
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Self::bad_request(rejection.body_text())
    }
}

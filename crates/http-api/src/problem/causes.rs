//! Which problem each error of the rooms below is.

use axum::{extract::rejection::PathRejection, http::StatusCode};
use hikyaku_control::ControlError;
use hikyaku_db::DbError;
use hikyaku_directory::DirectoryError;
use hikyaku_mailstore::MailError;

use super::{Problem, chain, contracts};

impl From<ControlError> for Problem {
    fn from(error: ControlError) -> Self {
        use ControlError as E;
        let (status, code) = match error {
            E::Directory(error) => return error.into(),
            E::Mail(error) => return error.into(),
            E::Db(error) => return error.into(),
            E::Invalid { field, detail } => return Self::bad_field(field, detail),
            E::Conflict { code, detail } => return Self::new(StatusCode::CONFLICT, code, detail),
            E::NotFound { kind } | E::NoSuch { kind, .. } => {
                let code = format!("no_such_{kind}");
                return Self::new(StatusCode::NOT_FOUND, code, error.to_string());
            }
            E::Throttled {
                code,
                detail,
                retry_after,
            } => {
                let seconds = retry_after.as_secs().max(1);
                return Self::new(StatusCode::TOO_MANY_REQUESTS, code, detail).after(seconds);
            }
            E::Forbidden(_) => (StatusCode::FORBIDDEN, "forbidden"),
            E::Stale => (StatusCode::PRECONDITION_FAILED, "stale"),
            E::NotContracted { .. } => (StatusCode::FORBIDDEN, "not_contracted"),
            other => return Self::internal(&other),
        };
        Self::new(status, code, chain(&error))
    }
}

impl From<DirectoryError> for Problem {
    fn from(error: DirectoryError) -> Self {
        use DirectoryError as E;
        if let Some(problem) = contracts::field(&error) {
            return problem;
        }
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
            E::NoSuchTemplate(_) => (StatusCode::NOT_FOUND, "no_such_template"),
            E::TemplateNameTaken(_) => (StatusCode::CONFLICT, "template_exists"),
            E::TemplateBuiltIn => (StatusCode::CONFLICT, "template_built_in"),
            E::FieldInvalid { field, .. } => return Self::bad_field(field, &error),
            E::AliasTargetUnknown(_) => (StatusCode::BAD_REQUEST, "alias_target_unknown"),
            E::Db(db) => return Self::from(db),
            other => contracts::code(other).unwrap_or((StatusCode::BAD_REQUEST, "invalid")),
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
        match error {
            // A text that no engine can hold came from outside.
            DbError::NulInText => Self::bad_request("a text must not hold the character U+0000"),
            error if error.is_temporary() => Self::temporary(error),
            error => Self::internal(error),
        }
    }
}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        Self::from(&error)
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Self::bad_request(rejection.body_text())
    }
}

//! PostgreSQL's errors as the store's, and what they mean for the connection.

use std::error::Error as _;

use postgres::error::SqlState;

use crate::error::DbError;

/// What an error means for the transaction and its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    /// Nothing failed, or only the statement did.
    Sound,
    /// Deadlock or serialization failure: the same again may succeed.
    Retry,
    /// The schema changed under prepared statements: again, with new ones.
    StalePlans,
    /// The connection is of no use any more.
    Lost,
}

/// What an error means.
pub(super) fn condition(error: &postgres::Error) -> Condition {
    let Some(database) = error.as_db_error() else {
        // Without an answer of the server it is the connection, or a parameter that was not sent.
        return if is_local(error) {
            Condition::Sound
        } else {
            Condition::Lost
        };
    };
    let code = database.code();
    if *code == SqlState::T_R_DEADLOCK_DETECTED || *code == SqlState::T_R_SERIALIZATION_FAILURE {
        Condition::Retry
    } else if *code == SqlState::INVALID_SQL_STATEMENT_NAME
        || (*code == SqlState::FEATURE_NOT_SUPPORTED && database.message().contains("cached plan"))
    {
        Condition::StalePlans
    } else if is_connection_code(code.code()) {
        Condition::Lost
    } else {
        Condition::Sound
    }
}

/// The store's error for a driver error.
pub(super) fn db_error(error: &postgres::Error) -> DbError {
    let Some(database) = error.as_db_error() else {
        let reason = with_sources(error);
        return if is_local(error) {
            DbError::Sql {
                code: "parameter".to_owned(),
                message: reason,
            }
        } else {
            DbError::Unavailable { reason }
        };
    };
    let code = database.code();
    let named = || {
        database
            .constraint()
            .unwrap_or_else(|| database.message())
            .to_owned()
    };
    let message = database.message().to_owned();
    match code.code() {
        "23505" => DbError::Unique {
            constraint: named(),
        },
        class if class.starts_with("23") => DbError::Constraint {
            constraint: named(),
        },
        "53100" => DbError::DiskFull,
        "XX001" | "XX002" => DbError::Corrupt { reason: message },
        "58030" => DbError::Io { reason: message },
        // 55P03: a lock was not given in time. 25006: the server became a standby.
        "40P01" | "40001" | "55P03" | "25006" => DbError::Unavailable { reason: message },
        class if class.starts_with("53") || is_connection_code(class) => {
            DbError::Unavailable { reason: message }
        }
        other => DbError::Sql {
            code: other.to_owned(),
            message,
        },
    }
}

/// Connection exceptions, and the server going down, starting, or ending our session.
fn is_connection_code(code: &str) -> bool {
    code.starts_with("08")
        || matches!(
            code,
            "57P01" | "57P02" | "57P03" | "57P04" | "57P05" | "25P03"
        )
}

/// Whether the error arose here, before anything was sent: a value that fits no parameter.
fn is_local(error: &postgres::Error) -> bool {
    error
        .source()
        .is_some_and(<dyn std::error::Error>::is::<super::types::Unsuitable>)
}

/// The error with what caused it.
pub(super) fn with_sources(error: &postgres::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let next = cause.to_string();
        if !text.contains(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        source = cause.source();
    }
    text
}

//! SQLite's result codes as the store's errors.

use rusqlite::ffi;

use crate::error::DbError;

/// The store's error for a driver error.
pub(super) fn db_error(error: &rusqlite::Error) -> DbError {
    match error {
        rusqlite::Error::SqliteFailure(failure, message) => {
            classify(failure.extended_code, message.clone())
        }
        rusqlite::Error::SqlInputError { error, msg, .. } => {
            classify(error.extended_code, Some(msg.clone()))
        }
        other => DbError::Sql {
            code: "driver".to_owned(),
            message: other.to_string(),
        },
    }
}

fn classify(extended: i32, message: Option<String>) -> DbError {
    let message = message.unwrap_or_else(|| ffi::code_to_str(extended).to_owned());
    match (extended & 0xff, extended) {
        (
            _,
            ffi::SQLITE_CONSTRAINT_UNIQUE
            | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            | ffi::SQLITE_CONSTRAINT_ROWID,
        ) => DbError::Unique {
            constraint: constraint(message),
        },
        (ffi::SQLITE_CONSTRAINT, _) => DbError::Constraint {
            constraint: constraint(message),
        },
        (ffi::SQLITE_FULL, _) => DbError::DiskFull,
        (ffi::SQLITE_IOERR, _) => DbError::Io { reason: message },
        (
            ffi::SQLITE_BUSY
            | ffi::SQLITE_LOCKED
            | ffi::SQLITE_NOMEM
            | ffi::SQLITE_INTERRUPT
            | ffi::SQLITE_CANTOPEN
            | ffi::SQLITE_PROTOCOL,
            _,
        ) => DbError::Unavailable { reason: message },
        (ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB, _) => DbError::Corrupt { reason: message },
        _ => DbError::Sql {
            code: extended.to_string(),
            message,
        },
    }
}

/// "UNIQUE constraint failed: address.canonical" → "address.canonical".
fn constraint(message: String) -> String {
    match message.split_once("constraint failed: ") {
        Some((_, names)) => names.to_owned(),
        None => message,
    }
}

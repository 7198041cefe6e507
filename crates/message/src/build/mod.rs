//! Writing messages: what leaves this module is always valid (design §1: write strictly).
//!
//! A [`HeaderBlock`] cannot hold a line break that its caller smuggled in: every value is checked
//! before it is written. Lines are folded at 78 bytes where possible and never pass 998
//! (RFC 5322 §2.1.1). Nothing here draws random numbers: callers bring what must be unique.

mod date;
pub mod edit;
mod entity;
mod header_block;
mod parameter;
mod transfer;

pub use date::format_date;
pub use entity::{Entity, message};
pub use header_block::HeaderBlock;

use hikyaku_types::Domain;

/// Why something cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A field name that is empty or has other characters than RFC 5322 §2.2 allows.
    #[error("invalid header field name {0:?}")]
    FieldName(String),
    /// A value with a line break or another control character: an attempt to smuggle in a header.
    #[error("control character in the value of {0}")]
    ControlCharacter(String),
    /// A structured value with characters outside ASCII.
    #[error("value of {0} is not ASCII")]
    NotAscii(String),
    /// A value with a run of more than 998 bytes at which no line can be folded.
    #[error("value of {0} is too long for a line")]
    TooLong(String),
    /// A media type, disposition or message id that is none.
    #[error("invalid value for {0}")]
    Invalid(String),
}

/// A message id of `unique`, which the caller makes unique, and the host that it is unique at;
/// without angle brackets.
pub fn message_id(unique: &str, host: &Domain) -> Result<String, BuildError> {
    let is_atext = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.+=/".contains(&byte);
    let valid = !unique.is_empty()
        && unique.len() <= 128
        && unique
            .split('.')
            .all(|atom| !atom.is_empty() && atom.bytes().all(is_atext));
    if valid {
        Ok(format!("{unique}@{}", host.as_str()))
    } else {
        Err(BuildError::Invalid("Message-ID".into()))
    }
}

#[cfg(test)]
mod tests;

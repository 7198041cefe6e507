//! Reading the bytes of one command.

mod cursor;
mod error;

use crate::{DateTimeError, Tag, date};
pub(crate) use cursor::{Cursor, is_atom_char};
pub use error::{ParseError, ParseErrorKind};
use hikyaku_types::OffsetTimestamp;

/// Result of a parser.
pub(crate) type Parsed<T> = Result<T, ParseError>;

/// The tag at the start of a command, if it is a valid one: what a refusal is answered with.
pub(crate) fn tag_of(bytes: &[u8]) -> Option<Tag> {
    let end = bytes.iter().position(|byte| *byte == b' ')?;
    Tag::new(bytes.get(..end)?)
}

/// Reads an INTERNALDATE as written in APPEND and FETCH, without the quotes
/// (RFC 3501 `date-time`).
pub fn parse_date_time(text: &[u8]) -> Result<OffsetTimestamp, DateTimeError> {
    date::date_time(text)
}

/// Whether a line (without its line end) ends an IDLE (RFC 2177 §3).
pub fn is_done(line: &[u8]) -> bool {
    line.trim_ascii_end().eq_ignore_ascii_case(b"DONE")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn done_is_read_in_any_case() {
        assert!(is_done(b"done"));
        assert!(is_done(b"DONE "));
        assert!(!is_done(b"DONE IT"));
        assert!(!is_done(b""));
    }
}

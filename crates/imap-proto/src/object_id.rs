//! Object identifiers (RFC 8474): the ids of the store, each with a letter before its digits, so
//! that no client takes one for a number.

use hikyaku_types::{Id, MailboxId, MessageId, ThreadId};

use crate::parse::{Cursor, Parsed};

/// The longest object identifier (RFC 8474 §7).
const LONGEST: usize = 255;

/// An object identifier as a client names it: of the right form, whether such an object exists or
/// not.
///
/// ```abnf
/// objectid = 1*255(ALPHA / DIGIT / "_" / "-")
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectId(String);

impl ObjectId {
    pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        let start = cursor.clone();
        let is_wanted = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let found = cursor.take_some(is_wanted, "an object identifier")?;
        if found.len() > LONGEST {
            return start.too_much("an object identifier");
        }
        Ok(Self(String::from_utf8_lossy(found).into_owned()))
    }

    /// The identifier.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The message it names, if it is the EMAILID of any.
    pub fn message(&self) -> Option<MessageId> {
        named(&self.0, EMAIL)
    }

    /// The conversation it names, if it is the THREADID of any.
    pub fn thread(&self) -> Option<ThreadId> {
        named(&self.0, THREAD)
    }
}

const MAILBOX: char = 'F';
const EMAIL: char = 'M';
const THREAD: char = 'T';

/// The id of an identifier, if it is written just as we write it.
fn named<T: Id + std::str::FromStr>(text: &str, letter: char) -> Option<T> {
    let digits = text.strip_prefix(letter)?;
    let id = digits.parse::<T>().ok()?;
    (id.to_string() == digits).then_some(id)
}

/// Writes `MAILBOXID (F123)`.
pub(crate) fn write_mailbox_id(id: MailboxId, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("MAILBOXID ({MAILBOX}{id})").as_bytes());
}

/// Writes `EMAILID (M123)`.
pub(crate) fn write_email_id(id: MessageId, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("EMAILID ({EMAIL}{id})").as_bytes());
}

/// Writes `THREADID (T123)`, or `THREADID NIL` where there is none.
pub(crate) fn write_thread_id(id: Option<ThreadId>, out: &mut Vec<u8>) {
    let text = match id {
        Some(id) => format!("THREADID ({THREAD}{id})"),
        None => "THREADID NIL".to_owned(),
    };
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_read_as_they_are_written() {
        let id = MessageId::from_i64(1_234_567_890_123_456_789);
        let mut out = Vec::new();
        write_email_id(id, &mut out);
        assert_eq!(out, b"EMAILID (M1234567890123456789)");
        let read = |text: &str| ObjectId(text.to_owned());
        assert_eq!(read("M1234567890123456789").message(), Some(id));
        for other in ["T1234567890123456789", "M01", "M+1", "M", "M0", "m1", "-"] {
            assert_eq!(read(other).message(), None, "{other}");
        }
        assert_eq!(read("T7").thread(), Some(ThreadId::from_i64(7)));
    }
}

//! APPEND.

use hikyaku_types::OffsetTimestamp;

use super::Tag;
use crate::{
    Flag, Limits, MailboxName, date,
    parse::{Cursor, Parsed},
};

/// What stands before the message of an APPEND.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppendHead {
    /// Where the message goes.
    pub mailbox: MailboxName,
    /// The flags it gets.
    pub flags: Vec<Flag>,
    /// Its INTERNALDATE; now when not given.
    pub date: Option<OffsetTimestamp>,
}

/// APPEND (RFC 3501 §6.3.11).
///
/// ```abnf
/// append = "APPEND" SP mailbox [SP flag-list] [SP date-time] SP literal
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// Mailbox, flags and date.
    pub head: AppendHead,
    /// The size of the message in bytes.
    pub size: u64,
    /// The message, unless the reader handed it through.
    pub message: Option<Vec<u8>>,
}

impl AppendHead {
    /// Reads a command up to the announcement of its message, which must be the last thing in
    /// `bytes`.
    pub(crate) fn parse(bytes: &[u8], limits: &Limits) -> Parsed<(Tag, Self)> {
        let mut cursor = Cursor::over(bytes, limits);
        let tag = Tag::parse(&mut cursor)?;
        let head = Self::parse_to_the_end(&mut cursor).map_err(|error| error.with_tag(&tag))?;
        Ok((tag, head))
    }

    fn parse_to_the_end(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        cursor.space()?;
        cursor.atom("a command")?;
        let head = Self::parse_arguments(cursor)?;
        cursor.literal_marker("the message as a literal")?;
        cursor.end()?;
        Ok(head)
    }

    fn parse_arguments(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        cursor.space()?;
        let mailbox = MailboxName::parse(cursor)?;
        cursor.space()?;
        let mut flags = Vec::new();
        if cursor.peek() == Some(b'(') {
            flags = Flag::parse_list(cursor)?;
            cursor.space()?;
        }
        let mut date = None;
        if cursor.peek() == Some(b'"') {
            date = Some(date_time(cursor)?);
            cursor.space()?;
        }
        Ok(Self {
            mailbox,
            flags,
            date,
        })
    }
}

impl Append {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        let head = AppendHead::parse_arguments(cursor)?;
        let literal = cursor.literal_marker("the message as a literal")?;
        let message = cursor.message(literal)?;
        Ok(Self {
            head,
            size: literal.size,
            message: message.map(<[u8]>::to_vec),
        })
    }
}

fn date_time(cursor: &mut Cursor<'_>) -> Parsed<OffsetTimestamp> {
    let start = cursor.clone();
    let text = cursor.string("a date-time")?;
    date::date_time(&text)
        .or_else(|_| start.expected("a date-time like \"17-Jul-1996 02:44:25 -0700\""))
}

/// Whether the command begun in `bytes` is an APPEND.
pub(crate) fn is_append(bytes: &[u8]) -> bool {
    let after_tag = bytes
        .iter()
        .position(|byte| *byte == b' ')
        .and_then(|at| bytes.get(at + 1..));
    let name = after_tag.and_then(|rest| rest.get(..7));
    name.is_some_and(|name| name.eq_ignore_ascii_case(b"APPEND "))
}

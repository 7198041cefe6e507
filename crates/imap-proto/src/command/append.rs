//! APPEND.

use hikyaku_types::OffsetTimestamp;

use super::Tag;
use crate::{
    Flag, Limits, MailboxName, date,
    parse::{Cursor, Parsed},
    reader::Literal,
};

/// What stands before a message of an APPEND.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppendHead {
    /// Where the message goes: all messages of a command into one mailbox.
    pub mailbox: MailboxName,
    /// The flags it gets.
    pub flags: Vec<Flag>,
    /// Its INTERNALDATE; now when not given.
    pub date: Option<OffsetTimestamp>,
}

/// One message of an APPEND.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppendMessage {
    /// The flags it gets.
    pub flags: Vec<Flag>,
    /// Its INTERNALDATE; now when not given.
    pub date: Option<OffsetTimestamp>,
    /// Its size in bytes.
    pub size: u64,
    /// The message, unless the reader handed it through.
    pub content: Option<Vec<u8>>,
}

/// APPEND (RFC 3501 §6.3.11) of one or several messages (RFC 3502).
///
/// ```abnf
/// append         = "APPEND" SP mailbox 1*append-message
/// append-message = [SP flag-list] [SP date-time] SP append-data
/// append-data    = literal / literal8 / "UTF8" SP "(" literal8 ")"
/// literal8       = "~{" number ["+"] "}" CRLF *OCTET
/// ```
/// The last form is that of RFC 6855 §4; RFC 9755 did away with it, clients still send it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// Where the messages go.
    pub mailbox: MailboxName,
    /// The messages; one at least.
    pub messages: Vec<AppendMessage>,
}

/// What stands before a message, but for the mailbox.
struct Options {
    flags: Vec<Flag>,
    date: Option<OffsetTimestamp>,
}

/// Whether the message stands in `UTF8 (…)`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrapped {
    Yes,
    No,
}

impl AppendHead {
    /// Reads a command up to the announcement of its first message, which must be the last thing
    /// in `bytes`.
    pub(crate) fn parse(bytes: &[u8], limits: &Limits) -> Parsed<(Tag, Self)> {
        let mut cursor = Cursor::over(bytes, limits);
        let tag = Tag::parse(&mut cursor)?;
        let head = Self::first(&mut cursor).map_err(|error| error.with_tag(&tag))?;
        Ok((tag, head))
    }

    fn first(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        cursor.space()?;
        cursor.atom("a command")?;
        cursor.space()?;
        let mailbox = MailboxName::parse(cursor)?;
        Self::announced(cursor, mailbox)
    }

    /// Reads what stands between a message and the announcement of the next one, which must be the
    /// last thing in `line`.
    pub(crate) fn parse_next(line: &[u8], mailbox: &MailboxName, limits: &Limits) -> Parsed<Self> {
        let mut cursor = Cursor::over(line, limits);
        // The message before was wrapped; [`Append::parse`] looks whether it really was.
        cursor.take(b')');
        Self::announced(&mut cursor, mailbox.clone())
    }

    fn announced(cursor: &mut Cursor<'_>, mailbox: MailboxName) -> Parsed<Self> {
        let Options { flags, date } = Options::parse(cursor)?;
        marker(cursor)?;
        cursor.end()?;
        Ok(Self {
            mailbox,
            flags,
            date,
        })
    }
}

impl Append {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        cursor.space()?;
        let mailbox = MailboxName::parse(cursor)?;
        let mut messages = vec![AppendMessage::parse(cursor)?];
        while !cursor.is_at_end() {
            if messages.len() == cursor.limits().append_messages {
                return cursor.too_much("messages of an APPEND");
            }
            // After a message either another one follows or nothing.
            if cursor.peek() != Some(b' ') {
                return cursor.expected("the end of the command");
            }
            messages.push(AppendMessage::parse(cursor)?);
        }
        Ok(Self { mailbox, messages })
    }
}

impl AppendMessage {
    fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        let Options { flags, date } = Options::parse(cursor)?;
        let (literal, wrapped) = marker(cursor)?;
        let content = cursor.message(literal)?.map(<[u8]>::to_vec);
        if wrapped == Wrapped::Yes {
            cursor.expect(b')', "the parenthesis after a UTF-8 message")?;
        }
        Ok(Self {
            flags,
            date,
            size: literal.size,
            content,
        })
    }
}

impl Options {
    fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
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
        Ok(Self { flags, date })
    }
}

/// The announcement of a message, in any of its forms.
fn marker(cursor: &mut Cursor<'_>) -> Parsed<(Literal, Wrapped)> {
    let what = "the message as a literal";
    if cursor.take_word("UTF8 (~") {
        return Ok((cursor.literal_marker(what)?, Wrapped::Yes));
    }
    cursor.take(b'~');
    Ok((cursor.literal_marker(what)?, Wrapped::No))
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

//! STATUS.

use crate::{
    MailboxName,
    parse::{Cursor, Parsed},
};

/// What a STATUS can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatusItem {
    /// The largest message that can be appended (RFC 7889 §3.2).
    AppendLimit,
    /// The number of messages with `\Deleted` (RFC 9208 §4.1.4).
    Deleted,
    /// The sizes of those together, in bytes (RFC 9208 §4.1.4).
    DeletedStorage,
    /// The highest modification sequence in it (RFC 7162 §3.1.7).
    HighestModSeq,
    /// The mailbox's object identifier (RFC 8474 §4.3).
    MailboxId,
    /// The number of messages.
    Messages,
    /// The number of messages that are recent.
    Recent,
    /// The sizes of all messages together, in bytes (RFC 8438 §3).
    Size,
    /// The UID that the next message gets.
    UidNext,
    /// The mailbox's UIDVALIDITY.
    UidValidity,
    /// The number of messages without `\Seen`.
    Unseen,
}

impl StatusItem {
    const NAMES: [(&'static str, Self); 11] = [
        ("APPENDLIMIT", Self::AppendLimit),
        ("DELETED", Self::Deleted),
        ("DELETED-STORAGE", Self::DeletedStorage),
        ("HIGHESTMODSEQ", Self::HighestModSeq),
        ("MAILBOXID", Self::MailboxId),
        ("MESSAGES", Self::Messages),
        ("RECENT", Self::Recent),
        ("SIZE", Self::Size),
        ("UIDNEXT", Self::UidNext),
        ("UIDVALIDITY", Self::UidValidity),
        ("UNSEEN", Self::Unseen),
    ];

    /// The item as written.
    pub fn as_str(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(_, item)| *item == self)
            .map_or("", |(name, _)| name)
    }

    /// Items in parentheses, one at least.
    pub(super) fn parse_list(cursor: &mut Cursor<'_>) -> Parsed<Vec<Self>> {
        let limit = cursor.limits().list_items;
        let items = cursor.list((limit, "STATUS items"), Self::parse)?;
        if items.is_empty() {
            return cursor.expected("at least one STATUS item before this");
        }
        Ok(items)
    }

    fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        let start = cursor.clone();
        let name = cursor.atom("a STATUS item")?;
        let found = Self::NAMES
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or_else(
            || start.expected("a STATUS item that is known"),
            |(_, item)| Ok(*item),
        )
    }
}

/// STATUS (RFC 3501 §6.3.10), with the items of later RFCs.
///
/// ```abnf
/// status = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")"
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Which mailbox.
    pub mailbox: MailboxName,
    /// What of it; one item at least.
    pub items: Vec<StatusItem>,
}

impl Status {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        let mailbox = super::mailbox(cursor)?;
        cursor.space()?;
        let items = StatusItem::parse_list(cursor)?;
        Ok(Self { mailbox, items })
    }
}

//! SELECT and EXAMINE.

use crate::{
    MailboxName,
    parse::{Cursor, Parsed},
};

/// Whether a command makes the session one that is told modification sequences (RFC 7162 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CondStore {
    /// It asks for them: `(CONDSTORE)`.
    Wanted,
    /// It does not.
    NotNamed,
}

/// SELECT and EXAMINE (RFC 3501 §6.3.1, RFC 7162 §3.1.8).
///
/// ```abnf
/// select = "SELECT" SP mailbox [SP "(" "CONDSTORE" ")"]
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Select {
    /// Which mailbox.
    pub mailbox: MailboxName,
    /// Whether `CONDSTORE` was named.
    pub condstore: CondStore,
}

impl Select {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        let mailbox = super::mailbox(cursor)?;
        let mut condstore = CondStore::NotNamed;
        if !cursor.is_at_end() {
            cursor.space()?;
            if cursor.peek() != Some(b'(') {
                return cursor.expected("the end of the command");
            }
            let limit = cursor.limits().list_items;
            let named = cursor.list((limit, "SELECT parameters"), |cursor| {
                if cursor.take_word("CONDSTORE") {
                    return Ok(());
                }
                cursor.expected("CONDSTORE")
            })?;
            if named.is_empty() {
                return cursor.expected("CONDSTORE before this");
            }
            condstore = CondStore::Wanted;
        }
        Ok(Self { mailbox, condstore })
    }
}

//! RENAME.

use crate::{
    MailboxName,
    parse::{Cursor, Parsed},
};

/// RENAME (RFC 3501 §6.3.5).
///
/// ```abnf
/// rename = "RENAME" SP mailbox SP mailbox
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rename {
    /// The name it has.
    pub from: MailboxName,
    /// The name it gets.
    pub to: MailboxName,
}

impl Rename {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        let from = super::mailbox(cursor)?;
        let to = super::mailbox(cursor)?;
        Ok(Self { from, to })
    }
}

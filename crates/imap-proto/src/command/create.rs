//! CREATE.

use crate::{
    MailboxName, SpecialUse,
    parse::{Cursor, Parsed},
};

/// CREATE (RFC 3501 §6.3.3), with special uses (RFC 6154 §3).
///
/// ```abnf
/// create       = "CREATE" SP mailbox [SP "(" create-param *(SP create-param) ")"]
/// create-param = "USE" SP "(" [use-attr *(SP use-attr)] ")"
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Create {
    /// The new mailbox.
    pub mailbox: MailboxName,
    /// What it is to be used for.
    pub special_uses: Vec<SpecialUse>,
}

impl Create {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        let mailbox = super::mailbox(cursor)?;
        let mut special_uses = Vec::new();
        if cursor.take(b' ') && cursor.peek() == Some(b'(') {
            cursor.expect(b'(', "parameters of CREATE")?;
            if !cursor.take_word("USE ") {
                return cursor.expected("USE, the one parameter of CREATE");
            }
            special_uses =
                cursor.list((SpecialUse::EVERY.len(), "special uses"), SpecialUse::parse)?;
            cursor.expect(b')', "the end of the parameters of CREATE")?;
        }
        Ok(Self {
            mailbox,
            special_uses,
        })
    }
}

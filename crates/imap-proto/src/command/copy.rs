//! COPY.

use super::Numbering;
use crate::{
    MailboxName, SequenceSet,
    parse::{Cursor, Parsed},
};

/// COPY (RFC 3501 §6.4.7).
///
/// ```abnf
/// copy = "COPY" SP sequence-set SP mailbox
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// How `set` counts.
    pub numbering: Numbering,
    /// Which messages.
    pub set: SequenceSet,
    /// Where to.
    pub mailbox: MailboxName,
}

impl Copy {
    pub(super) fn parse(cursor: &mut Cursor<'_>, numbering: Numbering) -> Parsed<Self> {
        cursor.space()?;
        let set = SequenceSet::parse(cursor)?;
        cursor.space()?;
        let mailbox = MailboxName::parse(cursor)?;
        Ok(Self {
            numbering,
            set,
            mailbox,
        })
    }
}

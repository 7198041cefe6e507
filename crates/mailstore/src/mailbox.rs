//! A mailbox as the rest of the house sees it.

use hikyaku_types::{ByteSize, MailboxId, ModSeq, Uid, UidValidity};

use crate::{flags::Keyword, name::MailboxPath, special_use::SpecialUse};

/// A mailbox with its counters: all that STATUS and LIST need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The id, which survives renaming. A mailbox created again has another.
    pub id: MailboxId,
    /// The whole name.
    pub path: MailboxPath,
    /// What it is for.
    pub role: Option<SpecialUse>,
    /// The generation of its UIDs.
    pub uid_validity: UidValidity,
    /// The UID that the next message will have at least.
    pub uid_next: Uid,
    /// The modseq of its last change (HIGHESTMODSEQ).
    pub modseq: ModSeq,
    /// Messages in it.
    pub total: u32,
    /// Messages without the Seen flag.
    pub unseen: u32,
    /// Messages with the Deleted flag.
    pub deleted: u32,
    /// Sizes of its messages together.
    pub size: ByteSize,
    /// Whether there are mailboxes below it.
    pub has_children: bool,
}

/// Whether reading a mailbox's list of UIDs also takes its recent messages, so that no other
/// session gets them as recent (RFC 3501 §2.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recent {
    /// SELECT does.
    Take,
    /// EXAMINE and STATUS do not.
    Leave,
}

/// What a session needs to number the messages of a mailbox, all from one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The UIDs of all messages, ascending.
    pub uids: Vec<Uid>,
    /// The generation of the UIDs.
    pub uid_validity: UidValidity,
    /// The UID that the next message will have at least.
    pub uid_next: Uid,
    /// The modseq of the last change: pass it to [`Mailstore::changes`](crate::Mailstore::changes).
    pub modseq: ModSeq,
    /// Messages from this UID on are recent for the session that took them.
    pub first_recent: Uid,
    /// The first message without the Seen flag.
    pub first_unseen: Option<Uid>,
    /// Messages without the Seen flag.
    pub unseen: u32,
    /// The keywords in use, sorted.
    pub keywords: Vec<Keyword>,
}

//! A message in a mailbox as the rest of the house sees it.

use hikyaku_message::{Envelope, Structure};
use hikyaku_types::{MessageId, ModSeq, OffsetTimestamp, ThreadId, Timestamp, Uid};

use crate::flags::Flags;

/// Which facts of a message to read beyond those that every [`MessageRow`] has. Those cost a look
/// at the message's own, wider row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fields(u8);

impl Fields {
    /// Only what the placement itself holds: flags, dates, size.
    pub const PLACEMENT: Self = Self(0);
    /// The thread.
    pub const THREAD: Self = Self(1);
    /// The envelope.
    pub const ENVELOPE: Self = Self(2);
    /// The part structure.
    pub const STRUCTURE: Self = Self(4);
    /// The preview text.
    pub const PREVIEW: Self = Self(8);

    /// These fields and those.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` are asked for.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// One message in one mailbox.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageRow {
    /// Its UID in this mailbox.
    pub uid: Uid,
    /// The message, which other mailboxes may hold too.
    pub message: MessageId,
    /// Flags of this placement.
    pub flags: Flags,
    /// The modseq of this placement's last change.
    pub modseq: ModSeq,
    /// INTERNALDATE.
    pub internal_date: OffsetTimestamp,
    /// When it came into this mailbox (RFC 8514 SAVEDATE).
    pub save_date: Timestamp,
    /// RFC822.SIZE.
    pub size: u64,
    /// The conversation, if asked for.
    pub thread: Option<ThreadId>,
    /// The envelope, if asked for.
    pub envelope: Option<Envelope>,
    /// The part structure, if asked for. Its ranges are of the message as
    /// [`Mailstore::content`](crate::Mailstore::content) gives it.
    pub structure: Option<Structure>,
    /// The preview, if asked for.
    pub preview: Option<String>,
}

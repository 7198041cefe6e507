//! What can go wrong with mail, named by cause.

use hikyaku_blob::BlobError;
use hikyaku_db::DbError;

use crate::{flags::TooManyKeywords, name::NameError};

/// Which part of a quota is exhausted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QuotaKind {
    /// The number of bytes.
    Bytes,
    /// The number of messages.
    Messages,
}

/// What went wrong with an operation on mail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MailError {
    /// The account has no mail (never created, or erased), or belongs to another tenant.
    #[error("no such mail account")]
    NoSuchAccount,
    /// There is no such mailbox in this account (any more).
    #[error("no such mailbox")]
    NoSuchMailbox,
    /// There is no such message in this account (any more).
    #[error("no such message")]
    NoSuchMessage,
    /// A mailbox of this name exists.
    #[error("a mailbox of this name exists")]
    MailboxExists,
    /// The mailbox has mailboxes below it and cannot be deleted before them.
    #[error("the mailbox has mailboxes below it")]
    HasChildren,
    /// INBOX can be neither created nor deleted (RFC 9051 §6.3.4, §6.3.5).
    #[error("INBOX cannot be created or deleted")]
    Inbox,
    /// A mailbox cannot move below itself.
    #[error("a mailbox cannot be moved below itself")]
    BelowItself,
    /// Another mailbox has this special use.
    #[error("another mailbox has this special use")]
    SpecialUseTaken,
    /// The mailbox name is not acceptable.
    #[error("bad mailbox name")]
    Name(#[from] NameError),
    /// The account has as many mailboxes as it may have.
    #[error("an account has at most {limit} mailboxes")]
    TooManyMailboxes {
        /// The limit.
        limit: u32,
    },
    /// The account has as many subscriptions as it may have.
    #[error("an account has at most {limit} subscriptions")]
    TooManySubscriptions {
        /// The limit.
        limit: u32,
    },
    /// A message would get more keywords than it may have.
    #[error(transparent)]
    TooManyKeywords(#[from] TooManyKeywords),
    /// An operation that is atomic as a whole names too many messages.
    #[error("at most {limit} messages at once")]
    TooManyMessages {
        /// The limit.
        limit: usize,
    },
    /// The message, or all messages of one APPEND together, are larger than may be stored.
    #[error("a message or an append has at most {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// A query is nested too deeply.
    #[error("a query is nested at most {limit} deep")]
    QueryTooDeep {
        /// The limit.
        limit: usize,
    },
    /// The mailbox has given out its last UID.
    #[error("the mailbox has no UIDs left")]
    UidsExhausted,
    /// The account's quota does not allow it.
    #[error("over quota ({0:?})")]
    OverQuota(QuotaKind),
    /// A message's content cannot be read.
    #[error("the content cannot be read")]
    Content(#[from] BlobError),
    /// A stored row does not make sense; the consistency checker tells more.
    #[error("a stored row is damaged: {what}")]
    Damaged {
        /// Which one.
        what: &'static str,
    },
    /// The disk is nearly full: new mail waits, reading and deleting go on.
    #[error("not enough storage at present")]
    StorageLow,
    /// A background thread of this process failed.
    #[error("a background thread failed")]
    Interrupted,
    /// The database failed.
    #[error("the database failed")]
    Db(#[from] DbError),
}

impl MailError {
    /// Whether the same call may succeed later without anybody changing anything.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Db(error) => error.is_temporary(),
            Self::Content(error) => error.is_temporary(),
            Self::Interrupted | Self::StorageLow => true,
            _ => false,
        }
    }

    /// Whether what is stored cannot be read and never will be: the message is damaged, others are
    /// not. Work on many messages goes on without it.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Damaged { .. } => true,
            Self::Content(error) => !error.is_temporary() && !error.is_storage_full(),
            _ => false,
        }
    }

    /// Whether there is no room on the disk.
    pub fn is_storage_full(&self) -> bool {
        match self {
            Self::Db(error) => error.is_storage_full(),
            Self::Content(error) => error.is_storage_full(),
            Self::StorageLow => true,
            _ => false,
        }
    }
}

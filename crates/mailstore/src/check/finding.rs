//! What the checker can find.

use std::fmt;

use hikyaku_blob::ContentHash;
use hikyaku_types::{AccountId, MailboxId, MessageId, TenantId};

/// Something wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The tenant.
    pub tenant: TenantId,
    /// The account; `None` for what belongs to the tenant as a whole.
    pub account: Option<AccountId>,
    /// What is wrong.
    pub inconsistency: Inconsistency,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.account {
            Some(account) => write!(f, "account {account}: {}", self.inconsistency),
            None => write!(f, "tenant {}: {}", self.tenant, self.inconsistency),
        }
    }
}

/// A counter of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountCounter {
    /// Bytes used.
    Bytes,
    /// Messages held.
    Messages,
    /// Rows of the change log.
    Changes,
}

/// A counter of a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailboxCounter {
    /// Messages.
    Total,
    /// Messages without Seen.
    Unseen,
    /// Messages with Deleted.
    Deleted,
    /// Bytes.
    Size,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Inconsistency {
    /// A counter of the account differs from what it counts.
    #[error("{counter:?} is {stored}, counted {found}")]
    AccountCounter {
        /// Which one.
        counter: AccountCounter,
        /// What is stored.
        stored: i64,
        /// What is there.
        found: i64,
    },
    /// A counter of a mailbox differs from what it counts.
    #[error("mailbox {mailbox}: {counter:?} is {stored}, counted {found}")]
    MailboxCounter {
        /// Whose.
        mailbox: MailboxId,
        /// Which one.
        counter: MailboxCounter,
        /// What is stored.
        stored: i64,
        /// What is there.
        found: i64,
    },
    /// A mailbox has a message whose UID it has yet to give out.
    #[error("mailbox {mailbox}: the next UID is {uid_next}, but there is {highest}")]
    UidNext {
        /// Whose.
        mailbox: MailboxId,
        /// What is stored.
        uid_next: i64,
        /// The highest UID in use.
        highest: i64,
    },
    /// A mailbox has a UIDVALIDITY that the account has yet to give out.
    #[error("mailbox {mailbox}: its UIDVALIDITY {found} is not below the account's next, {next}")]
    UidValidity {
        /// Whose.
        mailbox: MailboxId,
        /// The mailbox's.
        found: i64,
        /// The account's next.
        next: i64,
    },
    /// Something has a modseq above the counter that it came from.
    #[error("{what} has modseq {found}, above {limit}")]
    ModSeq {
        /// What has it.
        what: String,
        /// Its modseq.
        found: i64,
        /// The counter.
        limit: i64,
    },
    /// A placement changed, but the log, which should reach back to it, does not say so.
    #[error("mailbox {mailbox}: the change of UID {uid} at modseq {modseq} is not in the log")]
    Unlogged {
        /// Where.
        mailbox: MailboxId,
        /// Which message.
        uid: i64,
        /// When.
        modseq: i64,
    },
    /// The log says that a message left, but it is there.
    #[error("mailbox {mailbox}: UID {uid} is there, but was removed at modseq {modseq}")]
    RemovedButThere {
        /// Where.
        mailbox: MailboxId,
        /// Which message.
        uid: i64,
        /// When.
        modseq: i64,
    },
    /// The account's INBOX is missing.
    #[error("there is no INBOX")]
    NoInbox,
    /// A mailbox is below one that is missing, or below itself.
    #[error("mailbox {mailbox} is not below any mailbox that is there")]
    Detached {
        /// Which one.
        mailbox: MailboxId,
    },
    /// A placement names a mailbox that is missing.
    #[error("UID {uid} is in mailbox {mailbox}, which is missing")]
    NoMailbox {
        /// The mailbox.
        mailbox: MailboxId,
        /// The UID.
        uid: i64,
    },
    /// Something names a message that is missing.
    #[error("message {message} is missing, but {what} names it")]
    NoMessage {
        /// The message.
        message: MessageId,
        /// What names it.
        what: &'static str,
    },
    /// A message is in no mailbox and not restorable either.
    #[error("message {message} is in no mailbox and not restorable")]
    Lost {
        /// Which one.
        message: MessageId,
    },
    /// A message is in a mailbox and among the restorable ones.
    #[error("message {message} is in a mailbox and restorable at the same time")]
    Twofold {
        /// Which one.
        message: MessageId,
    },
    /// Two places disagree on a message's size.
    #[error("message {message}: {what} says {found} bytes instead of {stored}")]
    Size {
        /// Which one.
        message: MessageId,
        /// Who disagrees.
        what: &'static str,
        /// The message row's size.
        stored: i64,
        /// The other's.
        found: i64,
    },
    /// A message's content is not stored.
    #[error("message {message}: its content is missing")]
    NoContent {
        /// Which one.
        message: MessageId,
    },
    /// A stored fact of a message cannot be read.
    #[error("message {message}: its {what} cannot be read")]
    Unreadable {
        /// Which one.
        message: MessageId,
        /// Which fact.
        what: &'static str,
    },
    /// Flags or keywords are stored in another form than is written.
    #[error("mailbox {mailbox}: the flags of UID {uid} are not in their normal form")]
    Flags {
        /// Where.
        mailbox: MailboxId,
        /// Which message.
        uid: i64,
    },
    /// Ids lead to a conversation that has no message.
    #[error("{count} message ids lead to conversations without messages")]
    EmptyThreads {
        /// How many ids.
        count: i64,
    },
    /// A content's count of references differs from the references there are.
    #[error("content {hash} counts {stored} references, found {found}")]
    References {
        /// Which one.
        hash: ContentHash,
        /// What is stored; 0 when the content is missing.
        stored: i64,
        /// What is there.
        found: i64,
    },
}

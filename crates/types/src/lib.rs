//! The words every other room uses: ids, addresses, sizes and times.
//!
//! Invariants: nothing here does I/O, reads a clock or draws random numbers. A value of one of
//! these types is valid by construction ("parse, don't validate"): an [`EmailAddress`] can be
//! compared, stored and written to the wire without another look at it.
#![deny(missing_docs, clippy::indexing_slicing, clippy::unwrap_used)]

mod address;
mod domain;
mod id;
mod modseq;
mod secret;
mod size;
mod time;

pub use address::{AddressError, EmailAddress};
pub use domain::{Domain, DomainError};
pub use id::{
    AccountId, AddressId, DomainId, Id, IdError, ImportRunId, MailboxId, MessageId, QueuedId,
    QueuedRecipientId, SessionId, TenantId, ThreadId, TraceId, TurnId,
};
pub use modseq::{ModSeq, Uid, UidValidity};
pub use secret::{Secret, SecretError};
pub use size::{ByteSize, ByteSizeError};
pub use time::{OffsetTimestamp, Timestamp};

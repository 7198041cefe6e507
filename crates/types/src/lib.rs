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
mod network;
mod permission;
mod secret;
mod size;
mod time;

pub use address::{AddressError, EmailAddress};
pub use domain::{Domain, DomainError};
pub use id::{
    AccountId, AddressId, AnnouncementId, ApiKeyId, AppPasswordId, BrowserId, DomainId, FactorId,
    GrantId, Id, IdError, ImpersonationId, ImportRunId, JobId, LinkId, LogEntryId, MailboxId,
    MessageId, NoticeId, OptionId, OrderId, PlanId, QueuedId, QueuedRecipientId, RequestId, RoleId,
    SessionId, TemplateId, TenantId, ThreadId, TraceId, TurnId, WebSessionId,
};
pub use modseq::{ModSeq, Uid, UidValidity};
pub use network::{Network, NetworkError, canonical_ip};
pub use permission::{Permission, PermissionError};
pub use secret::{Secret, SecretError};
pub use size::{ByteSize, ByteSizeError};
pub use time::{OffsetTimestamp, Timestamp};

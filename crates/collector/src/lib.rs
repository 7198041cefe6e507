//! Mail from other hosts: moving a company in (requirement O-046, C-17).
//!
//! A [`Job`] names an account here and a mailbox there; [`Collector::run`] reads it over IMAP or
//! POP3 and takes every message in. It can be killed and run again at any time.
//!
//! Invariants:
//! - The source is never changed: folders are examined, messages are peeked at, nothing is deleted.
//! - What is remembered of a message and the message itself are written in one transaction; so
//!   nothing is lost and nothing comes in twice, wherever a run ends.
//! - Every message that the source lists is accounted for in the [`Report`]: imported, there
//!   already, or skipped with a reason.
//! - No password goes over a connection without TLS unless the job says so in so many words, and
//!   none is logged.
//! - Memory does not grow with the mailbox, except for some sixteen bytes for each message of a
//!   folder that is still to come, or has come in this run.
#![deny(clippy::indexing_slicing, clippy::unwrap_used)]

mod arrived;
mod attempts;
mod collector;
mod endpoint;
mod error;
mod fingerprint;
mod imap;
mod intake;
mod job;
mod limits;
mod mapping;
mod pattern;
mod pop3;
mod report;
mod state;
mod wire;

pub use collector::Collector;
pub use endpoint::{Endpoint, EndpointError, Protocol, Security};
pub use error::CollectError;
pub use job::{Credentials, Job, Secrecy, Selection};
pub use limits::{
    COLLECTED_MESSAGE_BYTES_MAX, COMMAND_BYTES, COMMAND_MESSAGES, FOLDERS_MAX, LISTED_SKIPPED_MAX,
    Limits,
};
pub use pattern::Pattern;
pub use report::{Ended, FolderReport, Passed, Progress, Report, SkipReason, Skipped};

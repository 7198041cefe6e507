//! The way of a message: accept, route, deliver, and the trace of what became of it.
//!
//! [`Transport::accept`] is the only way in, whoever calls (design §4): port 25, submission, LMTP;
//! later JMAP, the collector, a list, a notice.
//!
//! Invariants:
//! - `Ok` from [`Transport::accept`] means that every recipient's outcome is durable: placement,
//!   counters, content and trace are written in one transaction, and the reply comes after its
//!   commit and fsync.
//! - A sender who signed in hears of recipients who did not get the message, and on request of
//!   those who did; the report is delivered in the same transaction.
//! - `Err` means that nothing was written. Nothing bounces to a stranger after acceptance.
//! - Accounts are locked in ascending id, so that two messages to the same people cannot deadlock.
//! - No network output happens while a transaction is open.
#![deny(missing_docs, clippy::unwrap_used)]

mod accept;
mod envelope;
mod in_force;
mod metrics;
mod policy;
mod prefix;
pub mod queue;
mod recipient;
mod rejection;
mod report;
pub mod trace;

pub use accept::{Accepted, Transport};
pub use envelope::{
    Answer, Envelope, Notify, OriginalRecipient, Recipient, Reporting, Returned, Source, Via,
};
pub use in_force::{InForce, KNOWN_FOR, KNOWN_TENANTS_MAX};
pub use metrics::{Metrics, Snapshot};
pub use policy::{MailboxFull, Outgoing, Policy};
pub use rejection::Rejection;
pub use report::ReportLanguage;

//! The queue of messages for other hosts.
//!
//! Invariants:
//! - What is queued is queued in the transaction that accepts the message; what became of it is
//!   recorded in one transaction with the trace and the report to the sender.
//! - A recipient is tried by one scheduler at a time: it is claimed on disk before, for a time that
//!   its owner prolongs while it lives. What another host took, and we recorded, is not sent again;
//!   what was being sent when the process died is, when the lease is over.
//! - A message has rows and a reference to its content exactly as long as a recipient waits.
//! - Nothing is looked for now and then: hints and the next due time say when.
//! - A message from nobody (RFC 5321 §4.5.5) brings no report, whatever becomes of it.

mod attempt;
mod carrier;
mod claim;
mod due;
pub(crate) mod enqueue;
mod hosted;
mod load;
mod message;
mod metrics;
mod operate;
mod schedule;
mod scheduler;
mod settle;
mod sweep;
mod view;

pub use attempt::{ATTEMPT_SECONDS, SENDING_MEMORY_KIB};
pub use carrier::{Carrier, Parcel, ParcelRecipient, Receipt, Trouble, TroubleKind, Verdict};
pub use load::RETURN_WHOLE_BYTES;
pub use metrics::{QueueDepth, QueueMetrics, QueueSnapshot};
pub use operate::{Changed, Operator, Which};
pub use scheduler::{DEPTH_SECONDS, Scheduler, SchedulerOptions};
pub use settle::{QueueError, Tell};
pub use view::{Filter, LastTrouble, QueuedMessage, QueuedRecipient, State, list, show};

use hikyaku_blob::ReferenceSource;

/// Recipients of one attempt at most: what RFC 5321 §4.5.3.1.8 asks every host to take.
pub const RECIPIENTS_PER_PARCEL: usize = 100;

/// The references to contents that the queue holds, for the mail store's check.
pub const REFERENCES: ReferenceSource = ReferenceSource {
    sql: "SELECT blob_hash AS hash FROM queue_message WHERE tenant_id = ?1",
};

#[cfg(test)]
mod tests;

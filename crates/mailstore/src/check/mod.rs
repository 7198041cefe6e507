//! The consistency checker: recomputes everything that is counted and looks for what cannot be.
//!
//! Each account is looked at in one snapshot, so the checker can run at any time beside deliveries;
//! the references to contents are counted per tenant. What it finds is typed, so that tests can
//! demand an empty list and `doctor` can say what to do.

mod account;
mod changes;
mod contents;
mod counters;
mod finding;
mod messages;
mod repair;
mod stored;
mod structure;

pub use account::FINDINGS_MAX;
pub use finding::{AccountCounter, Finding, Inconsistency, MailboxCounter};
pub use repair::Repaired;
pub use stored::{AFFECTED_MAX, Affected};

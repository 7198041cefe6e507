//! The change log: what happened to an account's mail, in the order of its modseqs.
//!
//! It feeds sessions, CONDSTORE and QRESYNC, JMAP's changes and push alike. It is bounded: the
//! account records from which modseq on it is complete, and who is further behind compares
//! everything.

mod prune;
mod read;
mod record;

pub use read::{Changes, Delta, FlagState};

pub(crate) use prune::{is_over, prune};
pub(crate) use read::changes;
pub(crate) use record::{Kind, record_mailboxes, record_messages, record_new};

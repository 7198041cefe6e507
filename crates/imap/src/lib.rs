//! IMAP sessions: RFC 3501 with UIDPLUS, IDLE, NAMESPACE, ID, SPECIAL-USE and UNSELECT.
//!
//! A connection is a session; a session is one task that reads a command, runs it, answers. The
//! grammar is in `hikyaku_imap_proto`, the mail in `hikyaku_mailstore`; this room knows what the
//! words of one mean in the words of the other.
//!
//! Invariants:
//! - A session's view of its mailbox (`view`) changes only when the client is told: sequence
//!   numbers mean the same on both sides at any time. EXPUNGE is never told while a FETCH, STORE
//!   or SEARCH by sequence number runs (RFC 3501 §7.4.1).
//! - Nothing is acknowledged before it is durable: the tagged OK is written after the store's
//!   transaction.
//! - Sessions in one mailbox share what they know of it (`shared_views`); each keeps only its own
//!   place in the changes, and what it could not tell yet.
//! - No transaction is open while something is sent. Answers leave in pieces: a FETCH of a whole
//!   mailbox holds one page of rows and one message in memory.
//! - Every wait for the client has an end, and so has every list it can make the server hold.
//! - A state of the session is a type (`state`): a command that needs a mailbox gets one.
#![deny(missing_docs, clippy::indexing_slicing, clippy::unwrap_used)]

mod capability;
mod command;
mod condstore;
mod enabled;
mod flags;
mod incoming;
mod limits;
mod metrics;
mod names;
mod quota;
mod reply;
mod selected;
mod service;
mod session;
mod shared_views;
mod sign_in;
mod state;
mod updates;
mod view;
mod wire;

pub use limits::Limits;
pub use metrics::{ImapMetrics, ImapSnapshot};
pub use service::{Imap, ImapOptions};

//! SMTP, submission and LMTP sessions (RFC 5321, RFC 6409, RFC 2033), and the [`client`] that takes
//! mail to other hosts.
//!
//! A [`SmtpService`] is what the gate of `hikyaku_net` serves on one port: it reads commands with
//! the grammar of `hikyaku_smtp_proto`, asks `hikyaku_transport` who may receive and hands it the
//! message, and asks the sign-in service of `hikyaku_directory` who somebody is.
//!
//! Invariants:
//! - a 250 for a message is written after [`Transport::accept`] said that it is durable;
//! - nothing a client sent before TLS counts after it;
//! - every wait has a deadline, every collection a limit, and the octets of all messages in
//!   progress together stay within one [`MemoryBudget`];
//! - a message is refused rather than read in two ways: a bare CR or LF never ends a line;
//! - passwords are in [`hikyaku_types::Secret`]s and in no log.
//!
//! [`Transport::accept`]: hikyaku_transport::Transport::accept
#![deny(missing_docs, clippy::indexing_slicing, clippy::unwrap_used)]

pub mod client;
mod command;
mod memory;
mod metrics;
mod options;
mod received;
mod service;
mod session;
mod submission;
mod transaction;

pub use memory::MemoryBudget;
pub use metrics::{Metrics, Snapshot};
pub use options::{AuthorCheck, EarlyTalkers, Kind, Limits, Options, ZonePolicy};
pub use service::{Rooms, SmtpService};

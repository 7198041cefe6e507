//! POP3 sessions: RFC 1939 with its optional commands, RFC 2449 (CAPA), RFC 2595 (STLS),
//! RFC 3206 and RFC 2449 §8 (response codes), RFC 5034 (AUTH), RFC 6856 (UTF8).
//!
//! Invariants:
//! - deletions happen at QUIT and nowhere else: whatever ends a session otherwise deletes nothing;
//! - a session numbers what was in INBOX when it signed in, and nothing that happens afterwards
//!   changes those numbers;
//! - one session per mailbox at a time, withamong all processes on one database;
//! - no password before TLS, except in the closed zone; no password in a log.
//!
//! Decisions where the sources leave room:
//! - APOP is not offered (C-06): it needs the password in the clear on the server. LANG (RFC 6856
//!   §3) is not offered: replies are in English.
//! - The unique id of UIDL is the message's own id, which is never reused and survives moves, a
//!   new UIDVALIDITY and a restored backup, so that clients that leave mail on the server never
//!   download all of it again. A second copy of a message in INBOX gets its UID as a suffix.
//! - RETR does not set `\Seen` ([`SeenPolicy::Untouched`]): a program that fetches in the
//!   background would make everything look read in webmail. [`SeenPolicy::AtQuit`] does set it.
//! - Messages with UTF-8 in their headers are served as they are, whether the client has sent
//!   UTF8 or not, as other servers do: a downgrade (RFC 6857) would break sizes and signatures,
//!   and clients in Japan have met raw 8-bit headers for decades.
//! - The flag `\Deleted`, which IMAP clients set, hides nothing: the message is there until it is
//!   expunged.
#![deny(missing_docs, clippy::indexing_slicing, clippy::unwrap_used)]

mod authorization;
mod command;
mod limits;
mod lock;
mod maildrop;
mod metrics;
mod read_ahead;
mod reply;
mod request;
mod service;
mod session;
mod shared_lock;
mod stuffing;
mod transaction;

pub use limits::Limits;
pub use metrics::{Pop3Metrics, Pop3Snapshot};
pub use service::{Pop3, Pop3Options, SeenPolicy};

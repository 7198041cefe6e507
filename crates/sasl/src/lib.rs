//! SASL mechanisms (RFC 4422), for SMTP AUTH, IMAP AUTHENTICATE and POP3 AUTH.
//!
//! [`ClientExchange`] is our side where we sign in elsewhere; the rest is the server's side: an
//! [`Exchange`] turns the lines of a client into [`Credentials`]; whether they are right is the
//! question of the sign-in service, and whether the connection may carry a password at all
//! (TLS, closed zone) that of the protocol. Invariants: pure (no I/O, clock or randomness); every
//! input ends in a step or an error, never a panic; what was a password on its way is wiped; no
//! `Debug` output shows one; after [`Step::Done`] or an error an exchange takes nothing more.
#![deny(missing_docs, clippy::indexing_slicing, clippy::unwrap_used)]

mod client;
mod cram_md5;
mod exchange;
pub mod fuzz;
mod login;
mod mechanism;
mod plain;
mod wire;

pub use client::{ClientExchange, ClientMechanism, UnexpectedChallenge};
pub use exchange::{Credentials, Exchange, SaslError, Step};
pub use mechanism::Mechanism;

/// Octets of one base64 line of a client at most. Default because a PLAIN message of a login name
/// and a password at their limits, authorization identity included, is 2,220 octets in base64.
pub const MAX_RESPONSE_BYTES: usize = 2_304;

/// Octets of a login name at most: the longest mail address (RFC 5321 §4.5.3.1: 64 before the
/// `@`, 255 after).
pub const MAX_LOGIN_BYTES: usize = 320;

/// Octets of a password at most. RFC 4616 §2 ends at 255; pass phrases in Japanese may be longer,
/// and a limit is needed because hashing costs time per octet.
pub const MAX_PASSWORD_BYTES: usize = 1_024;

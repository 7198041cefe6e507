//! The client: takes queued messages to other hosts (RFC 5321 §5, §4.5.3.2).
//!
//! [`SmtpCarrier`] is what the queue of `hikyaku_transport` hands its parcels to. It finds the
//! hosts (MX records, address records, or the smart host), connects, encrypts where the other side
//! can (RFC 7435) or must, and says what became of each recipient.
//!
//! Invariants:
//! - "sent" means that the other side's 250 to the whole message was read, and nothing else does;
//!   nothing is written to the connection between that reply and the verdict;
//! - after the final dot no other host is tried: a lost reply means "later", and may mean that the
//!   message arrives twice, never that it is lost (RFC 5321 §4.5.4.1, RFC 1047);
//! - a message that came for one host goes to no other: connections are kept per route;
//! - mail goes to no address of this machine or of nobody (loopback, multicast, …) because a
//!   stranger's DNS says so;
//! - a password leaves under verified TLS only, or to a smart host whose operator chose otherwise;
//! - every wait has a named end ([`Timeouts`]), every collection a limit.

mod carrier;
mod deliver;
mod dial;
mod exchangers;
mod failure;
mod greet;
mod guard;
mod metrics;
mod options;
mod pool;
mod remote;
mod secret;
mod sign_in;
mod timeouts;

pub use carrier::{MAX_ADDRESSES, MAX_EXCHANGERS, MAX_SESSIONS, Parts, Shuffle, SmtpCarrier};
pub use deliver::PIPELINED_COMMANDS;
pub use metrics::{ClientMetrics, ClientSnapshot};
pub use options::{
    ClientOptions, Families, IDLE_TIME, KeepLimits, Login, Loopback, MAX_IDLE_CONNECTIONS,
    MAX_IDLE_PER_ROUTE, MAX_MESSAGES_PER_CONNECTION, Route, SmartHost, SmartHostName, SmartHostTls,
    Sources,
};
pub use secret::{MAX_SECRET_FILE, SecretFileError, read_secret};
pub use timeouts::Timeouts;

//! SMTP and LMTP grammar: commands, replies, data framing, and the order of a session.
//!
//! RFC 5321 with PIPELINING (RFC 2920), 8BITMIME (RFC 6152), SMTPUTF8 (RFC 6531), SIZE (RFC 1870),
//! CHUNKING (RFC 3030, without BINARYMIME), DSN (RFC 3461), ENHANCEDSTATUSCODES (RFC 2034),
//! AUTH (RFC 4954), STARTTLS (RFC 3207); LMTP (RFC 2033).
//!
//! Invariants: pure (no I/O, clock or randomness); no input makes a parser panic; a parser keeps
//! no more of the input than the limits named here; what is tolerated beyond the grammar is a
//! function of [`quirk`] with the client that needs it. The end of a message is CRLF `.` CRLF and
//! nothing else.
#![deny(missing_docs, clippy::indexing_slicing, clippy::unwrap_used)]

mod chunk;
pub mod client;
pub mod command;
mod content;
mod data;
mod dsn;
mod flow;
pub mod fuzz;
mod params;
mod path;
pub mod quirk;
pub mod reply;
mod scanner;
mod xtext;

pub use chunk::ChunkReader;
pub use command::{Command, CommandError};
pub use content::{ContentLimits, Fault, LineLimit};
pub use data::{DataReader, Progress};
pub use dsn::{EnvelopeId, Notify, OriginalRecipient, Returned};
pub use flow::{AuthRule, Flow, Greeting, Misplaced, PlainPasswords, Protocol, Tls};
pub use path::{AddressLiteral, ForwardPath, PathError, Postmaster};
pub use reply::{EnhancedCode, EnhancedCodeError, Reply};

/// Octets of a command line at most, CRLF included. RFC 5321 §4.5.3.1.4 asks for 512, the
/// parameters of the extensions for 1,100 more, and RFC 4954 §4.3 for 12,288 with AUTH.
pub const MAX_COMMAND_LINE: usize = 12_288;

/// Octets of the name that a client gives in EHLO, HELO or LHLO at most: a domain name
/// (RFC 5321 §4.5.3.1.2).
pub const MAX_CLIENT_NAME: usize = 255;

/// Octets of a reply line at most, CRLF included (RFC 5321 §4.5.3.1.5).
pub const MAX_REPLY_LINE: usize = 512;

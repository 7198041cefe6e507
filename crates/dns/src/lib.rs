//! What the domain name system says about the hosts that take mail.
//!
//! [`Resolver`] is the interface; [`SystemResolver`] asks the name servers of the machine or of the
//! configuration, with the hickory library behind it, whose types do not leave this room.
//!
//! Invariants:
//! - every answer says whether DNSSEC proved it ([`Security`]) and how long it holds;
//! - "there is no such name", "the name has no such records", "nobody could say" and "the answer
//!   was forged" are different errors: only the first two may make a message undeliverable;
//! - no lookup takes longer than [`LOOKUP_TIMEOUT`], no answer has more than [`MAX_RECORDS`]
//!   records, and what is remembered is bounded by [`CACHED_ANSWERS`].
#![deny(missing_docs, clippy::indexing_slicing, clippy::unwrap_used)]

mod answer;
mod error;
mod resolver;
mod system;
#[cfg(feature = "test-support")]
pub mod testing;

pub use answer::{Answer, Exchange, Security};
pub use error::DnsError;
pub use resolver::{Family, Resolver};
pub use system::{
    CACHED_ANSWERS, LOOKUP_TIMEOUT, MAX_NEGATIVE_TTL, MAX_RECORDS, MAX_TTL, QUERY_ATTEMPTS,
    QUERY_TIMEOUT, Servers, SetupError, SystemResolver, Validation,
};

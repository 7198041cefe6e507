//! The operation log (操作ログ): everything that administrators do, and every reading of another
//! person's mail (design §5).
//!
//! Invariants:
//! - Entries are written in the transaction of the act itself: no act without its entry, no entry
//!   without its act.
//! - Entries are only appended. Each holds the hash of the one before it in its chain: a change, a
//!   hole or another order is noticed ([`verify`]).
//! - One chain per tenant, and one for the platform.
#![deny(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod append;
mod chain;
mod entry;

pub use append::append;
pub use chain::Chain;
pub use entry::{Actor, ActorKind, NewEntry, Target};

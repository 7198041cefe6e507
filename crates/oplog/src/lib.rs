//! The operation log (操作ログ): everything that administrators do, and every reading of another
//! person's mail (design §5, AD-33, OP-21).
//!
//! Invariants:
//! - Entries are written in the transaction of the act itself: no act without its entry, no entry
//!   without its act.
//! - Entries are only appended. Each holds the hash of the one before it in its chain: a change, a
//!   hole or another order is noticed ([`verify`]). Triggers of the database refuse to change or
//!   remove them.
//! - One chain per tenant, and one for the platform. Numbers in it have no holes, and instants
//!   never go back.
//! - The chain's row is the last lock of a transaction ([`append`] comes last), so writers of one
//!   chain wait for one another only between their last statement and their commit.
//! - What is past its time goes from the old end, and leaves a checkpoint with a keyed MAC
//!   ([`prune`]).
#![deny(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod append;
mod body;
mod chain;
mod entry;
mod key;
mod prune;
mod search;
mod verify;
mod words;

pub use append::append;
pub use chain::{Chain, chains};
pub use entry::{Actor, ActorKind, Entry, NewEntry, Target};
pub use prune::{PRUNE_CHUNK, PRUNE_STEP, RETENTION, prune};
pub use search::{Found, MAX_LOOKED_AT, MAX_PAGE, Search, search};
pub use verify::{Anchor, Broken, Fault, VERIFY_CHUNK, Verdict, verify};

//! Message contents: immutable bytes, addressed by BLAKE3 within a tenant.
//!
//! Invariants:
//! - A content is stored once per tenant, however many messages refer to it, and never shared
//!   across tenants: every function takes the tenant.
//! - The reference count is exact. It changes under the row's lock, and the row goes in the
//!   transaction that leaves no reference: between a release that saw the last reference and a new
//!   reference to the same content, one waits for the other and then sees what it did.
//! - Several contents are touched in ascending order of their hashes, so that two transactions
//!   cannot wait for each other.
//! - What is read is what was written: every read is checked against the hash.
//!
//! Hashing, compressing and decompressing happen outside transactions: [`Prepared`] before,
//! [`Stored::open`] after.
#![deny(clippy::indexing_slicing, clippy::unwrap_used)]

mod codec;
mod error;
mod hash;
mod list;
mod prepared;
mod read;
mod reference;
mod space;

pub use error::BlobError;
pub use hash::ContentHash;
pub use list::{DIFFERING_MAX, Differing, ReferenceSource, differing_references, hashes};
pub use prepared::{Encoding, Prepared, prepare};
pub use read::{Stored, load, read};
pub use reference::{
    Released, add_reference, add_references, add_references_by_hash, release, release_many,
};
pub use space::SpaceWatch;

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
//! - A content that is large when compressed is an object of its own beside the database, in a
//!   folder or an S3 (ADR 0007). It is uploaded, durably and under a name of its own, before the
//!   transaction that refers to it, and deleted a grace time after the one that no longer does. An
//!   object belongs to one content of one tenant.
//!
//! Hashing, compressing, uploading, fetching and decompressing happen outside transactions:
//! [`Contents::prepare`] and [`Contents::upload`] before, [`Contents::read`] after.
#![deny(clippy::indexing_slicing, clippy::unwrap_used)]

mod audit;
mod cache;
mod codec;
mod contents;
mod error;
mod garbage;
mod hash;
mod identity;
mod list;
mod name;
mod objects;
mod prepared;
mod read;
mod reference;
mod space;
mod sweep;

pub use audit::{Unused, Verified};
pub use cache::{CACHE_BYTES, CACHE_SECONDS};
pub use contents::{CHECK_SECONDS, Contents, INLINE_LIMIT};
pub use error::BlobError;
pub use garbage::count_garbage;
pub use hash::ContentHash;
pub use list::{DIFFERING_MAX, Differing, ReferenceSource, differing_references, hashes};
pub use name::ObjectName;
pub use objects::{
    AT_ONCE, Addressing, FolderSync, ObjectError, ObjectMetricsSnapshot, Objects, PATIENCE,
    S3Options, S3Transport,
};
pub use prepared::{Encoding, Prepared, prepare};
pub use read::{LOAD_MAX, Stored, load, load_many, read};
pub use reference::{
    Released, UPLOAD_VALID, add_reference, add_references, add_references_by_hash, release,
    release_many,
};
pub use space::SpaceWatch;
pub use sweep::{GRACE_MIN, SWEEP_MAX, Swept};

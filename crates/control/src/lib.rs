//! The control plane: what administrators do (design §5, requirements 1.1 to 1.3).
//!
//! Every function here takes the [`Actor`] who asks, checks that the actor may, does it through the
//! rooms below, and writes the operation log, all within one transaction. The REST API, and through
//! it the consoles and the command line, calls these functions and nothing beneath them.
//!
//! Invariants:
//! - There is no way to change a tenant's data without an [`Actor`].
//! - What lies outside an actor's reach looks as if it did not exist: [`ControlError::NotFound`],
//!   the same as for an id that nobody has.
//! - Every change is in the operation log of the tenant it concerns, or of the platform.
#![deny(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

pub mod accounts;
mod actor;
pub mod aliases;
pub mod api_keys;
pub mod authenticate;
pub mod bulk;
pub mod credentials;
pub mod domains;
mod error;
pub mod factors;
pub mod grants;
pub mod idempotency;
pub mod impersonation;
pub mod invitations;
pub mod jobs;
pub mod log;
pub mod notices;
pub mod plans;
pub mod recovery;
mod reference;
pub mod registration;
mod rights;
pub mod roles;
pub mod security_policy;
pub mod session;
pub mod templates;
pub mod tenants;
pub mod usage;

pub use actor::{Act, Actor, ContentAccess, Impersonator, Principal, Reading};
pub use error::ControlError;
pub use plans::PlanRef;
pub use reference::{AccountRef, DomainRef, TenantRef};
pub use rights::{Area, Rights, Within};

//! Tenants, domains, accounts, addresses, credentials (design §5).
//!
//! Invariants:
//! - Every function that reads or changes a tenant's rows takes the scope it may reach as a type of
//!   its own ([`PlatformScope`], [`TenantScope`], [`AccountScope`]). The only lookups that begin
//!   without one are routing ([`addresses::resolve`]) and sign-in (the room `access`): they *find*
//!   the scope.
//! - Uniqueness (tenant names, domains, addresses, login ids) is decided by constraints, never by a
//!   look before the insert, so that it holds with any number of writers.
//! - All routable addresses share one table; the canonical form decides, the entered form is shown.
//! - A write first locks the rows it decides on, then reads them (design §3).
//! - Nothing about a password leaves this crate: hashes are redacted in `Debug`, passwords are
//!   [`hikyaku_types::Secret`]s.
//!
//! Functions that take a transaction are plain and synchronous; [`password::HashPool`] is the only
//! asynchronous service.
#![deny(missing_docs, clippy::indexing_slicing, clippy::unwrap_used)]

pub mod accounts;
pub mod addresses;
pub mod bulk;
pub mod check;
pub mod contracts;
pub mod credentials;
pub mod domains;
mod error;
mod locale;
mod login;
pub mod logins;
mod name;
pub mod options;
pub mod password;
pub mod plans;
pub mod pools;
mod scope;
mod stored;
pub mod templates;
pub mod tenants;

pub use accounts::{Access, Account, AccountKind, AccountStatus};
pub use error::{DirectoryError, NameKind, NameProblem};
pub use locale::{Language, LanguageError, TimeZoneError, TimeZoneName};
pub use login::{LoginId, LoginIdError, LoginName};
pub use name::{MAX_NAME_CHARS, MAX_NOTE_CHARS};
pub use scope::{AccountScope, PlatformScope, Reach, TenantScope};
pub use stored::{Stored, unreadable};

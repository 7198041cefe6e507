//! Addresses: aliases, and where mail for an address goes.

mod alias;
mod alias_list;
mod insert;
mod resolve;
pub mod targets;

pub use alias::{AddressEntry, create_alias, delete_alias, list};
pub use alias_list::{AliasEntry, AliasQuery, list_aliases};
pub(crate) use insert::{SELECT_NAME, Stands, insert, name_kind};
pub(crate) use resolve::base_of;
pub use resolve::{AddressKind, MAX_RESOLVE, Receiving, Resolution, resolve, resolve_many};

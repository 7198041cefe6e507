//! Mailboxes: names, hierarchy, special uses, subscriptions.
//!
//! Invariants: a mailbox is one row that names its parent, so renaming moves whole trees with one
//! row; paths are computed. Names are unique under their parent by constraint.

mod create;
mod delete;
mod deleted;
mod find;
mod insert;
mod list;
mod rename;
mod subscribe;
mod tree;

pub(crate) use create::ensure_path;
pub(crate) use delete::DELETED_PARENT;
pub(crate) use find::{by_path, by_role, exists};
pub(crate) use insert::{NewMailbox, insert_mailboxes};
use tree::Node;
pub(crate) use tree::{TOP, Tree, uid_next};

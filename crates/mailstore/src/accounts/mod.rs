//! The account's side of its mail: its counters, its quota, its beginning and its end.

mod create;
mod erase;
mod list;
mod lock;
mod quota;

pub use create::create;
pub use quota::{set_quota, set_restore_window, usage};

pub(crate) use list::after;
pub(crate) use lock::{Claim, Locked, Refused, Settlement, claim, lock, settle};

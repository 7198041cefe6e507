//! Messages in mailboxes: the few statements through which every operation goes.
//!
//! Each keeps the mailbox's counters, its modseq and the change log in step with the rows; what it
//! did to the account's counters it adds to a [`Settlement`](crate::accounts::Settlement), which
//! the caller writes at the end.

mod add;
mod remove;
mod row;

pub(crate) use add::{NewPlacement, Placed, add};
pub(crate) use remove::remove;
pub(crate) use row::{Placement, select};

//! Reading a mailbox over IMAP.

mod fetching;
mod folder;
mod folders;
mod listing;
mod renumbered;
mod run;
mod session;
mod sign_in;

pub(crate) use run::run;

//! Maildir: one file a message, flags in its name.

mod flags;
mod folders;
mod listing;
mod source;

pub(super) use flags::{info, letters_for};
pub use source::MaildirSource;

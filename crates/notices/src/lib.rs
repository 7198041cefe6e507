//! Every mail that the house itself writes (requirements 1.8, N-00 to N-19): templates in Japanese
//! and English, an outbox, the sender that empties it; and announcements, which stand on pages.
//!
//! Invariants:
//! - A notice is a row of the outbox, written in the transaction of its event ([`enqueue`]): no
//!   event without its notice, no notice without its event.
//! - The row goes in the transaction that accepts the message: a notice is sent once, also when the
//!   process dies.
//! - A text that a tenant has spoiled is never in the way: [`template::Draft::check`] tries it
//!   before it is stored, and if it fails all the same the default is sent.
//! - The variables of a notice may be secrets (links, codes): they are in the outbox until it is
//!   sent, in the message, and nowhere else; never in a log.
#![deny(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

pub mod announcements;
mod compose;
mod defaults;
mod event;
mod outbox;
mod recipient;
mod render;
mod sender;
pub mod settings;
pub mod template;

pub use announcements::{Announcement, Audience};
pub use event::{Event, Variables};
pub use outbox::{Notice, enqueue};
pub use recipient::Recipient;
pub use render::{Rendered, TemplateError};
pub use sender::{Sender, SenderMetrics, SenderOptions};

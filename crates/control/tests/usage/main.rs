//! Usage, locks, and what is done about full mailboxes, on both engines.

mod jobs;
mod limits;
mod locks;
mod mailboxes;
mod many;
mod world;

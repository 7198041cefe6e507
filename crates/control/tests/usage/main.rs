//! Usage, locks, and what is done about full mailboxes, on both engines.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod jobs;
mod limits;
mod locks;
mod mailboxes;
mod many;
mod world;

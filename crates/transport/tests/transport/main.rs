//! What `Transport::accept` promises, on both engines.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod accept;
mod people;
mod queue;
mod reports;
mod world;

//! The whole API over a real store, without a network: both faces, every layer, both engines.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod bed;
mod concurrency;
mod contracts;
mod document;
mod faces;
mod fuzz;
mod jobs;
mod once;
mod shape;
mod usage;
mod web;

//! The operation log on both engines.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod concurrency;
mod fixture;
mod pruning;
mod refusing;
mod searching;
mod verifying;

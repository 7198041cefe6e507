//! Contents on both engines.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod check;
mod fixture;
mod races;
mod reading;
mod references;

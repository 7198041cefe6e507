//! Contents on both engines.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod check;
mod faults;
mod fixture;
mod objects;
mod place;
mod races;
mod reading;
mod references;
mod sweeping;

//! Background work on both engines.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod crash;
mod fairness;
mod files;
mod lists;
mod running;
mod scene;

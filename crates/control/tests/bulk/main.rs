//! Many accounts at once, on both engines.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod change;
mod export;
mod import;
mod office;

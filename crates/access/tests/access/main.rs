//! Sign-in on both engines.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod fixture;
mod remembering;
mod sign_in;
mod throttling;
mod watching;

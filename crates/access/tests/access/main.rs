//! Sign-in on both engines.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod app_passwords;
mod fixture;
mod history;
mod imported;
mod remembering;
mod sign_in;
mod throttling;
mod watching;

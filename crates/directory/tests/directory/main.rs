//! The directory on both engines.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod accounts;
mod addresses;
mod bulk;
mod check;
mod concurrency;
mod domains;
mod fixture;
mod isolation;
mod lists;
mod remembering;
mod resolve;
mod sign_in;
mod tenants;
mod throttling;
mod watching;

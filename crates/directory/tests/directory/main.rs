//! The directory on both engines.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod accounts;
mod addresses;
mod bulk;
mod check;
mod contracts;
mod concurrency;
mod domains;
mod fixture;
mod isolation;
mod lists;
mod resolve;
mod tenants;

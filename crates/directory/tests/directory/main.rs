//! The directory on both engines.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod accounts;
mod addresses;
mod bulk;
mod check;
mod concurrency;
mod contracts;
mod domain_rules;
mod domains;
mod fixture;
mod isolation;
mod lists;
mod resolve;
mod standing;
mod tenants;

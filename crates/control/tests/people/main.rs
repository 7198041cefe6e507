//! Accounts, aliases and templates as administrators work with them, on both engines.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod accounts;
mod aliases;
mod deleted;
mod lists;
mod office;
mod templates;

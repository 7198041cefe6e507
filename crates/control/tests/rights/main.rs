//! Who may do what: roles, grants, keys, acting as somebody, on both engines.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod api_keys;
mod fixture;
mod grants;
mod impersonation;
mod people;
mod roles;

//! Credentials and sign-in (requirements T-023 to T-028, U-001 to U-031; C-14 to C-16): one
//! service for all protocols and the web.
//!
//! Invariants:
//! - The only lookup without a scope is sign-in ([`SignIn`]): it *finds* the scope.
//! - To the outside an unknown name is a known one with a wrong password.
//! - Secrets are stored as hashes only, and compared in constant time.
#![deny(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

pub mod app_passwords;
pub mod browsers;
pub mod factors;
pub mod history;
pub mod links;
pub mod lockout;
pub mod policy;
pub mod sessions;
pub mod sign_in;

pub use sign_in::{
    ClientAddress, Credential, Protocol, SignIn, SignInError, SignInPolicy, SignInWatch, SignedIn,
    Try,
};

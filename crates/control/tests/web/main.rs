//! Signing in on the web, on both engines, with a clock that is moved.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod codes;
mod credentials;
mod enrolment;
mod links;
mod passwords;
mod sessions;
mod world;

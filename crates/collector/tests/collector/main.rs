//! Taking mail over from scripted servers, on both engines. Each scenario ends with the consistency
//! checker.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod delta;
mod faults;
mod fixture;
mod folders;
mod imap_source;
mod limits;
mod maildrop;
mod pop_source;
mod renumbering;
mod signing_in;
mod taking;

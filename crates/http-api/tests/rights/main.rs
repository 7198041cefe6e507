//! Every route, every role, the own company and another one: who gets what.
//!
//! [`table`] says what each route needs. A route that is not in it fails the test, so that nobody
//! adds one without having thought about it.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod bodies;
mod house;
mod sweep;
mod table;

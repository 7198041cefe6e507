//! The client's side of the grammar: responses of other servers in, commands out.
//!
//! The way of a response: bytes from the server go into a [`ResponseReader`], which cuts the
//! stream into responses with their literals; [`Response::parse`] reads one. Commands are written
//! with a [`CommandText`], which stops where the server has to ask for a literal.
//!
//! Invariants: pure; no input panics; time is linear in what arrived; memory grows with the bytes
//! that arrived and never with a number that was only announced. Reading is lenient, because the
//! servers that mail is moved away from are old: what a response says beyond what is asked of it
//! is passed over.

mod command;
mod limits;
mod name;
mod reader;
mod response;
mod scanner;

pub use command::{CommandText, uid_set};
pub use limits::ClientLimits;
pub use name::levels_of;
pub use reader::{Piece, RawResponse, ReadError, ResponseReader};
pub use response::{
    Body, Completion, Condition, Fetched, ListEntry, Namespaces, Response, ResponseCode,
};
pub use scanner::Unreadable;

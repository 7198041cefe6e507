//! Clients of the protocols, as plain as can be.

pub mod imap;
pub mod line;
pub mod pop3;
pub mod smtp;

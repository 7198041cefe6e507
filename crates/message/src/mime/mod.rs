//! The MIME structure parser: one pass over the message, ranges only, no body decoded.
//!
//! Total and linear: each byte is passed once by the boundary search and once by the line count;
//! at each line that starts with `--` it is compared with the boundaries in force, of which there
//! are at most [`MAX_DEPTH`]. Leniency (each with a test):
//! - a multipart ends where an outer boundary, or the message, ends (missing end boundary);
//! - of several boundaries that a line may be, an exact one wins over one with text after it,
//!   then the longest, then the innermost (nested multiparts with one boundary);
//! - a boundary line may have blanks or text after the boundary, but not a boundary character:
//!   `--ab` does not end a multipart with the boundary `a`;
//! - a multipart without boundary, or whose boundary does not occur, has its body as its only
//!   part, so that a reader sees it; beyond a limit the rest is one opaque part;
//! - line ends are LF or CRLF; a bare CR is none.

mod boundary;
mod entity;
mod fields;

use crate::{
    envelope::Envelope,
    header::Field,
    limits::MAX_MESSAGE_BYTES,
    problem::{Problem, Problems},
    structure::Structure,
};

pub(crate) use fields::references;

/// What one pass over a message gives.
#[derive(Debug)]
pub(crate) struct Scan {
    pub(crate) fields: Vec<Field>,
    pub(crate) envelope: Envelope,
    pub(crate) structure: Structure,
    pub(crate) problems: Problems,
}

/// Parses `message`.
pub(crate) fn scan(message: &[u8]) -> Scan {
    scan_within(message, MAX_MESSAGE_BYTES)
}

fn scan_within(message: &[u8], limit: usize) -> Scan {
    let mut problems = Problems::default();
    let seen = message.get(..limit).unwrap_or(message);
    if seen.len() < message.len() {
        problems.report(Problem::MessageTooLarge, seen.len());
    }
    let mut parser = entity::Parser::new(seen, problems);
    let (root, envelope, fields) = parser.message();
    let problems = parser.into_problems();
    Scan {
        fields,
        envelope,
        structure: Structure { root },
        problems,
    }
}

#[cfg(test)]
mod tests;

//! The message behind DATA (RFC 5321 §4.1.1.4, §4.5.2).

use crate::{
    content::{Content, ContentLimits, Fault},
    scanner::{Scanner, Stuffing},
};

/// Reads one message up to its final dot. A faulty message is read to its end all the same, so
/// that the connection stays in step.
#[derive(Debug)]
pub struct DataReader {
    scanner: Scanner,
    content: Content,
}

/// How far a piece of input led.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// All of it belongs to the message, and more is to come.
    More,
    /// The message ended; so many octets of the piece belonged to it.
    Done(usize),
}

impl DataReader {
    /// A reader at the start of a message.
    pub fn new(limits: ContentLimits) -> Self {
        Self {
            scanner: Scanner::new(Stuffing::Dots),
            content: Content::new(limits),
        }
    }

    /// Takes a piece of input. Not to be called after [`Progress::Done`].
    pub fn push(&mut self, input: &[u8]) -> Progress {
        match self.scanner.scan(input, &mut self.content) {
            Some(consumed) => Progress::Done(consumed),
            None => Progress::More,
        }
    }

    /// Drops what is held and keeps nothing more: the message ends in [`Fault::Abandoned`].
    pub fn abandon(&mut self) {
        self.content.refuse(Fault::Abandoned);
    }

    /// Octets of the message so far, those dropped included.
    pub fn received(&self) -> u64 {
        self.content.received()
    }

    /// Octets of memory that the message holds.
    pub fn capacity(&self) -> usize {
        self.content.capacity()
    }

    /// The message without stuffed dots and final dot, or why it cannot be taken.
    pub fn finish(self) -> Result<Vec<u8>, Fault> {
        self.content.finish()
    }
}

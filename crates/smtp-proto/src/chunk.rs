//! The message behind BDAT (RFC 3030 §2): octets by count, in one or more chunks.

use crate::{
    content::{Content, ContentLimits, Fault},
    scanner::{Scanner, Stuffing},
};

/// Reads the chunks of one message. BINARYMIME is not announced, so the content is lines that end
/// with CRLF here too, and a bare CR or LF is refused: the next server may get it by DATA.
#[derive(Debug)]
pub struct ChunkReader {
    scanner: Scanner,
    content: Content,
    remaining: u64,
}

impl ChunkReader {
    /// A reader at the start of a message.
    pub fn new(limits: ContentLimits) -> Self {
        let scanner = Scanner::new(Stuffing::None);
        Self {
            scanner,
            content: Content::new(limits),
            remaining: 0,
        }
    }

    /// Begins a chunk of so many octets. The one before must have been read to its end.
    pub fn begin(&mut self, octets: u64) {
        debug_assert_eq!(
            self.remaining, 0,
            "a chunk begins where the one before ended"
        );
        self.remaining = octets;
    }

    /// Takes as much of a piece of input as belongs to the chunk, and says how much that was.
    pub fn push(&mut self, input: &[u8]) -> usize {
        let wanted = usize::try_from(self.remaining).unwrap_or(usize::MAX);
        let taken = input.get(..wanted).unwrap_or(input);
        self.scanner.scan(taken, &mut self.content);
        self.remaining -= taken.len() as u64;
        taken.len()
    }

    /// Octets of the chunk that are still to come.
    pub fn remaining(&self) -> u64 {
        self.remaining
    }

    /// Drops what is held and keeps nothing more: the message ends in [`Fault::Abandoned`].
    pub fn abandon(&mut self) {
        self.content.refuse(Fault::Abandoned);
    }

    /// Why the message cannot be taken, as far as it was read.
    pub fn fault(&self) -> Option<Fault> {
        self.content.fault()
    }

    /// Octets of the message so far, those dropped included.
    pub fn received(&self) -> u64 {
        self.content.received()
    }

    /// Octets of memory that the message holds.
    pub fn capacity(&self) -> usize {
        self.content.capacity()
    }

    /// The message, or why it cannot be taken.
    pub fn finish(mut self) -> Result<Vec<u8>, Fault> {
        if self.scanner.is_behind_cr() {
            self.content.refuse(Fault::BareCr);
        }
        self.content.finish()
    }
}

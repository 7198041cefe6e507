//! Reading a file line by line, however long its lines are.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Seek as _, SeekFrom},
    os::unix::fs::FileExt as _,
};

use super::super::source::hash;

/// Longest piece of a line that is handed out at once (64 KiB).
const PIECE_BYTES: usize = 64 * 1024;

/// How much of a file before a position is hashed to know it again (1 KiB).
const MARK_BYTES: u64 = 1024;

/// A file as pieces of lines.
#[derive(Debug)]
pub(super) struct Pieces {
    reader: BufReader<File>,
    piece: Vec<u8>,
    offset: u64,
    starts_line: bool,
    length: u64,
}

impl Pieces {
    pub(super) fn new(file: File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        Ok(Self {
            reader: BufReader::with_capacity(PIECE_BYTES, file),
            piece: Vec::new(),
            offset: 0,
            starts_line: true,
            length,
        })
    }

    /// A hash of what stands before an offset, by which the file is known again: a mail program
    /// that removed or marked a message meanwhile has moved or changed it.
    pub(super) fn mark(&self, offset: u64) -> io::Result<[u8; 16]> {
        let length = offset.min(MARK_BYTES);
        let mut before = vec![0; usize::try_from(length).unwrap_or(0)];
        self.reader
            .get_ref()
            .read_exact_at(&mut before, offset - length)?;
        Ok(hash(&[&offset.to_le_bytes(), &before]))
    }

    /// Goes on at an offset where a line begins.
    pub(super) fn seek(&mut self, offset: u64) -> io::Result<()> {
        self.reader.seek(SeekFrom::Start(offset))?;
        self.offset = offset;
        self.starts_line = true;
        Ok(())
    }

    /// Where the next piece begins.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Bytes of the file when it was opened.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The next piece, at most a line with its end, and whether it begins a line. Nothing at the
    /// end.
    pub(super) fn next(&mut self) -> io::Result<Option<(&[u8], bool)>> {
        self.piece.clear();
        let starts_line = self.starts_line;
        while self.piece.len() < PIECE_BYTES {
            let available = self.reader.fill_buf()?;
            if available.is_empty() {
                break;
            }
            let end = memchr::memchr(b'\n', available).map(|at| at + 1);
            let room = PIECE_BYTES - self.piece.len();
            let taken = end.unwrap_or(available.len()).min(room);
            self.piece
                .extend_from_slice(available.get(..taken).unwrap_or_default());
            self.reader.consume(taken);
            if self.piece.last() == Some(&b'\n') {
                break;
            }
        }
        self.offset += self.piece.len() as u64;
        self.starts_line = self.piece.last() == Some(&b'\n');
        Ok((!self.piece.is_empty()).then_some((self.piece.as_slice(), starts_line)))
    }

    /// Whether a message may end at this offset: the file ends there, or a `From ` line follows,
    /// after an empty line or at once.
    pub(super) fn ends_message(&self, offset: u64) -> bool {
        let mut ahead = [0; 8];
        let Ok(read) = self.reader.get_ref().read_at(&mut ahead, offset) else {
            return false;
        };
        let ahead = ahead.get(..read).unwrap_or_default();
        let ahead = ahead.strip_prefix(b"\r").unwrap_or(ahead);
        let ahead = ahead.strip_prefix(b"\n").unwrap_or(ahead);
        offset <= self.length && (ahead.is_empty() || ahead.starts_with(b"From "))
    }
}

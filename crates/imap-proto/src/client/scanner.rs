//! Reading the pieces of one response from left to right.

use bytes::Bytes;

use super::{Piece, RawResponse};

/// How deep lists within a response may nest; what is deeper is not read.
const DEPTH_MAX: usize = 100;

/// A response that does not follow the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server's answer cannot be understood: {expected} expected")]
pub struct Unreadable {
    /// What should have stood there.
    pub expected: &'static str,
}

/// A string of any form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Text {
    Nil,
    Bytes(Bytes),
    TooLarge(u64),
}

impl Text {
    pub(super) fn into_bytes(self) -> Option<Bytes> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Nil | Self::TooLarge(_) => None,
        }
    }
}

/// A place in a response.
#[derive(Debug, Clone)]
pub(super) struct Scanner<'a> {
    text: &'a [u8],
    rest: &'a [Piece],
}

impl<'a> Scanner<'a> {
    pub(super) fn new(raw: &'a RawResponse) -> Self {
        match raw.pieces.split_first() {
            Some((Piece::Text(text), rest)) => Self { text, rest },
            _ => Self {
                text: &[],
                rest: &raw.pieces,
            },
        }
    }

    /// What is left of this piece.
    pub(super) fn text(&self) -> &'a [u8] {
        self.text
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.first().copied()
    }

    fn advance(&mut self, by: usize) -> &'a [u8] {
        let (taken, rest) = self.text.split_at(by.min(self.text.len()));
        self.text = rest;
        taken
    }

    pub(super) fn take(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        if is_there {
            self.advance(1);
        }
        is_there
    }

    pub(super) fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), Unreadable> {
        if self.take(byte) {
            Ok(())
        } else {
            Err(Unreadable { expected })
        }
    }

    /// Spaces, of which some servers write too many.
    pub(super) fn spaces(&mut self) {
        while self.take(b' ') {}
    }

    /// The bytes up to one for which `stop` holds.
    pub(super) fn until(&mut self, stop: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.text.iter().position(|byte| stop(*byte));
        self.advance(end.unwrap_or(self.text.len()))
    }

    /// A word: up to a space, a parenthesis or the end.
    pub(super) fn word(&mut self) -> &'a [u8] {
        self.until(|byte| matches!(byte, b' ' | b'(' | b')'))
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let digits = self.until(|byte| !byte.is_ascii_digit());
        std::str::from_utf8(digits).ok()?.parse().ok()
    }

    /// Whether a literal stands here.
    fn literal(&mut self) -> Option<Text> {
        if !self.text.is_empty() {
            return None;
        }
        let (piece, rest) = self.rest.split_first()?;
        let text = match piece {
            Piece::Literal(bytes) => Text::Bytes(bytes.clone()),
            Piece::TooLarge(size) => Text::TooLarge(*size),
            Piece::Text(_) => return None,
        };
        self.rest = rest;
        if let Some((Piece::Text(text), rest)) = rest.split_first() {
            (self.text, self.rest) = (text, rest);
        }
        Some(text)
    }

    /// A quoted string, a literal, NIL or a bare word.
    pub(super) fn string(&mut self, expected: &'static str) -> Result<Text, Unreadable> {
        if let Some(text) = self.literal() {
            return Ok(text);
        }
        if self.take(b'"') {
            return self.quoted();
        }
        let word = self.word();
        match word {
            b"" => Err(Unreadable { expected }),
            word if word.eq_ignore_ascii_case(b"NIL") => Ok(Text::Nil),
            word => Ok(Text::Bytes(Bytes::copy_from_slice(word))),
        }
    }

    fn quoted(&mut self) -> Result<Text, Unreadable> {
        let mut bytes = Vec::new();
        loop {
            bytes.extend_from_slice(self.until(|byte| matches!(byte, b'"' | b'\\')));
            if self.take(b'"') {
                return Ok(Text::Bytes(Bytes::from(bytes)));
            }
            if !self.take(b'\\') {
                let expected = "the end of a quoted string";
                return Err(Unreadable { expected });
            }
            bytes.extend_from_slice(self.advance(1));
        }
    }

    /// Words in parentheses.
    pub(super) fn words(&mut self, expected: &'static str) -> Result<Vec<String>, Unreadable> {
        self.expect(b'(', expected)?;
        let mut words = Vec::new();
        loop {
            self.spaces();
            if self.take(b')') {
                return Ok(words);
            }
            let word = self.word();
            if word.is_empty() {
                return Err(Unreadable { expected });
            }
            words.push(String::from_utf8_lossy(word).into_owned());
        }
    }

    /// Passes over one value: a string, a word, or a list of values.
    pub(super) fn skip(&mut self) -> Result<(), Unreadable> {
        let expected = "a value";
        let mut depth = 0;
        loop {
            self.spaces();
            if self.take(b'(') {
                depth += 1;
                if depth > DEPTH_MAX {
                    return Err(Unreadable { expected });
                }
            } else if depth > 0 && self.take(b')') {
                depth -= 1;
            } else {
                self.string(expected)?;
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }
}

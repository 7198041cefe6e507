//! Cutting the stream of a server into responses.

use bytes::Bytes;

use super::ClientLimits;

/// A part of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// A line, or the part of one before a literal, without its end and without the marker.
    Text(Vec<u8>),
    /// A literal.
    Literal(Bytes),
    /// A literal of so many bytes that was thrown away, because it is over the limit.
    TooLarge(u64),
}

/// One response with its literals. It begins and ends with a [`Piece::Text`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawResponse {
    pub(super) pieces: Vec<Piece>,
}

impl RawResponse {
    /// The pieces in order.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }
}

/// Why the stream cannot be read further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// A response over [`ClientLimits::text`] or [`ClientLimits::pieces`].
    #[error("a response of the server is longer than {limit} bytes")]
    TooLong {
        /// The limit.
        limit: usize,
    },
    /// A literal over [`ClientLimits::discard`].
    #[error("the server announced a literal of {size} bytes")]
    LiteralTooLong {
        /// The announced size.
        size: u64,
    },
}

/// Where in a response the stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Text,
    /// In a literal that is kept.
    Keep {
        left: u64,
    },
    /// In a literal that is thrown away.
    Discard {
        size: u64,
        left: u64,
    },
}

/// Cuts bytes into responses.
#[derive(Debug)]
pub struct ResponseReader {
    limits: ClientLimits,
    state: State,
    pieces: Vec<Piece>,
    text: Vec<u8>,
    literal: Vec<u8>,
    /// Bytes of text in `pieces`.
    text_before: usize,
    /// Bytes of literals in `pieces`.
    kept: u64,
}

impl ResponseReader {
    /// At the beginning of a stream.
    pub fn new(limits: ClientLimits) -> Self {
        Self {
            limits,
            state: State::Text,
            pieces: Vec::new(),
            text: Vec::new(),
            literal: Vec::new(),
            text_before: 0,
            kept: 0,
        }
    }

    /// Whether nothing of a response has been read yet.
    pub fn is_between(&self) -> bool {
        self.state == State::Text && self.pieces.is_empty() && self.text.is_empty()
    }

    /// Takes bytes from the front of `input`; says how many, and the response that ended there.
    /// Without a response all of `input` was taken. After an error nothing more can be read.
    pub fn feed(&mut self, input: &[u8]) -> Result<(usize, Option<RawResponse>), ReadError> {
        let mut taken = 0;
        loop {
            let rest = input.get(taken..).unwrap_or_default();
            if let State::Text = self.state {
                if rest.is_empty() {
                    return Ok((taken, None));
                }
                let (read, done) = self.feed_text(rest)?;
                taken += read;
                if let Some(response) = done {
                    return Ok((taken, Some(response)));
                }
            } else {
                taken += self.feed_literal(rest);
                if self.state != State::Text {
                    return Ok((taken, None));
                }
            }
        }
    }

    fn feed_text(&mut self, rest: &[u8]) -> Result<(usize, Option<RawResponse>), ReadError> {
        let end = rest.iter().position(|byte| *byte == b'\n');
        let read = end.map_or(rest.len(), |end| end + 1);
        self.text
            .extend_from_slice(rest.get(..read).unwrap_or_default());
        if self.text_before + self.text.len() > self.limits.text
            || self.pieces.len() >= self.limits.pieces
        {
            let limit = self.limits.text;
            return Err(ReadError::TooLong { limit });
        }
        if end.is_none() {
            return Ok((read, None));
        }
        let mut line = std::mem::take(&mut self.text);
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        if let Some((before, size)) = self.marker(&line) {
            line.truncate(before);
            self.push_text(line);
            self.begin_literal(size)?;
            return Ok((read, None));
        }
        self.push_text(line);
        let pieces = std::mem::take(&mut self.pieces);
        (self.text_before, self.kept) = (0, 0);
        Ok((read, Some(RawResponse { pieces })))
    }

    fn push_text(&mut self, line: Vec<u8>) {
        self.text_before += line.len();
        self.pieces.push(Piece::Text(line));
    }

    /// The literal that the line announces at its end: where its marker begins, and its size.
    /// Only data has literals; the text of OK or NO may end in anything.
    fn marker(&self, line: &[u8]) -> Option<(usize, u64)> {
        let first = match self.pieces.first() {
            Some(Piece::Text(first)) => first.as_slice(),
            _ => line,
        };
        let kind = first.strip_prefix(b"* ")?;
        let word = kind.split(|byte| *byte == b' ').next().unwrap_or_default();
        let is_text = [&b"OK"[..], b"NO", b"BAD", b"BYE", b"PREAUTH"]
            .iter()
            .any(|name| word.eq_ignore_ascii_case(name));
        if is_text {
            return None;
        }
        let inside = line.strip_suffix(b"}")?;
        let open = inside.iter().rposition(|byte| *byte == b'{')?;
        let digits = inside.get(open + 1..)?;
        let digits = digits.strip_suffix(b"+").unwrap_or(digits);
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let size = std::str::from_utf8(digits).ok()?.parse();
        // `~{n}` is a literal too (RFC 3516).
        let before = inside.get(..open)?;
        let before = before.strip_suffix(b"~").unwrap_or(before);
        Some((before.len(), size.unwrap_or(u64::MAX)))
    }

    fn begin_literal(&mut self, size: u64) -> Result<(), ReadError> {
        self.state = if self.kept.saturating_add(size) <= self.limits.literals {
            self.kept += size;
            State::Keep { left: size }
        } else if size <= self.limits.discard {
            State::Discard { size, left: size }
        } else {
            return Err(ReadError::LiteralTooLong { size });
        };
        self.end_literal();
        Ok(())
    }

    fn feed_literal(&mut self, rest: &[u8]) -> usize {
        let (State::Keep { left } | State::Discard { left, .. }) = &mut self.state else {
            return 0;
        };
        let read = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
        *left -= read as u64;
        if let State::Keep { .. } = self.state {
            let bytes = rest.get(..read).unwrap_or_default();
            self.literal.extend_from_slice(bytes);
        }
        self.end_literal();
        read
    }

    /// Goes on with text when the literal is complete.
    fn end_literal(&mut self) {
        let piece = match self.state {
            State::Keep { left: 0 } => {
                Piece::Literal(Bytes::from(std::mem::take(&mut self.literal)))
            }
            State::Discard { size, left: 0 } => Piece::TooLarge(size),
            _ => return,
        };
        self.pieces.push(piece);
        self.state = State::Text;
    }
}

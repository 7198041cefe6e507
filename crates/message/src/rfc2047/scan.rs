//! Finding encoded words.

use memchr::memchr;

/// How the text of an encoded word is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WordEncoding {
    Base64,
    Quoted,
}

/// An encoded word: `=?charset?encoding?text?=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EncodedWord<'a> {
    pub(crate) charset: &'a [u8],
    pub(crate) encoding: WordEncoding,
    pub(crate) text: &'a [u8],
    /// Offset just after the word.
    pub(crate) end: usize,
}

/// Longest charset label looked for, in bytes (64, language suffix included).
const MAX_LABEL_BYTES: usize = 64;

/// Recognises encoded words, also longer than RFC 2047's 75 bytes and with blanks or question
/// marks in them. Linear over any number of calls with growing positions.
#[derive(Debug, Clone)]
pub(crate) struct WordScanner<'a> {
    bytes: &'a [u8],
    /// From here on there is no `?=` (known once a search came back empty).
    no_end_from: usize,
}

impl<'a> WordScanner<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            no_end_from: usize::MAX,
        }
    }

    /// The encoded word that starts at `start`.
    pub(crate) fn at(&mut self, start: usize) -> Option<EncodedWord<'a>> {
        let after = self.bytes.get(start..)?.strip_prefix(b"=?")?;
        let label_len = memchr(b'?', after.get(..MAX_LABEL_BYTES).unwrap_or(after))?;
        let charset = after.get(..label_len)?;
        if label_len == 0 || charset.iter().any(|byte| !byte.is_ascii_graphic()) {
            return None;
        }
        let encoding = match after.get(label_len + 1)? {
            b'B' | b'b' => WordEncoding::Base64,
            b'Q' | b'q' => WordEncoding::Quoted,
            _ => return None,
        };
        if after.get(label_len + 2) != Some(&b'?') {
            return None;
        }
        let text_start = start + 2 + label_len + 3;
        let text_len = self.text_len(text_start, encoding)?;
        Some(EncodedWord {
            charset,
            encoding,
            text: self.bytes.get(text_start..text_start + text_len)?,
            end: text_start + text_len + 2,
        })
    }

    /// The length of the text that starts at `start`, up to `?=`.
    fn text_len(&mut self, start: usize, encoding: WordEncoding) -> Option<usize> {
        if start >= self.no_end_from {
            return None;
        }
        let rest = self.bytes.get(start..)?;
        let mut from = 0;
        loop {
            let Some(mark) = memchr(b'?', rest.get(from..)?) else {
                self.no_end_from = start;
                return None;
            };
            let mark = from + mark;
            if rest.get(mark + 1) == Some(&b'=') {
                return Some(mark);
            }
            // Base64 has no question marks; other text has, against the standard.
            if encoding == WordEncoding::Base64 {
                return None;
            }
            from = mark + 1;
        }
    }
}

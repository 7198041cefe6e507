//! Reading header text with encoded words.
//!
//! The bytes of adjacent words of one charset are joined before the charset is decoded: mailers
//! split words within characters and within escape sequences, and some even within base64 groups.

use std::borrow::Cow;

use memchr::memmem;

use super::scan::{EncodedWord, WordEncoding, WordScanner};
use crate::{
    body::{Base64Decoder, decode_quoted_word},
    charset::{self, Charset},
    cursor::is_blank,
};

/// Decodes unfolded (or folded) header text: encoded words, and between them raw 8-bit or raw
/// ISO-2022-JP text. Control characters become blanks, so the result is one line.
pub fn decode(raw: &[u8]) -> Cow<'_, str> {
    decode_near(raw, None)
}

/// The same, for a header next to text in charset `near`: raw text is probably in it as well.
pub fn decode_near(raw: &[u8], near: Option<Charset>) -> Cow<'_, str> {
    let plain_text = |plain| charset::decode_unlabelled_near(plain, near);
    let Some(first) = memmem::find(raw, b"=?") else {
        return controls_blanked(plain_text(raw));
    };
    let mut scanner = WordScanner::new(raw);
    let mut text = String::with_capacity(raw.len());
    let mut pending: Option<Pending> = None;
    let mut plain_start = 0;
    let mut pos = first;
    while let Some(word) = next_word(raw, &mut scanner, &mut pos) {
        let plain = raw.get(plain_start..pos).unwrap_or_default();
        let adjacent = pending.is_some() && plain.iter().all(|&byte| is_blank(byte));
        if !adjacent {
            flush(&mut pending, &mut text);
            text.push_str(&plain_text(plain));
        }
        if pending
            .as_ref()
            .is_some_and(|pending| !pending.has_charset(word.charset))
        {
            flush(&mut pending, &mut text);
        }
        pending
            .get_or_insert_with(|| Pending::new(word.charset))
            .add(&word);
        plain_start = word.end;
        pos = word.end;
    }
    flush(&mut pending, &mut text);
    text.push_str(&plain_text(raw.get(plain_start..).unwrap_or_default()));
    controls_blanked(Cow::Owned(text))
}

/// `text` with blanks for control characters: no line end, escape or NUL comes out of a header.
pub(crate) fn without_controls(text: &str) -> Cow<'_, str> {
    controls_blanked(Cow::Borrowed(text))
}

fn controls_blanked(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
        Cow::Owned(
            text.chars()
                .map(|c| if c.is_ascii_control() { ' ' } else { c })
                .collect(),
        )
    } else {
        text
    }
}

/// The next word from `pos` on, which is moved to its start.
fn next_word<'a>(
    raw: &[u8],
    scanner: &mut WordScanner<'a>,
    pos: &mut usize,
) -> Option<EncodedWord<'a>> {
    loop {
        *pos += memmem::find(raw.get(*pos..)?, b"=?")?;
        if let Some(word) = scanner.at(*pos) {
            return Some(word);
        }
        *pos += 1;
    }
}

/// Adjacent words of one charset.
struct Pending {
    charset: Vec<u8>,
    bytes: Vec<u8>,
    base64: Base64Decoder,
}

impl Pending {
    fn new(charset: &[u8]) -> Self {
        Self {
            charset: without_language(charset).to_vec(),
            bytes: Vec::new(),
            base64: Base64Decoder::default(),
        }
    }

    fn has_charset(&self, charset: &[u8]) -> bool {
        self.charset.eq_ignore_ascii_case(without_language(charset))
    }

    fn add(&mut self, word: &EncodedWord<'_>) {
        match word.encoding {
            WordEncoding::Base64 => {
                // A word whose group is open goes on in this one, unless all that is missing
                // there is the padding.
                self.base64.resume(word.text, &mut self.bytes);
                self.base64.feed(word.text, &mut self.bytes);
            }
            WordEncoding::Quoted => {
                self.base64.finish(&mut self.bytes);
                decode_quoted_word(word.text, &mut self.bytes);
            }
        }
    }
}

fn flush(pending: &mut Option<Pending>, text: &mut String) {
    if let Some(mut pending) = pending.take() {
        pending.base64.finish(&mut pending.bytes);
        let label = String::from_utf8_lossy(&pending.charset);
        text.push_str(&charset::decode(&label, &pending.bytes).text);
    }
}

/// `utf-8*ja` names a language after the charset (RFC 2231 §5).
fn without_language(charset: &[u8]) -> &[u8] {
    charset
        .split(|&byte| byte == b'*')
        .next()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;

//! From bytes and a label to text.

use std::borrow::Cow;

use encoding_rs::Encoding;

use super::{
    detect::{detect, truthful},
    euc_jp, iso_2022_jp,
    label::Charset,
    utf_7,
};

/// A decoded text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The text; what could not be decoded is U+FFFD.
    pub text: Cow<'a, str>,
    /// The charset it was decoded from, which the label need not have named.
    pub charset: Charset,
    /// Whether all of it could be decoded.
    pub fidelity: Fidelity,
}

/// Whether a text was decoded without loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fidelity {
    /// Every byte had a meaning.
    Exact,
    /// Some bytes became U+FFFD.
    Lossy,
}

impl Fidelity {
    pub(super) fn from_errors(errors: bool) -> Self {
        if errors { Self::Lossy } else { Self::Exact }
    }
}

/// Decodes `bytes` labelled `label` (empty when there is no label). A label that the bytes
/// contradict is not believed; where there is none, the charset is detected.
pub fn decode<'a>(label: &str, bytes: &'a [u8]) -> Decoded<'a> {
    let charset = match Charset::from_label(label) {
        Some(labelled) => truthful(labelled, bytes),
        None => detect(bytes),
    };
    decode_as(charset, bytes)
}

/// Decodes `bytes` from `charset`, believing it.
pub fn decode_as(charset: Charset, bytes: &[u8]) -> Decoded<'_> {
    let (text, fidelity) = match charset {
        Charset::Utf8 => utf_8(bytes),
        Charset::Iso2022Jp => iso_2022_jp::decode(bytes),
        Charset::EucJp => euc_jp::decode(bytes),
        Charset::ShiftJis => table(encoding_rs::SHIFT_JIS, bytes),
        Charset::Utf7 => utf_7::decode(bytes),
        Charset::Other(encoding) => utf_16_or_table(encoding, bytes),
    };
    Decoded {
        text,
        charset,
        fidelity,
    }
}

/// Decodes text that has no label, as raw header text.
pub fn decode_unlabelled(bytes: &[u8]) -> Cow<'_, str> {
    decode_unlabelled_near(bytes, None)
}

/// Decodes text that has no label, next to text in charset `near`: that one is taken when the
/// bytes are not UTF-8 and it fits them, because a few bytes are too little for a guess.
pub fn decode_unlabelled_near(bytes: &[u8], near: Option<Charset>) -> Cow<'_, str> {
    let shifted = memchr::memchr(0x1b, bytes).is_some();
    if let (Ok(text), false) = (std::str::from_utf8(bytes), shifted) {
        return Cow::Borrowed(text);
    }
    if let Some(near) = near.filter(|_| !shifted) {
        let decoded = decode_as(near, bytes);
        if decoded.fidelity == Fidelity::Exact {
            return decoded.text;
        }
    }
    decode_as(detect(bytes), bytes).text
}

fn utf_8(bytes: &[u8]) -> (Cow<'_, str>, Fidelity) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => (Cow::Borrowed(text), Fidelity::Exact),
        Err(_) => (String::from_utf8_lossy(bytes), Fidelity::Lossy),
    }
}

fn table<'a>(encoding: &'static Encoding, bytes: &'a [u8]) -> (Cow<'a, str>, Fidelity) {
    let (text, errors) = encoding.decode_without_bom_handling(bytes);
    (text, Fidelity::from_errors(errors))
}

/// UTF-16's byte order is told by its mark, else by where the zeros of ASCII are; RFC 2781 §4.3
/// makes big endian the default.
fn utf_16_or_table<'a>(encoding: &'static Encoding, bytes: &'a [u8]) -> (Cow<'a, str>, Fidelity) {
    if encoding != encoding_rs::UTF_16LE && encoding != encoding_rs::UTF_16BE {
        return table(encoding, bytes);
    }
    if let Some((found, mark)) = Encoding::for_bom(bytes) {
        return table(found, bytes.get(mark..).unwrap_or_default());
    }
    let zeros = |at: usize| {
        bytes
            .iter()
            .skip(at)
            .step_by(2)
            .take(512)
            .filter(|b| **b == 0)
            .count()
    };
    let little = if zeros(0) == zeros(1) {
        encoding
    } else {
        endian(zeros(1) > zeros(0))
    };
    table(little, bytes)
}

fn endian(little: bool) -> &'static Encoding {
    if little {
        encoding_rs::UTF_16LE
    } else {
        encoding_rs::UTF_16BE
    }
}

#[cfg(test)]
mod tests;

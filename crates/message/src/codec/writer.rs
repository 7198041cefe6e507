//! The writing side of the stored format.

use super::dictionary;
use crate::text::HeaderText;

/// Appends values to bytes.
#[derive(Debug)]
pub(super) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(super) fn new(version: u8) -> Self {
        let mut bytes = Vec::with_capacity(256);
        bytes.push(version);
        Self { bytes }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    /// LEB128.
    pub(super) fn number(&mut self, number: u64) {
        let mut rest = number;
        while rest >= 0x80 {
            self.bytes.push((rest as u8) | 0x80);
            rest >>= 7;
        }
        self.bytes.push(rest as u8);
    }

    /// Zigzag: small numbers of both signs stay short.
    pub(super) fn signed(&mut self, number: i64) {
        self.number(((number << 1) ^ (number >> 63)) as u64);
    }

    pub(super) fn count(&mut self, count: usize) {
        self.number(count as u64);
    }

    pub(super) fn blob(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn string(&mut self, text: &str) {
        self.blob(text.as_bytes());
    }

    /// A text: its length and whether a decoded form follows share a number.
    pub(super) fn text(&mut self, text: &HeaderText) {
        let decoded = text.decoded_when_different();
        self.number((text.raw().len() as u64) << 1 | u64::from(decoded.is_some()));
        self.bytes.extend_from_slice(text.raw());
        if let Some(decoded) = decoded {
            self.string(decoded);
        }
    }

    /// A word that may be in the dictionary.
    pub(super) fn word(&mut self, word: &str) {
        let number = dictionary::number(word.as_bytes());
        self.number(u64::from(number.unwrap_or(0)));
        if number.is_none() {
            self.string(word);
        }
    }

    /// A text that may be in the dictionary.
    pub(super) fn text_or_word(&mut self, text: &HeaderText) {
        let plain = text.decoded_when_different().is_none();
        let number = if plain {
            dictionary::number(text.raw())
        } else {
            None
        };
        self.number(u64::from(number.unwrap_or(0)));
        if number.is_none() {
            self.text(text);
        }
    }
}

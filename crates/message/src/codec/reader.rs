//! The reading side of the stored format.

use super::{DecodeError, dictionary};
use crate::text::HeaderText;

/// Takes values from bytes.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn finish(&self) -> Result<(), DecodeError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(DecodeError::Damaged("more bytes than expected"))
        }
    }

    pub(super) fn byte(&mut self) -> Result<u8, DecodeError> {
        let (&byte, rest) = self.rest.split_first().ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(byte)
    }

    pub(super) fn number(&mut self) -> Result<u64, DecodeError> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(DecodeError::Damaged("number too large"))
    }

    pub(super) fn signed(&mut self) -> Result<i64, DecodeError> {
        let number = self.number()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    pub(super) fn number_u32(&mut self) -> Result<u32, DecodeError> {
        u32::try_from(self.number()?).map_err(|_| DecodeError::Damaged("number too large"))
    }

    /// A number of things of which each takes at least one byte.
    pub(super) fn count(&mut self) -> Result<usize, DecodeError> {
        let count = self.number()?;
        match usize::try_from(count) {
            Ok(count) if count <= self.rest.len() => Ok(count),
            _ => Err(DecodeError::Truncated),
        }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn string(&mut self) -> Result<&'a str, DecodeError> {
        let count = self.count()?;
        utf_8(self.take(count)?)
    }

    pub(super) fn text(&mut self) -> Result<HeaderText, DecodeError> {
        let head = self.number()?;
        let len = usize::try_from(head >> 1).map_err(|_| DecodeError::Truncated)?;
        let raw = self.take(len)?;
        let decoded = if head & 1 == 1 {
            self.string()?
        } else {
            utf_8(raw)?
        };
        Ok(HeaderText::from_parts(raw, decoded))
    }

    /// A word of the dictionary, or one that follows.
    pub(super) fn word(&mut self) -> Result<Box<str>, DecodeError> {
        match self.number_u32()? {
            0 => Ok(self.string()?.into()),
            number => known(number).map(Box::from),
        }
    }

    pub(super) fn text_or_word(&mut self) -> Result<HeaderText, DecodeError> {
        match self.number_u32()? {
            0 => self.text(),
            number => known(number).map(|word| HeaderText::from_parts(word.as_bytes(), word)),
        }
    }
}

fn known(number: u32) -> Result<&'static str, DecodeError> {
    dictionary::word(number).ok_or(DecodeError::Damaged("word unknown to the dictionary"))
}

fn utf_8(bytes: &[u8]) -> Result<&str, DecodeError> {
    std::str::from_utf8(bytes).map_err(|_| DecodeError::Damaged("text is not UTF-8"))
}

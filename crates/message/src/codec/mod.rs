//! Envelope and structure as compact bytes for the database.
//!
//! The first byte is the version. Decoding is total: rubbish gives an error, never a panic, and
//! what decodes keeps the invariants of [`Structure`] and [`Envelope`]. Numbers are LEB128, ranges
//! are differences to what comes before, and common words are numbers of a dictionary.

mod dictionary;
mod envelope;
mod reader;
mod structure;
mod writer;

use crate::{envelope::Envelope, structure::Structure};
use reader::Reader;
use writer::Writer;

/// The version that is written. Each one that was ever written can be read.
const VERSION: u8 = 1;

/// Why stored bytes could not be decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The first byte names a version that this program does not know.
    #[error("unknown version {0} of a stored envelope or structure")]
    Version(u8),
    /// The bytes end too early.
    #[error("stored envelope or structure ends too early")]
    Truncated,
    /// The bytes break a rule, which the text names.
    #[error("stored envelope or structure is damaged: {0}")]
    Damaged(&'static str),
}

impl Envelope {
    /// The envelope as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(VERSION);
        envelope::write(&mut writer, self);
        writer.into_bytes()
    }

    /// The envelope from what [`encode`](Self::encode) gave.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = open(bytes)?;
        let envelope = envelope::read(&mut reader)?;
        reader.finish()?;
        Ok(envelope)
    }
}

impl Structure {
    /// The structure as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(VERSION);
        structure::write(&mut writer, &self.root);
        writer.into_bytes()
    }

    /// The structure from what [`encode`](Self::encode) gave.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = open(bytes)?;
        let root = structure::read(&mut reader)?;
        reader.finish()?;
        Ok(Self { root })
    }
}

fn open(bytes: &[u8]) -> Result<Reader<'_>, DecodeError> {
    let mut reader = Reader::new(bytes);
    match reader.byte()? {
        VERSION => Ok(reader),
        other => Err(DecodeError::Version(other)),
    }
}

#[cfg(test)]
mod tests;

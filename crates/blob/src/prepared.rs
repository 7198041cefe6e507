//! A content made ready for storing, outside any transaction.

use bytes::Bytes;

use crate::{codec, hash::ContentHash};

/// How a content's bytes are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As they are.
    Raw,
    /// One Zstandard frame.
    Zstd,
}

impl Encoding {
    /// The number as stored.
    pub(crate) const fn code(self) -> i64 {
        match self {
            Self::Raw => 0,
            Self::Zstd => 1,
        }
    }

    /// The encoding for a stored number.
    pub(crate) const fn from_code(code: i64) -> Option<Self> {
        match code {
            0 => Some(Self::Raw),
            1 => Some(Self::Zstd),
            _ => None,
        }
    }
}

/// A content with its hash, encoded for storing. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Prepared {
    hash: ContentHash,
    size: u64,
    encoding: Encoding,
    data: Bytes,
}

/// Hashes and compresses a content: work for the processor, so not inside a transaction, and for
/// large contents on a thread that may block.
pub fn prepare(content: &Bytes) -> Prepared {
    let (encoding, data) = match codec::compress(content) {
        Some(compressed) => (Encoding::Zstd, Bytes::from(compressed)),
        None => (Encoding::Raw, content.clone()),
    };
    Prepared {
        hash: ContentHash::of(content),
        size: content.len() as u64,
        encoding,
        data,
    }
}

impl Prepared {
    /// The content's address.
    pub fn hash(&self) -> &ContentHash {
        &self.hash
    }

    /// Bytes of the content itself.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Bytes that will be stored.
    pub fn stored_size(&self) -> u64 {
        self.data.len() as u64
    }

    /// How it will be stored.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    pub(crate) fn data(&self) -> &[u8] {
        &self.data
    }
}

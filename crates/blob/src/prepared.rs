//! A content made ready for storing, outside any transaction.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use hikyaku_types::{TenantId, Timestamp};

use crate::{codec, hash::ContentHash, name::ObjectName};

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

/// An object that holds a content and that no row names yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Upload {
    pub(crate) name: ObjectName,
    /// When it began; a transaction that comes much later must not rely on it.
    pub(crate) at: Timestamp,
}

/// A content with its hash, encoded for storing. Cheap to clone.
///
/// One that is to become an object has to be uploaded
/// ([`Contents::upload`](crate::Contents::upload)) before a transaction refers to it.
#[derive(Debug, Clone)]
pub struct Prepared {
    hash: ContentHash,
    size: u64,
    encoding: Encoding,
    data: Bytes,
    /// The uploads of a content that is to be an object, by the tenant each is for. A tenant
    /// without one had the content already.
    uploads: Option<Arc<BTreeMap<TenantId, Upload>>>,
}

/// Hashes and compresses a content that will be stored in the database: work for the processor, so
/// not inside a transaction, and for large contents on a thread that may block.
/// [`Contents::prepare`](crate::Contents::prepare) decides by the size.
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
        uploads: None,
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

    /// Whether it is to become an object, so that it has to be uploaded for each tenant.
    pub fn is_object(&self) -> bool {
        self.uploads.is_some()
    }

    pub(crate) fn data(&self) -> &Bytes {
        &self.data
    }

    /// The uploads, for a content that is to be an object.
    pub(crate) fn uploads(&self) -> Option<&BTreeMap<TenantId, Upload>> {
        self.uploads.as_deref()
    }

    /// The same content as an object, with these uploads.
    pub(crate) fn with_uploads(self, uploads: BTreeMap<TenantId, Upload>) -> Self {
        Self {
            uploads: Some(Arc::new(uploads)),
            ..self
        }
    }
}

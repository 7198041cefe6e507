//! Reading a content back.

use bytes::Bytes;
use hikyaku_db::{Tx, params};
use hikyaku_types::TenantId;

use crate::{codec, error::BlobError, hash::ContentHash, name::ObjectName, prepared::Encoding};

/// A content as it is stored, taken out of the database but not yet decoded; of an object its name.
#[derive(Debug, Clone)]
pub struct Stored {
    pub(crate) facts: StoredFacts,
    pub(crate) data: StoredData,
}

/// What the row of a content says beside the data.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StoredFacts {
    pub(crate) hash: ContentHash,
    pub(crate) size: u64,
    pub(crate) stored_size: u64,
    pub(crate) encoding: Encoding,
}

/// Where the bytes are.
#[derive(Debug, Clone)]
pub(crate) enum StoredData {
    /// Here, encoded.
    Inline(Vec<u8>),
    /// In an object.
    Object(ObjectName),
    /// Here, decoded and checked.
    Open(Bytes),
}

const PLACE_INLINE: i64 = 0;
const PLACE_OBJECT: i64 = 1;

/// Takes a content out of the database. [`Stored::open`] decodes it, after the transaction; an
/// object is read by [`Contents`](crate::Contents).
pub fn load(tx: &Tx<'_>, tenant: TenantId, hash: &ContentHash) -> Result<Stored, BlobError> {
    let row = tx.query_opt(
        "SELECT size, stored_size, encoding, place, object_name, data FROM blob \
         WHERE tenant_id = ?1 AND hash = ?2",
        params![tenant, hash],
        |row| {
            let sizes = (row.get::<u64>(0)?, row.get::<u64>(1)?);
            let codes = (row.get::<i64>(2)?, row.get::<i64>(3)?);
            let name = row.get::<Option<ObjectName>>(4)?;
            Ok((sizes, codes, name, row.get::<Option<Vec<u8>>>(5)?))
        },
    )?;
    let Some(((size, stored_size), (encoding, place), name, data)) = row else {
        return Err(BlobError::Missing { hash: *hash });
    };
    let unknown = |what, code| BlobError::Unknown {
        hash: *hash,
        what,
        code,
    };
    let data = match (place, name, data) {
        (PLACE_INLINE, None, Some(data)) => StoredData::Inline(data),
        (PLACE_OBJECT, Some(name), None) => StoredData::Object(name),
        _ => return Err(unknown("place", place)),
    };
    let encoding = Encoding::from_code(encoding).ok_or_else(|| unknown("encoding", encoding))?;
    let facts = StoredFacts {
        hash: *hash,
        size,
        stored_size,
        encoding,
    };
    Ok(Stored { facts, data })
}

/// Reads a content that is in the database: [`load`] and [`Stored::open`] in one, for small ones.
pub fn read(tx: &Tx<'_>, tenant: TenantId, hash: &ContentHash) -> Result<Bytes, BlobError> {
    load(tx, tenant, hash)?.open()
}

impl Stored {
    /// The content's address.
    pub fn hash(&self) -> &ContentHash {
        &self.facts.hash
    }

    /// Bytes of the content itself.
    pub fn size(&self) -> u64 {
        self.facts.size
    }

    /// The object that holds it, unless it is in the database or was fetched.
    pub fn object(&self) -> Option<&ObjectName> {
        match &self.data {
            StoredData::Object(name) => Some(name),
            StoredData::Inline(_) | StoredData::Open(_) => None,
        }
    }

    /// Decodes the content and checks it against its hash. An object has to be fetched first
    /// ([`Contents::fetch`](crate::Contents::fetch)).
    pub fn open(self) -> Result<Bytes, BlobError> {
        match self.data {
            StoredData::Inline(data) => self.facts.decode(data.into()),
            StoredData::Open(bytes) => Ok(bytes),
            StoredData::Object(_) => Err(BlobError::NotFetched {
                hash: self.facts.hash,
            }),
        }
    }
}

impl StoredFacts {
    /// The content, checked against length and hash.
    pub(crate) fn decode(&self, data: Bytes) -> Result<Bytes, BlobError> {
        let corrupt = |reason| BlobError::Corrupt {
            hash: self.hash,
            reason,
        };
        let bytes = match self.encoding {
            Encoding::Raw => data,
            Encoding::Zstd => {
                let size = usize::try_from(self.size).map_err(|_| corrupt("impossible size"))?;
                let decoded = codec::decompress(&data, size);
                Bytes::from(decoded.ok_or_else(|| corrupt("cannot be decompressed"))?)
            }
        };
        if bytes.len() as u64 != self.size {
            return Err(corrupt("wrong length"));
        }
        if ContentHash::of(&bytes) != self.hash {
            return Err(corrupt("wrong hash"));
        }
        Ok(bytes)
    }
}

//! Reading a content back.

use std::collections::HashMap;

use bytes::Bytes;
use hikyaku_db::{DbError, Row, Tx, Value, params, sql::in_list};
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
    let sql = format!("SELECT {COLUMNS} FROM blob WHERE tenant_id = ?1 AND hash = ?2");
    tx.query_opt(&sql, params![tenant, hash], StoredRow::read)?
        .ok_or(BlobError::Missing { hash: *hash })?
        .stored()
}

/// Takes several contents out of the database in one statement, like [`load`]; those that are
/// missing are left out. At most [`LOAD_MAX`] hashes, each once.
pub fn load_many(
    tx: &Tx<'_>,
    tenant: TenantId,
    hashes: &[ContentHash],
) -> Result<HashMap<ContentHash, Result<Stored, BlobError>>, BlobError> {
    debug_assert!(hashes.len() <= LOAD_MAX, "{} hashes", hashes.len());
    let Some(last) = hashes.last() else {
        return Ok(HashMap::new());
    };
    // Few different lengths, because each takes a place among the prepared statements.
    let length = LOAD_LENGTHS.iter().find(|length| hashes.len() <= **length);
    let length = length.copied().unwrap_or(hashes.len());
    let mut parameters: Vec<Value<'_>> = vec![tenant.into()];
    parameters.extend(hashes.iter().map(Value::from));
    parameters.resize(1 + length, Value::from(last));
    let list = in_list(2, length);
    let sql = format!("SELECT {COLUMNS} FROM blob WHERE tenant_id = ?1 AND hash IN ({list})");
    let rows = tx.query(&sql, &parameters, StoredRow::read)?;
    Ok(rows
        .into_iter()
        .map(|row| (row.hash, row.stored()))
        .collect())
}

/// Most contents that one statement takes out of the database (256).
pub const LOAD_MAX: usize = 256;

/// Lengths that lists of hashes have.
const LOAD_LENGTHS: [usize; 4] = [1, 8, 64, LOAD_MAX];

/// The columns of a [`StoredRow`].
const COLUMNS: &str = "hash, size, stored_size, encoding, place, object_name, data";

/// A content's row as it is in the database.
struct StoredRow {
    hash: ContentHash,
    size: u64,
    stored_size: u64,
    encoding: i64,
    place: i64,
    name: Option<String>,
    data: Option<Vec<u8>>,
}

impl StoredRow {
    fn read(row: &Row<'_>) -> Result<Self, DbError> {
        Ok(Self {
            hash: row.get(0)?,
            size: row.get(1)?,
            stored_size: row.get(2)?,
            encoding: row.get(3)?,
            place: row.get(4)?,
            name: row.get(5)?,
            data: row.get(6)?,
        })
    }

    fn stored(self) -> Result<Stored, BlobError> {
        let hash = self.hash;
        let unknown = |what, code| BlobError::Unknown { hash, what, code };
        let name = self.name.as_deref().map(ObjectName::parse);
        let data = match (self.place, name, self.data) {
            (PLACE_INLINE, None, Some(data)) => StoredData::Inline(data),
            (PLACE_OBJECT, Some(Some(name)), None) => StoredData::Object(name),
            _ => return Err(unknown("place", self.place)),
        };
        let encoding = Encoding::from_code(self.encoding);
        let facts = StoredFacts {
            hash,
            size: self.size,
            stored_size: self.stored_size,
            encoding: encoding.ok_or_else(|| unknown("encoding", self.encoding))?,
        };
        Ok(Stored { facts, data })
    }
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
    /// ([`Contents::bring`](crate::Contents::bring)).
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

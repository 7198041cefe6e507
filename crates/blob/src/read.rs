//! Reading a content back.

use bytes::Bytes;
use hikyaku_db::{Tx, params};
use hikyaku_types::TenantId;

use crate::{codec, error::BlobError, hash::ContentHash, prepared::Encoding};

/// A content as it is stored, taken out of the database but not yet decoded.
#[derive(Debug, Clone)]
pub struct Stored {
    hash: ContentHash,
    size: u64,
    encoding: Encoding,
    data: Vec<u8>,
}

/// Takes a content out of the database. [`Stored::open`] decodes it, after the transaction.
pub fn load(tx: &Tx<'_>, tenant: TenantId, hash: &ContentHash) -> Result<Stored, BlobError> {
    let row = tx.query_opt(
        "SELECT size, encoding, place, data FROM blob WHERE tenant_id = ?1 AND hash = ?2",
        params![tenant, hash],
        |row| {
            let numbers = (row.get::<u64>(0)?, row.get::<i64>(1)?, row.get::<i64>(2)?);
            Ok((numbers, row.get::<Option<Vec<u8>>>(3)?))
        },
    )?;
    let Some(((size, encoding, place), data)) = row else {
        return Err(BlobError::Missing { hash: *hash });
    };
    let unknown = |what, code| BlobError::Unknown {
        hash: *hash,
        what,
        code,
    };
    let (0, Some(data)) = (place, data) else {
        return Err(unknown("place", place));
    };
    let encoding = Encoding::from_code(encoding).ok_or_else(|| unknown("encoding", encoding))?;
    Ok(Stored {
        hash: *hash,
        size,
        encoding,
        data,
    })
}

/// Reads a content: [`load`] and [`Stored::open`] in one, for small contents.
pub fn read(tx: &Tx<'_>, tenant: TenantId, hash: &ContentHash) -> Result<Bytes, BlobError> {
    load(tx, tenant, hash)?.open()
}

impl Stored {
    /// Bytes of the content itself.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Decodes the content and checks it against its hash.
    pub fn open(self) -> Result<Bytes, BlobError> {
        let corrupt = |reason| BlobError::Corrupt {
            hash: self.hash,
            reason,
        };
        let bytes = match self.encoding {
            Encoding::Raw => self.data,
            Encoding::Zstd => {
                let size = usize::try_from(self.size).map_err(|_| corrupt("impossible size"))?;
                codec::decompress(&self.data, size)
                    .ok_or_else(|| corrupt("cannot be decompressed"))?
            }
        };
        if bytes.len() as u64 != self.size {
            return Err(corrupt("wrong length"));
        }
        if ContentHash::of(&bytes) != self.hash {
            return Err(corrupt("wrong hash"));
        }
        Ok(Bytes::from(bytes))
    }
}

//! Reading everything that is stored again, for `doctor`. Nothing is changed.

use hikyaku_db::Database;
use hikyaku_types::TenantId;

use crate::{
    contents::Contents,
    error::BlobError,
    garbage,
    hash::ContentHash,
    identity, list,
    name::ObjectName,
    read::{Stored, StoredData, load},
};

/// Contents, or names of objects, that one step looks at (100). Contents are in memory one at a
/// time.
const PAGE: u32 = 100;

/// What one step of [`Contents::verify`] found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verified {
    /// Contents that were read.
    pub contents: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many of them are objects.
    pub objects: u64,
    /// Contents that are missing or damaged, and how that shows.
    pub faults: Vec<(ContentHash, BlobError)>,
    /// Where the next step begins; none when all were read.
    pub next: Option<ContentHash>,
}

/// What one step of [`Contents::find_unused`] found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unused {
    /// Objects that are there.
    pub objects: u64,
    /// Those of them that no content refers to and that are not noted as garbage: uploads on their
    /// way, or without a transaction. The sweep deals with them.
    pub unused: u64,
    /// Where the next step begins; none when all were looked at.
    pub next: Option<ObjectName>,
}

impl Contents {
    /// Reads some of a tenant's contents, from the one behind `after` on, and checks them against
    /// length and hash.
    ///
    /// # Errors
    /// What is temporary, such as a storage that does not answer: then nothing is said about the
    /// contents.
    pub async fn verify(
        &self,
        db: &Database,
        tenant: TenantId,
        after: Option<ContentHash>,
    ) -> Result<Verified, BlobError> {
        let hashes = db
            .read(move |tx| list::hashes(tx, tenant, after.as_ref(), PAGE))
            .await?;
        let is_last = hashes.len() < PAGE as usize;
        let mut verified = Verified {
            next: hashes.last().copied().filter(|_| !is_last),
            ..Verified::default()
        };
        for hash in hashes {
            let read = match db.read(move |tx| load(tx, tenant, &hash)).await {
                // Its last reference went a moment ago.
                Err(BlobError::Missing { .. }) => continue,
                Ok(stored) => {
                    verified.objects += u64::from(stored.object().is_some());
                    self.read_anew(stored).await
                }
                Err(error) => Err(error),
            };
            match read {
                Ok(bytes) => {
                    verified.contents += 1;
                    verified.bytes += bytes;
                }
                Err(error) if error.is_temporary() => return Err(error),
                Err(error) => {
                    if self.is_still_stored(db, tenant, hash).await? {
                        verified.contents += 1;
                        verified.faults.push((hash, error));
                    }
                }
            }
        }
        Ok(verified)
    }

    /// Looks which objects of the store, from the one behind `after` on, nothing refers to.
    pub async fn find_unused(&self, after: Option<ObjectName>) -> Result<Unused, BlobError> {
        let Some(outside) = self.outside() else {
            return Ok(Unused::default());
        };
        identity::check(&outside.db, &outside.objects).await?;
        let begin = after.as_ref().map_or("", ObjectName::as_str);
        let names = outside.objects.list(begin, PAGE as usize).await?;
        let objects = names.len() as u64;
        let next = names.last().cloned();
        let unused = outside
            .db
            .read(move |tx| garbage::unknown(tx, &names))
            .await?;
        Ok(Unused {
            objects,
            unused: unused.len() as u64,
            next: next.filter(|_| objects == u64::from(PAGE)),
        })
    }

    /// Reads a content past the memory; its bytes.
    async fn read_anew(&self, stored: Stored) -> Result<u64, BlobError> {
        let bytes = stored.size();
        match (&stored.data, self.outside()) {
            (StoredData::Object(name), Some(outside)) => {
                outside.fetch_anew(name, stored.facts).await?;
            }
            _ => drop(self.read(stored).await?),
        }
        Ok(bytes)
    }

    async fn is_still_stored(
        &self,
        db: &Database,
        tenant: TenantId,
        hash: ContentHash,
    ) -> Result<bool, BlobError> {
        let before = hash;
        match db.read(move |tx| load(tx, tenant, &before)).await {
            Err(BlobError::Missing { .. }) => Ok(false),
            Err(error) if error.is_temporary() => Err(error),
            _ => Ok(true),
        }
    }
}

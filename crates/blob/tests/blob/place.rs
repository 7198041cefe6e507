//! Stores of objects for tests: a folder and an S3.

use std::{fs, path::PathBuf, time::Duration};

use bytes::Bytes;
use hikyaku_blob::{
    Addressing, BlobError, ContentHash, Contents, FolderSync, Objects, Prepared, S3Options,
    S3Transport, Stored, add_reference, load, release,
};
use hikyaku_db::{Database, params};
use hikyaku_testkit::s3::{BUCKET, FakeS3, KEY_ID, SECRET};
use hikyaku_types::TenantId;
use tempfile::TempDir;

use crate::fixture::write;

/// The inline limit of the tests.
pub(crate) const LIMIT: u64 = 4096;

/// A store of objects.
pub(crate) enum Place {
    Folder(TempDir),
    S3(FakeS3),
}

impl Place {
    /// One of each kind.
    pub(crate) fn all() -> [Self; 2] {
        let folder = tempfile::tempdir().unwrap();
        [Self::Folder(folder), Self::S3(FakeS3::start().unwrap())]
    }

    /// Contents in this store, as one process sees them.
    pub(crate) fn contents(&self, db: &Database) -> Contents {
        let objects = match self {
            Self::Folder(folder) => {
                Objects::folder(folder.path().join("objects"), FolderSync::Full)
            }
            Self::S3(s3) => Objects::s3(&options(s3)).unwrap(),
        };
        Contents::with_objects(db.clone(), objects, LIMIT)
    }

    /// The folder in which the objects can be seen as files.
    pub(crate) fn root(&self) -> PathBuf {
        match self {
            Self::Folder(folder) => folder.path().join("objects"),
            Self::S3(s3) => s3.bucket().join("one/store"),
        }
    }

    /// The names of the objects.
    pub(crate) fn objects(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.root()];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = fs::read_dir(&folder) else {
                continue;
            };
            for entry in entries {
                let path = entry.unwrap().path();
                let name = path
                    .strip_prefix(self.root())
                    .unwrap()
                    .display()
                    .to_string();
                if path.is_dir() {
                    folders.push(path);
                } else if name.starts_with("20") {
                    found.push(name);
                }
            }
        }
        found.sort();
        found
    }
}

/// How the tests reach an S3: with little patience.
pub(crate) fn options(s3: &FakeS3) -> S3Options {
    S3Options {
        endpoint: Some(s3.endpoint()),
        bucket: BUCKET.to_owned(),
        prefix: "one/store".to_owned(),
        region: "us-east-1".to_owned(),
        access_key_id: KEY_ID.to_owned(),
        secret_access_key: SECRET.to_owned(),
        addressing: Addressing::Path,
        transport: S3Transport::PlainAllowed,
        patience: Duration::from_secs(1),
    }
}

/// A content that does not compress, different for each number.
pub(crate) fn large(number: u8) -> Bytes {
    let mut octets = vec![0; 3 * LIMIT as usize];
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[number]);
    hasher.finalize_xof().fill(&mut octets);
    octets.into()
}

/// Prepares, uploads and adds a reference.
pub(crate) async fn store(
    db: &Database,
    contents: &Contents,
    tenant: TenantId,
    content: &Bytes,
) -> Result<ContentHash, BlobError> {
    let prepared = contents
        .upload(contents.prepare(content), &[tenant])
        .await?;
    let hash = *prepared.hash();
    refer(db, tenant, prepared).await.map(|()| hash)
}

pub(crate) async fn refer(
    db: &Database,
    tenant: TenantId,
    prepared: Prepared,
) -> Result<(), BlobError> {
    write(db, move |tx| add_reference(tx, tenant, &prepared, 1)).await
}

pub(crate) async fn let_go(db: &Database, tenant: TenantId, hash: ContentHash) {
    write(db, move |tx| release(tx, tenant, &hash, 1))
        .await
        .unwrap();
}

pub(crate) async fn stored(db: &Database, tenant: TenantId, hash: ContentHash) -> Stored {
    db.read(move |tx| load(tx, tenant, &hash)).await.unwrap()
}

/// The content as it is read.
pub(crate) async fn read_back(
    db: &Database,
    contents: &Contents,
    tenant: TenantId,
    hash: ContentHash,
) -> Result<Bytes, BlobError> {
    let stored = db.read(move |tx| load(tx, tenant, &hash)).await?;
    contents.read(stored).await
}

/// Whether the row holds the bytes.
pub(crate) async fn is_inline(db: &Database, tenant: TenantId, hash: ContentHash) -> bool {
    db.read(move |tx| {
        Ok::<_, BlobError>(tx.query_one(
            "SELECT data IS NOT NULL FROM blob WHERE tenant_id = ?1 AND hash = ?2",
            params![tenant, &hash],
            |row| row.get::<bool>(0),
        )?)
    })
    .await
    .unwrap()
}

//! [`Contents`]: how contents are prepared and read, wherever they are stored.
//!
//! Nothing here runs inside a transaction: objects are uploaded before the transaction that refers
//! to them, and read after the one that named them.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use hikyaku_db::{Database, Tx, Value, sql::in_list};
use hikyaku_types::{TenantId, Timestamp};
use tokio::sync::{Mutex, OnceCell};
use tracing::debug;

use crate::{
    cache::Cache,
    error::BlobError,
    hash::ContentHash,
    identity,
    name::ObjectName,
    objects::{ObjectError, ObjectMetricsSnapshot, Objects},
    prepared::{Prepared, Upload, prepare},
    read::{Stored, StoredData, StoredFacts},
};

/// Contents whose stored form is larger than this are objects (64 KiB): below it a row of the
/// database is cheaper to write and to read than a file.
pub const INLINE_LIMIT: u64 = 64 << 10;

/// From this size on (256 KiB) decoding moves to a thread that may block.
const DECODE_ON_BLOCKING_THREAD: u64 = 256 << 10;

/// How long the answer to "does the object storage answer" holds (5 s).
pub const CHECK_SECONDS: u64 = 5;

/// Tenants whose contents are looked up by one statement.
const TENANTS_AT_ONCE: usize = 100;

/// Where contents go and come from. Cheap to clone. The default keeps all in the database.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    outside: Option<Arc<Outside>>,
}

/// What stands beside the database.
#[derive(Debug)]
pub(crate) struct Outside {
    pub(crate) db: Database,
    pub(crate) objects: Objects,
    inline_limit: u64,
    cache: Cache,
    /// Set when the store was found to be the right one, to write into.
    established: OnceCell<()>,
    /// What the last check of the store found, and when.
    checked: Mutex<Option<(Timestamp, Result<(), BlobError>)>>,
}

impl Contents {
    /// All contents in the database, whatever their size.
    pub fn in_database() -> Self {
        Self::default()
    }

    /// Contents whose stored form is larger than `inline_limit` bytes become objects.
    pub fn with_objects(db: Database, objects: Objects, inline_limit: u64) -> Self {
        let outside = Outside {
            db,
            objects,
            inline_limit,
            cache: Cache::default(),
            established: OnceCell::new(),
            checked: Mutex::const_new(None),
        };
        Self {
            outside: Some(Arc::new(outside)),
        }
    }

    /// Hashes and compresses a content: work for the processor, so for large contents on a thread
    /// that may block. What is to become an object is uploaded by [`Contents::upload`].
    pub fn prepare(&self, content: &Bytes) -> Prepared {
        let prepared = prepare(content);
        match &self.outside {
            Some(outside) if prepared.stored_size() > outside.inline_limit => {
                prepared.with_uploads(BTreeMap::new())
            }
            _ => prepared,
        }
    }

    /// Uploads a content that is to be an object, once for each of these tenants that does not have
    /// it yet and for which it was not uploaded before. Durable when this returns. Nothing to do
    /// for other contents.
    ///
    /// A transaction that needs it for another tenant, or comes too late, gets
    /// [`BlobError::NotUploaded`]: upload again, and try again.
    pub async fn upload(
        &self,
        prepared: Prepared,
        tenants: &[TenantId],
    ) -> Result<Prepared, BlobError> {
        let (Some(outside), Some(uploads)) = (&self.outside, prepared.uploads()) else {
            return Ok(prepared);
        };
        let mut uploads = uploads.clone();
        outside.establish().await?;
        let have = outside.owners(*prepared.hash(), tenants).await?;
        for tenant in tenants.iter().filter(|tenant| !have.contains(tenant)) {
            let at = outside.db.now();
            let fresh = |upload: &Upload| at.since(upload.at) <= crate::UPLOAD_VALID / 2;
            if uploads.get(tenant).is_some_and(fresh) {
                continue;
            }
            let name = ObjectName::unique(at);
            outside.objects.put(&name, prepared.data()).await?;
            uploads.insert(*tenant, Upload { name, at });
        }
        Ok(prepared.with_uploads(uploads))
    }

    /// Deletes the uploads of a content, when the transaction that was to refer to them was rolled
    /// back for certain. What cannot be deleted is swept up later.
    pub async fn abandon(&self, prepared: &Prepared) {
        let (Some(outside), Some(uploads)) = (&self.outside, prepared.uploads()) else {
            return;
        };
        let names: Vec<ObjectName> = uploads.values().map(|upload| upload.name.clone()).collect();
        if let Err(error) = outside.objects.delete(&names).await {
            debug!(%error, "abandoned uploads are left to the sweep");
        }
    }

    /// Brings a content here: of an object its bytes, checked. Afterwards [`Stored::open`] works.
    pub async fn bring(&self, stored: Stored) -> Result<Stored, BlobError> {
        let StoredData::Object(name) = &stored.data else {
            return Ok(stored);
        };
        let facts = stored.facts;
        let outside = self.outside.as_ref().ok_or_else(|| ObjectError::Options {
            reason: "a content is an object, and no object storage is configured".to_owned(),
        })?;
        let content = outside.fetch(name, facts).await?;
        Ok(Stored {
            facts,
            data: StoredData::Open(content),
        })
    }

    /// Reads a content: [`Contents::bring`] and [`Stored::open`] in one.
    pub async fn read(&self, stored: Stored) -> Result<Bytes, BlobError> {
        let stored = self.bring(stored).await?;
        if matches!(stored.data, StoredData::Open(_)) || stored.size() < DECODE_ON_BLOCKING_THREAD {
            return stored.open();
        }
        blocking(move || stored.open()).await?
    }

    /// Whether the storage of objects answers and is the right one. True where there is none.
    pub async fn check_store(&self) -> Result<(), BlobError> {
        match &self.outside {
            Some(outside) => identity::check(&outside.db, &outside.objects).await,
            None => Ok(()),
        }
    }

    /// Like [`Contents::check_store`], but what was found in the last [`CHECK_SECONDS`] is told
    /// again: for a question that anybody may ask.
    pub async fn check_store_lately(&self) -> Result<(), BlobError> {
        let Some(outside) = &self.outside else {
            return Ok(());
        };
        let mut checked = outside.checked.lock().await;
        let now = outside.db.now();
        let age = |at: Timestamp| now.since(at);
        if let Some((_, found)) = checked
            .as_ref()
            .filter(|(at, _)| age(*at) < Duration::from_secs(CHECK_SECONDS))
        {
            return found.clone();
        }
        let found = self.check_store().await;
        *checked = Some((now, found.clone()));
        found
    }

    /// Forgets contents in memory that nobody has read for a while.
    pub fn forget_unused(&self) {
        if let Some(outside) = &self.outside {
            outside.cache.forget_old(outside.db.now());
        }
    }

    /// What was asked of the storage of objects; nothing where there is none.
    pub fn metrics(&self) -> Option<ObjectMetricsSnapshot> {
        self.outside
            .as_ref()
            .map(|outside| outside.objects.metrics())
    }

    /// Bytes of contents that are in memory to be read again.
    pub fn cached_bytes(&self) -> usize {
        self.outside
            .as_ref()
            .map_or(0, |outside| outside.cache.bytes())
    }

    pub(crate) fn outside(&self) -> Option<&Arc<Outside>> {
        self.outside.as_ref()
    }
}

impl Outside {
    async fn establish(&self) -> Result<(), BlobError> {
        self.established
            .get_or_try_init(|| identity::establish(&self.db, &self.objects))
            .await
            .copied()
    }

    /// Those of the tenants that have the content.
    async fn owners(
        &self,
        hash: ContentHash,
        tenants: &[TenantId],
    ) -> Result<Vec<TenantId>, BlobError> {
        let tenants = tenants.to_vec();
        self.db.read(move |tx| owners(tx, &hash, &tenants)).await
    }

    async fn fetch(&self, name: &ObjectName, facts: StoredFacts) -> Result<Bytes, BlobError> {
        let now = self.db.now();
        if let Some(content) = self.cache.find(name, now) {
            self.objects.counters().hit();
            return Ok(content);
        }
        let content = self.fetch_anew(name, facts).await?;
        self.cache.keep(name, &content, now);
        Ok(content)
    }

    /// Reads an object, whatever is in memory.
    pub(crate) async fn fetch_anew(
        &self,
        name: &ObjectName,
        facts: StoredFacts,
    ) -> Result<Bytes, BlobError> {
        let check = move |data: Bytes| async move {
            decode(facts, data)
                .await
                .map_err(|error| ObjectError::Wrong {
                    reason: error.to_string(),
                })
        };
        let hash = facts.hash;
        match self.objects.get(name, facts.stored_size, check).await {
            Ok(content) => Ok(content),
            Err(ObjectError::Missing) => {
                // An empty mount point has no objects at all: then none is missing.
                identity::check(&self.db, &self.objects).await?;
                let name = name.clone();
                Err(BlobError::NoObject { hash, name })
            }
            Err(ObjectError::Wrong { .. }) => {
                let reason = "its object is not what was stored";
                Err(BlobError::Corrupt { hash, reason })
            }
            Err(error) => Err(error.into()),
        }
    }
}

async fn decode(facts: StoredFacts, data: Bytes) -> Result<Bytes, BlobError> {
    if facts.size < DECODE_ON_BLOCKING_THREAD {
        return facts.decode(data);
    }
    blocking(move || facts.decode(data)).await?
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, BlobError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| BlobError::Interrupted)
}

fn owners(
    tx: &Tx<'_>,
    hash: &ContentHash,
    tenants: &[TenantId],
) -> Result<Vec<TenantId>, BlobError> {
    let mut found = Vec::new();
    for some in tenants.chunks(TENANTS_AT_ONCE) {
        let mut parameters = vec![Value::from(hash)];
        parameters.extend(some.iter().map(|tenant| Value::from(*tenant)));
        let list = in_list(2, some.len());
        let sql = format!("SELECT tenant_id FROM blob WHERE tenant_id IN ({list}) AND hash = ?1");
        found.extend(tx.query(&sql, &parameters, |row| row.get::<TenantId>(0))?);
    }
    Ok(found)
}

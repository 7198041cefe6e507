//! The store of objects: a folder, or S3. Everything that is asked of it has a deadline and is
//! tried again with growing pauses; what it did is counted.
//!
//! Names are unique per upload and their objects never change, so each operation may be repeated.

mod error;
mod folder;
mod metrics;
mod retry;
mod s3;

use std::{path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::sync::Semaphore;

use crate::{name::ObjectName, space::SpaceWatch};
use folder::Folder;
use s3::S3;

pub use error::ObjectError;
pub use folder::FolderSync;
pub(crate) use metrics::ObjectMetrics;
pub use metrics::ObjectMetricsSnapshot;
pub use s3::{Addressing, S3Options, S3Transport};

/// Operations on the store at the same time (32): enough to keep an S3 busy, few enough not to
/// take all blocking threads and sockets.
pub const AT_ONCE: usize = 32;

/// The name of the marker, which tells one store from another. Sorts behind all objects.
const MARKER: &str = "hikyaku-objects";

/// Bytes of a marker at most.
const MARKER_MAX: u64 = 256;

/// The store of objects. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Objects {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    backend: Backend,
    at_once: Semaphore,
    metrics: ObjectMetrics,
    /// How long an attempt may take, apart from its bytes.
    patience: Duration,
}

#[derive(Debug)]
enum Backend {
    Folder(Folder),
    S3(Box<S3>),
}

impl Objects {
    /// A folder of this machine. It is made when the first object is.
    pub fn folder(root: PathBuf, sync: FolderSync) -> Self {
        Self::of(Backend::Folder(Folder::new(root, sync)), PATIENCE)
    }

    /// A bucket of an S3. Nothing is asked of it yet.
    pub fn s3(options: &S3Options) -> Result<Self, ObjectError> {
        let s3 = S3::new(options)?;
        Ok(Self::of(Backend::S3(Box::new(s3)), options.patience))
    }

    fn of(backend: Backend, patience: Duration) -> Self {
        Self {
            inner: Arc::new(Inner {
                backend,
                at_once: Semaphore::new(AT_ONCE),
                metrics: ObjectMetrics::default(),
                patience,
            }),
        }
    }

    /// What was done so far.
    pub fn metrics(&self) -> ObjectMetricsSnapshot {
        self.inner.metrics.snapshot()
    }

    pub(crate) fn counters(&self) -> &ObjectMetrics {
        &self.inner.metrics
    }

    /// Where the objects are, for people.
    pub fn place(&self) -> String {
        match &self.inner.backend {
            Backend::Folder(folder) => folder.root().display().to_string(),
            Backend::S3(s3) => s3.place(),
        }
    }

    /// The same watch that also looks at the disk of the folder; an S3 watches its own.
    pub fn watched_by(&self, watch: SpaceWatch) -> SpaceWatch {
        match &self.inner.backend {
            Backend::Folder(folder) => watch.and(folder.root()),
            Backend::S3(_) => watch,
        }
    }

    /// Stores an object; durable when this returns.
    pub(crate) async fn put(&self, name: &ObjectName, data: &Bytes) -> Result<(), ObjectError> {
        let size = data.len() as u64;
        let done = self
            .attempts(self.deadline(size), || async move {
                match &self.inner.backend {
                    Backend::Folder(folder) => folder.put(name.clone(), data.clone()).await,
                    Backend::S3(s3) => s3.put(name.as_str(), data.clone()).await,
                }
            })
            .await;
        self.inner.metrics.uploaded(size, &done);
        done
    }

    /// Reads an object of exactly this size; `check` turns it into what it should be, or the
    /// attempt counts as failed.
    pub(crate) async fn get<T>(
        &self,
        name: &ObjectName,
        size: u64,
        check: impl AsyncFn(Bytes) -> Result<T, ObjectError>,
    ) -> Result<T, ObjectError> {
        let check = &check;
        let read = self
            .attempts(self.deadline(size), || async move {
                let data = match &self.inner.backend {
                    Backend::Folder(folder) => folder.get(name.clone(), size).await?,
                    Backend::S3(s3) => s3.get(name.as_str(), size).await?,
                };
                check(data).await
            })
            .await;
        self.inner.metrics.read(size, &read);
        read
    }

    /// Deletes objects; one that is not there is as good as deleted.
    pub(crate) async fn delete(&self, names: &[ObjectName]) -> Result<(), ObjectError> {
        let done = self
            .attempts(self.deadline(0), || async move {
                match &self.inner.backend {
                    Backend::Folder(folder) => folder.delete(names.to_vec()).await,
                    Backend::S3(s3) => s3.delete(names).await,
                }
            })
            .await;
        if done.is_ok() {
            self.inner.metrics.deleted(names.len() as u64);
        }
        done
    }

    /// The names behind this one, ascending, at most so many. What is none of ours is left out.
    pub(crate) async fn list(
        &self,
        after: &str,
        limit: usize,
    ) -> Result<Vec<ObjectName>, ObjectError> {
        self.attempts(self.deadline(0), || async move {
            match &self.inner.backend {
                Backend::Folder(folder) => folder.list(after.to_owned(), limit).await,
                Backend::S3(s3) => s3.list(after, limit).await,
            }
        })
        .await
    }

    /// What the store's marker says; nothing when it has none.
    pub(crate) async fn marker(&self) -> Result<Option<String>, ObjectError> {
        let read = self
            .attempts(MARKER_DEADLINE, || async move {
                match &self.inner.backend {
                    Backend::Folder(folder) => folder.read_marker(MARKER, MARKER_MAX).await,
                    Backend::S3(s3) => s3.get_small(MARKER, MARKER_MAX).await,
                }
            })
            .await;
        match read {
            Ok(text) => Ok(Some(String::from_utf8_lossy(&text).trim().to_owned())),
            Err(ObjectError::Missing) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes the marker, unless somebody else was first.
    pub(crate) async fn mark(&self, text: &str) -> Result<(), ObjectError> {
        self.attempts(MARKER_DEADLINE, || async move {
            let data = Bytes::from(format!("{text}\n"));
            match &self.inner.backend {
                Backend::Folder(folder) => folder.write_marker(MARKER, data).await,
                Backend::S3(s3) => s3.put_new(MARKER, data).await,
            }
        })
        .await
    }

    fn deadline(&self, bytes: u64) -> Duration {
        self.inner.patience + Duration::from_secs(bytes / SLOWEST)
    }

    async fn attempts<T, F>(
        &self,
        deadline: Duration,
        attempt: impl Fn() -> F,
    ) -> Result<T, ObjectError>
    where
        F: Future<Output = Result<T, ObjectError>>,
    {
        let _permit = self.inner.at_once.acquire().await;
        retry::attempts(deadline, &self.inner.metrics, attempt).await
    }
}

/// How long an attempt may take, apart from its bytes (10 s).
pub const PATIENCE: Duration = Duration::from_secs(10);

/// The slowest store that is waited for: 1 MiB a second.
const SLOWEST: u64 = 1 << 20;

/// How long a health check or the start waits for the marker (3 s).
const MARKER_DEADLINE: Duration = Duration::from_secs(3);

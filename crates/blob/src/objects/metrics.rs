//! What was asked of the store of objects.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::error::ObjectError;

/// Counters since the start.
#[derive(Debug, Default)]
pub(crate) struct ObjectMetrics {
    uploads: AtomicU64,
    upload_bytes: AtomicU64,
    uploads_failed: AtomicU64,
    reads: AtomicU64,
    read_bytes: AtomicU64,
    reads_failed: AtomicU64,
    cache_hits: AtomicU64,
    retries: AtomicU64,
    deleted: AtomicU64,
}

/// The counters at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ObjectMetricsSnapshot {
    /// Objects stored.
    pub uploads: u64,
    /// Their bytes.
    pub upload_bytes: u64,
    /// Uploads that failed for good.
    pub uploads_failed: u64,
    /// Objects read.
    pub reads: u64,
    /// Their bytes.
    pub read_bytes: u64,
    /// Reads that failed for good.
    pub reads_failed: u64,
    /// Contents that were still in memory.
    pub cache_hits: u64,
    /// Attempts beyond the first.
    pub retries: u64,
    /// Objects deleted after their grace time.
    pub deleted: u64,
}

impl ObjectMetrics {
    pub(super) fn snapshot(&self) -> ObjectMetricsSnapshot {
        let of = |counter: &AtomicU64| counter.load(Relaxed);
        ObjectMetricsSnapshot {
            uploads: of(&self.uploads),
            upload_bytes: of(&self.upload_bytes),
            uploads_failed: of(&self.uploads_failed),
            reads: of(&self.reads),
            read_bytes: of(&self.read_bytes),
            reads_failed: of(&self.reads_failed),
            cache_hits: of(&self.cache_hits),
            retries: of(&self.retries),
            deleted: of(&self.deleted),
        }
    }

    pub(super) fn uploaded(&self, bytes: u64, result: &Result<(), ObjectError>) {
        if result.is_err() {
            self.uploads_failed.fetch_add(1, Relaxed);
            return;
        }
        self.uploads.fetch_add(1, Relaxed);
        self.upload_bytes.fetch_add(bytes, Relaxed);
    }

    pub(super) fn read<T>(&self, bytes: u64, result: &Result<T, ObjectError>) {
        if result.is_err() {
            self.reads_failed.fetch_add(1, Relaxed);
            return;
        }
        self.reads.fetch_add(1, Relaxed);
        self.read_bytes.fetch_add(bytes, Relaxed);
    }

    pub(crate) fn hit(&self) {
        self.cache_hits.fetch_add(1, Relaxed);
    }

    pub(super) fn retried(&self) {
        self.retries.fetch_add(1, Relaxed);
    }

    pub(super) fn deleted(&self, count: u64) {
        self.deleted.fetch_add(count, Relaxed);
    }
}

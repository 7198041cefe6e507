//! The storage of large contents.

use std::fmt;

use hikyaku_blob::Contents;
use prometheus_client::{collector::Collector, encoding::DescriptorEncoder};

use super::{counter, counters, gauge};

/// What was asked of the object storage; all zero where there is none.
#[derive(Debug)]
pub(super) struct ObjectMetrics(pub(super) Contents);

impl Collector for ObjectMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let e = &mut encoder;
        let now = self.0.metrics().unwrap_or_default();
        let operations = [
            (("kind", "upload"), now.uploads),
            (("kind", "read"), now.reads),
            (("kind", "delete"), now.deleted),
        ];
        counters(
            e,
            "object_operations",
            "Objects uploaded, read, deleted",
            operations,
        )?;
        let failed = [
            (("kind", "upload"), now.uploads_failed),
            (("kind", "read"), now.reads_failed),
        ];
        let help = "Uploads and reads that failed after all attempts";
        counters(e, "object_operations_failed", help, failed)?;
        let bytes = [
            (("kind", "upload"), now.upload_bytes),
            (("kind", "read"), now.read_bytes),
        ];
        counters(
            e,
            "object_bytes",
            "Bytes of objects uploaded and read",
            bytes,
        )?;
        let help = "Attempts at the object storage beyond the first";
        counter(e, "object_retries", help, now.retries)?;
        let help = "Contents of objects that were still in memory";
        counter(e, "object_cache_hits", help, now.cache_hits)?;
        let help = "Bytes of contents kept in memory to be read again";
        gauge(e, "object_cache_bytes", help, self.0.cached_bytes() as u64)
    }
}

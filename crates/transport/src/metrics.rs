//! Counters of what was accepted and refused.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Live counters; read with [`Metrics::snapshot`].
#[derive(Debug, Default)]
pub struct Metrics {
    messages: AtomicU64,
    bytes: AtomicU64,
    delivered: AtomicU64,
    refused: AtomicU64,
    deferred: AtomicU64,
}

/// The counters at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    /// Messages accepted.
    pub messages: u64,
    /// Their bytes as they came over the wire.
    pub bytes: u64,
    /// Recipients delivered to.
    pub delivered: u64,
    /// Messages and recipients refused for good (5xx).
    pub refused: u64,
    /// Messages and recipients deferred (4xx).
    pub deferred: u64,
}

impl Metrics {
    /// The counters now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            messages: self.messages.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            delivered: self.delivered.load(Relaxed),
            refused: self.refused.load(Relaxed),
            deferred: self.deferred.load(Relaxed),
        }
    }

    pub(crate) fn accepted(&self, bytes: usize, delivered: usize) {
        self.messages.fetch_add(1, Relaxed);
        self.bytes.fetch_add(bytes as u64, Relaxed);
        self.delivered.fetch_add(delivered as u64, Relaxed);
    }

    pub(crate) fn rejected(&self, rejection: &crate::Rejection) {
        let counter = if rejection.is_temporary() {
            &self.deferred
        } else {
            &self.refused
        };
        counter.fetch_add(1, Relaxed);
    }
}

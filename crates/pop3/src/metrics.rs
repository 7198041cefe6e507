//! Counters of POP3. The server exposes them.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What happened since the start.
#[derive(Debug, Default)]
pub struct Pop3Metrics {
    sign_ins: AtomicU64,
    failed_sign_ins: AtomicU64,
    in_use: AtomicU64,
    retrieved: AtomicU64,
    retrieved_octets: AtomicU64,
    deleted: AtomicU64,
}

/// The counters at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pop3Snapshot {
    /// Sessions that reached their mailbox.
    pub sign_ins: u64,
    /// Sign-ins refused because of name, password or policy.
    pub failed_sign_ins: u64,
    /// Sign-ins refused because another session had the mailbox.
    pub in_use: u64,
    /// Messages sent whole.
    pub retrieved: u64,
    /// Their octets.
    pub retrieved_octets: u64,
    /// Messages deleted.
    pub deleted: u64,
}

impl Pop3Metrics {
    /// The counters now.
    pub fn snapshot(&self) -> Pop3Snapshot {
        Pop3Snapshot {
            sign_ins: self.sign_ins.load(Relaxed),
            failed_sign_ins: self.failed_sign_ins.load(Relaxed),
            in_use: self.in_use.load(Relaxed),
            retrieved: self.retrieved.load(Relaxed),
            retrieved_octets: self.retrieved_octets.load(Relaxed),
            deleted: self.deleted.load(Relaxed),
        }
    }

    pub(crate) fn signed_in(&self) {
        self.sign_ins.fetch_add(1, Relaxed);
    }

    pub(crate) fn refused(&self) {
        self.failed_sign_ins.fetch_add(1, Relaxed);
    }

    pub(crate) fn was_in_use(&self) {
        self.in_use.fetch_add(1, Relaxed);
    }

    pub(crate) fn retrieved(&self, octets: u64) {
        self.retrieved.fetch_add(1, Relaxed);
        self.retrieved_octets.fetch_add(octets, Relaxed);
    }

    pub(crate) fn deleted(&self, messages: u64) {
        self.deleted.fetch_add(messages, Relaxed);
    }
}

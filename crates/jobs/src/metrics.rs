//! What the jobs of a process came to.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::JobState;

/// Live counters of one process; read with [`JobMetrics::snapshot`].
#[derive(Debug, Default)]
pub struct JobMetrics {
    running: AtomicU64,
    attempts: AtomicU64,
    done: AtomicU64,
    with_errors: AtomicU64,
    failed: AtomicU64,
    cancelled: AtomicU64,
    panics: AtomicU64,
    taken_over: AtomicU64,
}

/// The counters at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JobSnapshot {
    /// Jobs that run in this process now.
    pub running: u64,
    /// Attempts that began.
    pub attempts: u64,
    /// Jobs that were done.
    pub done: u64,
    /// Jobs that were done but for some of their units.
    pub with_errors: u64,
    /// Jobs that failed.
    pub failed: u64,
    /// Jobs that somebody ended while they ran.
    pub cancelled: u64,
    /// Works that panicked.
    pub panics: u64,
    /// Jobs taken back from processes that died.
    pub taken_over: u64,
}

impl JobMetrics {
    /// The counters now.
    pub fn snapshot(&self) -> JobSnapshot {
        JobSnapshot {
            running: self.running.load(Relaxed),
            attempts: self.attempts.load(Relaxed),
            done: self.done.load(Relaxed),
            with_errors: self.with_errors.load(Relaxed),
            failed: self.failed.load(Relaxed),
            cancelled: self.cancelled.load(Relaxed),
            panics: self.panics.load(Relaxed),
            taken_over: self.taken_over.load(Relaxed),
        }
    }

    pub(crate) fn running(&self, jobs: usize) {
        self.running.store(jobs as u64, Relaxed);
    }

    pub(crate) fn began(&self) {
        self.attempts.fetch_add(1, Relaxed);
    }

    pub(crate) fn panicked(&self) {
        self.panics.fetch_add(1, Relaxed);
    }

    pub(crate) fn took_over(&self, jobs: usize) {
        self.taken_over.fetch_add(jobs as u64, Relaxed);
    }

    pub(crate) fn ended(&self, state: JobState) {
        let counter = match state {
            JobState::DoneWithErrors => &self.with_errors,
            JobState::Failed => &self.failed,
            JobState::Cancelled => &self.cancelled,
            _ => &self.done,
        };
        counter.fetch_add(1, Relaxed);
    }
}

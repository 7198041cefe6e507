//! Counters and histograms of the store, as plain numbers for whoever exports them.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use crate::queue::Lane;

/// Upper bounds of the buckets for times, in microseconds; one more bucket holds the rest.
pub const TIME_BOUNDS_US: [u64; 14] = [
    50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000,
    10_000_000,
];

/// Upper bounds of the buckets for group sizes; one more bucket holds the rest.
pub const SIZE_BOUNDS: [u64; 8] = [1, 2, 4, 8, 16, 32, 64, 128];

/// One histogram at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistogramSnapshot {
    /// Inclusive upper bounds of the buckets, rising; the last bucket has none.
    pub bounds: &'static [u64],
    /// How many observations fell in each bucket (not cumulative); one longer than `bounds`.
    pub buckets: Vec<u64>,
    /// How many observations there were.
    pub count: u64,
    /// Their sum, in the unit of the bounds.
    pub sum: u64,
}

/// What the store did since it was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MetricsSnapshot {
    /// Time each mail closure held the writer (SQLite) or its connection (PostgreSQL), in µs.
    pub mail_hold_us: HistogramSnapshot,
    /// Time each background closure held the writer or its connection, in µs.
    pub background_hold_us: HistogramSnapshot,
    /// Time each read closure ran, in µs.
    pub read_us: HistogramSnapshot,
    /// Time from asking for a commit until it was durable, in µs.
    pub commit_us: HistogramSnapshot,
    /// Time of each copy of the write-ahead log into the file, beside the writer (SQLite), in µs.
    pub checkpoint_us: HistogramSnapshot,
    /// Time the writer itself spent on finishing such a copy (SQLite), in µs.
    pub log_finish_us: HistogramSnapshot,
    /// Closures per commit.
    pub group_size: HistogramSnapshot,
    /// Transactions that were committed and durable.
    pub commits: u64,
    /// Transactions whose COMMIT failed.
    pub failed_commits: u64,
    /// Closures that were run again: outer transaction lost, deadlock, serialization failure.
    pub reruns: u64,
    /// Closures that panicked.
    pub panics: u64,
    /// Write closures of the mail lane that wait.
    pub mail_queued: usize,
    /// Write closures of the background lane that wait.
    pub background_queued: usize,
    /// Read closures that wait (on PostgreSQL they wait with the mail lane and count there).
    pub reads_queued: usize,
    /// Copies of the write-ahead log into the file (SQLite), by whomever.
    pub checkpoints: u64,
    /// Pages in the write-ahead log after the last commit (SQLite).
    pub wal_pages: u64,
    /// Connections made to the server (PostgreSQL), the first ones included.
    pub connects: u64,
}

/// A histogram that many threads feed.
#[derive(Debug)]
pub(crate) struct Histogram<const N: usize> {
    bounds: &'static [u64; N],
    buckets: [AtomicU64; N],
    rest: AtomicU64,
    sum: AtomicU64,
}

impl<const N: usize> Histogram<N> {
    fn new(bounds: &'static [u64; N]) -> Self {
        Self {
            bounds,
            buckets: [const { AtomicU64::new(0) }; N],
            rest: AtomicU64::new(0),
            sum: AtomicU64::new(0),
        }
    }

    /// Counts one observation.
    pub(crate) fn observe(&self, value: u64) {
        let at = self.bounds.partition_point(|bound| *bound < value);
        self.buckets
            .get(at)
            .unwrap_or(&self.rest)
            .fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// Counts one time.
    pub(crate) fn observe_time(&self, time: Duration) {
        self.observe(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    fn snapshot(&self) -> HistogramSnapshot {
        let buckets: Vec<u64> = self
            .buckets
            .iter()
            .chain(std::iter::once(&self.rest))
            .map(|bucket| bucket.load(Ordering::Relaxed))
            .collect();
        HistogramSnapshot {
            bounds: self.bounds,
            count: buckets.iter().sum(),
            buckets,
            sum: self.sum.load(Ordering::Relaxed),
        }
    }
}

/// What the engines count.
#[derive(Debug)]
pub(crate) struct Metrics {
    pub(crate) mail_hold: Histogram<14>,
    pub(crate) background_hold: Histogram<14>,
    pub(crate) read: Histogram<14>,
    pub(crate) commit: Histogram<14>,
    pub(crate) checkpoint: Histogram<14>,
    pub(crate) log_finish: Histogram<14>,
    pub(crate) group_size: Histogram<8>,
    pub(crate) commits: AtomicU64,
    pub(crate) failed_commits: AtomicU64,
    pub(crate) reruns: AtomicU64,
    pub(crate) panics: AtomicU64,
    pub(crate) wal_pages: AtomicU64,
    pub(crate) connects: AtomicU64,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            mail_hold: Histogram::new(&TIME_BOUNDS_US),
            background_hold: Histogram::new(&TIME_BOUNDS_US),
            read: Histogram::new(&TIME_BOUNDS_US),
            commit: Histogram::new(&TIME_BOUNDS_US),
            checkpoint: Histogram::new(&TIME_BOUNDS_US),
            log_finish: Histogram::new(&TIME_BOUNDS_US),
            group_size: Histogram::new(&SIZE_BOUNDS),
            commits: AtomicU64::new(0),
            failed_commits: AtomicU64::new(0),
            reruns: AtomicU64::new(0),
            panics: AtomicU64::new(0),
            wal_pages: AtomicU64::new(0),
            connects: AtomicU64::new(0),
        }
    }
}

impl Metrics {
    /// Counts the time a write closure held its connection.
    pub(crate) fn held(&self, lane: Lane, time: Duration) {
        match lane {
            Lane::Mail => self.mail_hold.observe_time(time),
            Lane::Background => self.background_hold.observe_time(time),
        }
    }

    /// Counts one more.
    pub(crate) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// All numbers at one moment; the depths of the queues are the caller's to fill in.
    pub(crate) fn snapshot(&self) -> MetricsSnapshot {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let checkpoint_us = self.checkpoint.snapshot();
        let log_finish_us = self.log_finish.snapshot();
        MetricsSnapshot {
            checkpoints: checkpoint_us.count + log_finish_us.count,
            mail_hold_us: self.mail_hold.snapshot(),
            background_hold_us: self.background_hold.snapshot(),
            read_us: self.read.snapshot(),
            commit_us: self.commit.snapshot(),
            checkpoint_us,
            log_finish_us,
            group_size: self.group_size.snapshot(),
            commits: load(&self.commits),
            failed_commits: load(&self.failed_commits),
            reruns: load(&self.reruns),
            panics: load(&self.panics),
            mail_queued: 0,
            background_queued: 0,
            reads_queued: 0,
            wal_pages: load(&self.wal_pages),
            connects: load(&self.connects),
        }
    }
}

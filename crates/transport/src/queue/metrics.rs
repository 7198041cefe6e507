//! Counters of the queue, and how full it is.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use hikyaku_db::{DbError, Tx, params};
use hikyaku_types::Timestamp;

use super::settle::Settled;

/// Whether the depth is another one than before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Same,
    Other,
}

/// Live counters; read with [`QueueMetrics::snapshot`].
#[derive(Debug, Default)]
pub struct QueueMetrics {
    attempts: AtomicU64,
    sent: AtomicU64,
    delivered: AtomicU64,
    deferred: AtomicU64,
    bounced: AtomicU64,
    canceled: AtomicU64,
    reports: AtomicU64,
    depth: Mutex<QueueDepth>,
}

/// How full the queue is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueDepth {
    /// Recipients that wait for their next attempt.
    pub waiting: u64,
    /// Recipients that are being sent.
    pub sending: u64,
    /// Recipients that somebody holds.
    pub held: u64,
    /// When the oldest message was accepted.
    pub oldest: Option<Timestamp>,
}

/// The counters at one moment. Of this process, but for the depth, which is the whole queue's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueSnapshot {
    /// Attempts: one for all recipients of a message at a destination.
    pub attempts: u64,
    /// Recipients that other hosts took.
    pub sent: u64,
    /// Recipients delivered here, because their domain is ours by now.
    pub delivered: u64,
    /// Recipients that are tried again.
    pub deferred: u64,
    /// Recipients given up.
    pub bounced: u64,
    /// Recipients taken out by administrators.
    pub canceled: u64,
    /// Reports to senders.
    pub reports: u64,
    /// As it was within the last [`DEPTH_SECONDS`](super::DEPTH_SECONDS) seconds.
    pub depth: QueueDepth,
}

impl QueueMetrics {
    /// The counters now.
    pub fn snapshot(&self) -> QueueSnapshot {
        QueueSnapshot {
            attempts: self.attempts.load(Relaxed),
            sent: self.sent.load(Relaxed),
            delivered: self.delivered.load(Relaxed),
            deferred: self.deferred.load(Relaxed),
            bounced: self.bounced.load(Relaxed),
            canceled: self.canceled.load(Relaxed),
            reports: self.reports.load(Relaxed),
            depth: *self.depth.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    pub(super) fn attempt(&self) {
        self.attempts.fetch_add(1, Relaxed);
    }

    pub(super) fn settled(&self, settled: Settled) {
        for (counter, count) in [
            (&self.sent, settled.sent),
            (&self.delivered, settled.delivered),
            (&self.deferred, settled.deferred),
            (&self.bounced, settled.bounced),
            (&self.canceled, settled.canceled),
            (&self.reports, settled.reports),
        ] {
            counter.fetch_add(count, Relaxed);
        }
    }

    pub(super) fn depth(&self, depth: QueueDepth) -> Change {
        let mut known = self.depth.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::replace(&mut *known, depth) == depth {
            Change::Same
        } else {
            Change::Other
        }
    }
}

/// Counts the rows. Ids ascend nearly with time, and the age of the oldest message needs no more.
pub(super) fn depth(tx: &Tx<'_>) -> Result<QueueDepth, DbError> {
    let mut depth = QueueDepth::default();
    tx.query(
        "SELECT state, held, COUNT(*) FROM queue_recipient GROUP BY state, held",
        params![],
        |row| {
            let (state, held, count): (i64, i64, u64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            match (state, held) {
                (2, _) => depth.sending += count,
                (_, 1) => depth.held += count,
                _ => depth.waiting += count,
            }
            Ok(())
        },
    )?;
    depth.oldest = tx.query_opt(
        "SELECT accepted_at FROM queue_message ORDER BY id LIMIT 1",
        params![],
        |row| row.get(0),
    )?;
    Ok(depth)
}

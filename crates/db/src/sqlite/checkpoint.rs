//! When the write-ahead log is copied into the database file, and by whom.
//!
//! SQLite's own rule would copy inside the COMMIT that crosses 1000 pages, and the members of that
//! group would wait for it. Here a thread of its own copies while the writer goes on. The log can
//! start over only when nothing is left to copy, which under constant load never happens that way;
//! so once the log has grown to [`FINISH_AFTER_COPIES`] copies and the thread has just copied, the
//! writer copies the little that came in meanwhile, between two groups, after the results of the
//! first are handed out. Neither waits for readers (PASSIVE): while a long reader needs the log, it
//! grows, and after as many new pages as one copy has it is tried again.

use std::{
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Instant,
};

use super::connection::SqliteConnection;
use crate::{error::DbError, metrics::Metrics, store::Shared};

/// The writer finishes a copy when the log holds this many times the pages of one copy (default 4:
/// 64 MiB), so that its own part comes seldom.
const FINISH_AFTER_COPIES: u64 = 4;

/// The writer's side: watches the length of the log.
#[derive(Debug)]
pub(super) struct LogWatch {
    /// Pages in the log after the last commit.
    pages: Arc<AtomicU64>,
    /// Pages of new log after which they are copied.
    copy_pages: u64,
    /// Pages at which the thread is to copy next.
    copy_at: u64,
    copier: Arc<Copier>,
}

impl LogWatch {
    /// Takes over from SQLite's own rule on the writer's connection.
    pub(super) fn install(
        connection: &mut SqliteConnection,
        copy_pages: u64,
    ) -> Result<Self, DbError> {
        let pages = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&pages);
        connection.watch_log(move |count| seen.store(count, Ordering::Relaxed))?;
        Ok(Self {
            pages,
            copy_pages,
            copy_at: copy_pages,
            copier: Arc::default(),
        })
    }

    /// The thread's side.
    pub(super) fn copier(&self) -> Arc<Copier> {
        Arc::clone(&self.copier)
    }

    /// Has the log copied if it is due.
    pub(super) fn after_commit(&mut self, connection: &SqliteConnection, metrics: &Metrics) {
        let pages = self.pages.load(Ordering::Relaxed);
        metrics.wal_pages.store(pages, Ordering::Relaxed);
        if pages < self.copy_pages {
            // The log has started over.
            self.copy_at = self.copy_pages;
        }
        if pages >= self.copy_at {
            self.copy_at = pages + self.copy_pages;
            self.copier.wake();
        }
        let long = self.copy_pages * FINISH_AFTER_COPIES;
        if self.copier.copied.swap(false, Ordering::Acquire) && pages >= long {
            let started = Instant::now();
            match connection.copy_log() {
                Ok(()) => metrics.log_finish.observe_time(started.elapsed()),
                Err(error) => tracing::warn!(%error, "the write-ahead log could not be finished"),
            }
        }
    }
}

impl Drop for LogWatch {
    fn drop(&mut self) {
        self.copier.lock().closed = true;
        self.copier.woken.notify_all();
    }
}

/// The thread that copies.
#[derive(Debug, Default)]
pub(super) struct Copier {
    state: Mutex<State>,
    woken: Condvar,
    /// The thread has copied, and the writer has not finished yet.
    copied: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    due: bool,
    closed: bool,
}

impl Copier {
    /// Copies when it is told to, until the writer has ended.
    pub(super) fn run(&self, connection: &SqliteConnection, shared: &Shared) {
        while self.wait() {
            let started = Instant::now();
            match connection.copy_log() {
                Ok(()) => shared.metrics.checkpoint.observe_time(started.elapsed()),
                Err(error) => tracing::warn!(%error, "the write-ahead log could not be copied"),
            }
            self.copied.store(true, Ordering::Release);
        }
    }

    fn wake(&self) {
        self.lock().due = true;
        self.woken.notify_one();
    }

    /// Waits for work; false when there will be none any more.
    fn wait(&self) -> bool {
        let mut state = self
            .woken
            .wait_while(self.lock(), |state| !state.due && !state.closed)
            .unwrap_or_else(PoisonError::into_inner);
        state.due = false;
        !state.closed
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! When the write-ahead log is copied into the database file.
//!
//! SQLite's own rule (inside the COMMIT that crosses 1000 pages) would make the members of that group
//! wait for it. So the writer copies after the results are handed out, never waits for readers
//! (PASSIVE), and starts the log over at the next write when everything was copied and no
//! reader is in it. While a long reader holds the log, it grows; each further attempt waits for as
//! many new pages again, so that attempts that cannot finish do not eat the writer.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use super::connection::SqliteConnection;
use crate::{error::DbError, metrics::Metrics};

/// Pages of new log after which it is copied (default 4096: 16 MiB).
const CHECKPOINT_PAGES: u64 = 4096;

/// Watches the length of the log.
#[derive(Debug, Default)]
pub(super) struct Checkpointer {
    /// Pages in the log after the last commit.
    pages: Arc<AtomicU64>,
    /// Pages at which the next attempt is due.
    due_at: u64,
}

impl Checkpointer {
    /// Takes over from SQLite's own rule on the writer's connection.
    pub(super) fn install(connection: &mut SqliteConnection) -> Result<Self, DbError> {
        let pages = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&pages);
        connection.watch_log(move |count| seen.store(count, Ordering::Relaxed))?;
        Ok(Self {
            pages,
            due_at: CHECKPOINT_PAGES,
        })
    }

    /// Copies the log if it is due.
    pub(super) fn after_commit(&mut self, connection: &SqliteConnection, metrics: &Metrics) {
        let pages = self.pages.load(Ordering::Relaxed);
        metrics.wal_pages.store(pages, Ordering::Relaxed);
        if pages < CHECKPOINT_PAGES {
            // The log has started over.
            self.due_at = CHECKPOINT_PAGES;
        }
        if pages < self.due_at {
            return;
        }
        self.due_at = pages + CHECKPOINT_PAGES;
        match connection.copy_log() {
            Ok(()) => Metrics::add(&metrics.checkpoints),
            Err(error) => tracing::warn!(%error, "the write-ahead log could not be copied"),
        }
    }
}

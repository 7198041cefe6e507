//! The threads that read: each closure sees one snapshot and never waits for the writer.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Instant,
};

use super::connection::SqliteConnection;
use crate::{
    error::DbError,
    job::{ReadJob, Verdict},
    metrics::Metrics,
    queue::LaneQueue,
    store::Shared,
    tx::{Backend, Tx},
};

/// The queue of the readers.
pub(super) type ReadQueue = LaneQueue<Box<dyn ReadJob>>;

/// One reader thread's side of the store.
pub(super) struct Reader {
    connection: SqliteConnection,
    queue: Arc<ReadQueue>,
    shared: Arc<Shared>,
}

impl Reader {
    pub(super) fn new(
        connection: SqliteConnection,
        queue: Arc<ReadQueue>,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            connection,
            queue,
            shared,
        }
    }

    /// Works until the queue is closed and empty.
    pub(super) fn run(self) {
        while let Some(taken) = self.queue.take() {
            let wanted = taken.job.is_wanted();
            let read = || {
                if wanted {
                    self.read(taken.job);
                }
            };
            // A panic outside the closure (a caller's error type may panic while it is made) ends
            // no reader.
            if catch_unwind(AssertUnwindSafe(read)).is_err() {
                tracing::error!("a reader panicked between closures");
                Metrics::add(&self.shared.metrics.panics);
                self.end();
            }
        }
    }

    fn read(&self, mut job: Box<dyn ReadJob>) {
        let started = Instant::now();
        if let Err(error) = self.connection.control("BEGIN") {
            return job.fail(error);
        }
        let tx = Tx::new(Backend::Sqlite(&self.connection), self.shared.clock.now());
        let verdict = job.run(&tx);
        self.end();
        if verdict == Verdict::Panicked {
            Metrics::add(&self.shared.metrics.panics);
        }
        self.shared.metrics.read.observe_time(started.elapsed());
        job.complete();
    }

    /// Gives the snapshot up. There is nothing to keep, so a failure harms only the next reader of
    /// this thread, whose BEGIN then fails with the reason.
    fn end(&self) {
        if !self.connection.is_idle() {
            let ended = self.connection.control("ROLLBACK");
            if let Err(error @ DbError::Sql { .. }) = ended {
                tracing::error!(%error, "a read transaction could not be ended");
            }
        }
    }
}

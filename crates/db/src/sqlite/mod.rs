//! SQLite inside the process: one writer thread with group commit, several reader threads.

mod checkpoint;
mod connection;
mod error;
mod reader;
mod writer;

use std::{fmt, path::Path, sync::Arc, time::Duration};

pub(crate) use self::connection::{Role, SqliteConnection, column};
pub use self::writer::GROUP_MEMBERS;
use self::{
    checkpoint::LogWatch,
    reader::{ReadQueue, Reader},
    writer::{WriteQueue, Writer},
};
use crate::{
    error::{DbError, OpenError},
    job::{ReadJob, WriteJob},
    metrics::MetricsSnapshot,
    migrate::{self, Migration},
    options::SqliteSynchronous,
    queue::{Lane, LaneQueue},
    store::Shared,
    threads::Threads,
};

/// The running threads of one database file.
pub(crate) struct SqliteStore {
    writes: Arc<WriteQueue>,
    reads: Arc<ReadQueue>,
    threads: Threads,
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

/// How a store is made.
pub(crate) struct Settings<'a> {
    pub(crate) path: &'a Path,
    pub(crate) readers: usize,
    pub(crate) queue_limit: usize,
    pub(crate) group_time: Duration,
    pub(crate) copy_pages: u64,
    pub(crate) synchronous: SqliteSynchronous,
    pub(crate) migrations: &'a [Migration],
}

impl SqliteStore {
    /// Opens the file, brings its schema up to date and starts the threads.
    pub(crate) fn open(settings: &Settings<'_>, shared: &Arc<Shared>) -> Result<Self, OpenError> {
        connection::create_private(settings.path)?;
        let mut connection =
            SqliteConnection::open(settings.path, Role::Writer(settings.synchronous))?;
        migrate::sqlite::run(&connection, settings.migrations, shared.clock.now())?;
        let log = LogWatch::install(&mut connection, settings.copy_pages)?;
        let copier = log.copier();
        let store = Self {
            writes: Arc::new(LaneQueue::new(settings.queue_limit, None)),
            reads: Arc::new(LaneQueue::new(settings.queue_limit, None)),
            threads: Threads::default(),
        };
        let (queue, common) = (Arc::clone(&store.writes), Arc::clone(shared));
        let writer = Writer::new(connection, queue, common, log, settings.group_time);
        store.threads.spawn("db-writer", || writer.run())?;
        let copying = SqliteConnection::open(settings.path, Role::Copier(settings.synchronous))?;
        let common = Arc::clone(shared);
        store
            .threads
            .spawn("db-checkpoint", move || copier.run(&copying, &common))?;
        for number in 0..settings.readers.max(1) {
            let connection = SqliteConnection::open(settings.path, Role::Reader)?;
            let (queue, common) = (Arc::clone(&store.reads), Arc::clone(shared));
            let reader = Reader::new(connection, queue, common);
            store
                .threads
                .spawn(&format!("db-reader-{number}"), || reader.run())?;
        }
        Ok(store)
    }

    pub(crate) async fn read(&self, job: Box<dyn ReadJob>) -> Result<(), DbError> {
        self.reads.push(Lane::Mail, job).await
    }

    pub(crate) async fn write(&self, lane: Lane, job: Box<dyn WriteJob>) -> Result<(), DbError> {
        self.writes.push(lane, job).await
    }

    /// Queues a write of the store itself.
    pub(crate) fn write_internal(&self, job: Box<dyn WriteJob>) -> Result<(), DbError> {
        self.writes.push_internal(Lane::Mail, job)
    }

    /// Takes no more work.
    pub(crate) fn close(&self) {
        self.writes.close();
        self.reads.close();
    }

    /// Waits until the queued work is done. Blocks.
    pub(crate) fn join(&self) {
        self.threads.join();
    }

    pub(crate) fn fill_depths(&self, snapshot: &mut MetricsSnapshot) {
        (snapshot.mail_queued, snapshot.background_queued) = self.writes.depth();
        snapshot.reads_queued = self.reads.depth().0;
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.close();
    }
}

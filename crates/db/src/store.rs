//! The two engines behind one interface: queues with threads behind them.

use std::sync::Arc;

use crate::{
    clock::Clock,
    error::{DbError, OpenError},
    hints::{EventCarrier, Hint, Hints},
    ids::IdGenerator,
    job::{ReadJob, WriteJob},
    metrics::{Metrics, MetricsSnapshot},
    options::{Engine, Options, Target},
    postgres::PostgresStore,
    queue::Lane,
    sqlite::{self, SqliteStore},
};

/// What the threads of a store share with its door.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: IdGenerator,
    pub(crate) hints: Hints,
    pub(crate) carrier: EventCarrier,
    pub(crate) metrics: Metrics,
}

impl Shared {
    /// Publishes the hints of committed transactions, each key once, and empties the list.
    pub(crate) fn publish(&self, hints: &mut Vec<Hint>) {
        if hints.is_empty() {
            return;
        }
        hints.sort_unstable();
        hints.dedup();
        self.hints.publish(hints);
        self.carrier.carry(hints);
        hints.clear();
    }
}

/// A running engine.
#[derive(Debug)]
pub(crate) enum Store {
    Sqlite(SqliteStore),
    Postgres(PostgresStore),
}

impl Store {
    /// Opens the engine, brings the schema up to date and starts the threads. Blocks.
    pub(crate) fn open(options: &Options, shared: &Arc<Shared>) -> Result<Self, OpenError> {
        match &options.target {
            Target::Sqlite { path } => {
                let settings = sqlite::Settings {
                    path,
                    readers: options.sqlite_readers,
                    queue_limit: options.queue_limit,
                    group_time: options.sqlite_group_time,
                    copy_pages: options.sqlite_copy_pages.max(1),
                    synchronous: options.sqlite_synchronous,
                    migrations: &options.migrations,
                };
                SqliteStore::open(&settings, shared).map(Self::Sqlite)
            }
            Target::Postgres { url } => {
                PostgresStore::open(url, options, shared).map(Self::Postgres)
            }
        }
    }

    pub(crate) fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }

    /// Queues a read; waits for room.
    pub(crate) async fn read(&self, job: Box<dyn ReadJob>) -> Result<(), DbError> {
        match self {
            Self::Sqlite(store) => store.read(job).await,
            Self::Postgres(store) => store.read(job).await,
        }
    }

    /// Queues a write; waits for room.
    pub(crate) async fn write(&self, lane: Lane, job: Box<dyn WriteJob>) -> Result<(), DbError> {
        match self {
            Self::Sqlite(store) => store.write(lane, job).await,
            Self::Postgres(store) => store.write(lane, job).await,
        }
    }

    /// Queues a write of the store itself, whether there is room or not.
    pub(crate) fn write_internal(&self, job: Box<dyn WriteJob>) -> Result<(), DbError> {
        match self {
            Self::Sqlite(store) => store.write_internal(job),
            Self::Postgres(store) => store.write_internal(job),
        }
    }

    /// Takes no more work; what is queued is still done.
    pub(crate) fn close(&self) {
        match self {
            Self::Sqlite(store) => store.close(),
            Self::Postgres(store) => store.close(),
        }
    }

    /// Waits until the queued work is done. Blocks.
    pub(crate) fn join(&self) {
        match self {
            Self::Sqlite(store) => store.join(),
            Self::Postgres(store) => store.join(),
        }
    }

    /// Adds the depths of the queues.
    pub(crate) fn fill_depths(&self, snapshot: &mut MetricsSnapshot) {
        match self {
            Self::Sqlite(store) => store.fill_depths(snapshot),
            Self::Postgres(store) => store.fill_depths(snapshot),
        }
    }
}

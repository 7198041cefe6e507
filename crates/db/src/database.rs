//! [`Database`]: the door to the store, for async callers.

use std::sync::Arc;

use hikyaku_types::Timestamp;

use crate::{
    clock::Clock,
    error::{DbError, OpenError},
    hints::{EventCarrier, Hints},
    ids::IdGenerator,
    job::{Job, ReadJob, WriteJob},
    keeper::Keeper,
    metrics::{Metrics, MetricsSnapshot},
    options::{Engine, Options},
    queue::Lane,
    store::{Shared, Store},
    threads::{self, Threads},
    tx::{Tx, WriteTx},
};

/// A database, shared by cloning.
///
/// Dropping a call's future is safe at any time: a closure that is queued may still run and
/// commit, a read that nobody waits for is skipped.
#[derive(Debug, Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    store: Arc<Store>,
    shared: Arc<Shared>,
    keeper: Threads,
}

impl Database {
    /// Opens the store, brings its schema up to date and leases a node number.
    pub async fn open(options: Options) -> Result<Self, OpenError> {
        threads::run("db-open", move || Self::open_blocking(&options)).await?
    }

    fn open_blocking(options: &Options) -> Result<Self, OpenError> {
        let shared = Arc::new(Shared {
            clock: Arc::clone(&options.clock),
            ids: IdGenerator::default(),
            hints: Hints::default(),
            carrier: EventCarrier::default(),
            metrics: Metrics::default(),
        });
        let store = Arc::new(Store::open(options, &shared)?);
        let keeper = Keeper::start(Arc::clone(&store), Arc::clone(&shared))?;
        let inner = Inner {
            store,
            shared,
            keeper: Threads::default(),
        };
        inner.keeper.spawn("db-lease", || keeper.run())?;
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Runs a closure that reads. All its statements see one snapshot; it never waits for writers.
    pub async fn read<T, E, F>(&self, closure: F) -> Result<T, E>
    where
        F: Fn(&Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (job, answer) = Job::new(closure);
        self.inner.store.read(job as Box<dyn ReadJob>).await?;
        answer
            .await
            .unwrap_or_else(|_| Err(E::from(DbError::Closed)))
    }

    /// Runs a closure that writes and returns when its changes are committed and durable.
    ///
    /// An `Err` from the closure undoes its changes and nobody else's. The closure may run more
    /// than once; only the last run counts.
    pub async fn write<T, E, F>(&self, lane: Lane, closure: F) -> Result<T, E>
    where
        F: Fn(&WriteTx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (job, answer) = Job::new(closure);
        self.inner
            .store
            .write(lane, job as Box<dyn WriteJob>)
            .await?;
        answer
            .await
            .unwrap_or_else(|_| Err(E::from(DbError::Closed)))
    }

    /// Which engine this is.
    pub fn engine(&self) -> Engine {
        self.inner.store.engine()
    }

    /// The clock that all transactions use.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.shared.clock
    }

    /// The current instant.
    pub fn now(&self) -> Timestamp {
        self.inner.shared.clock.now()
    }

    /// The hints of this database.
    pub fn hints(&self) -> &Hints {
        &self.inner.shared.hints
    }

    /// What the store did since it was opened.
    pub fn metrics(&self) -> MetricsSnapshot {
        let mut snapshot = self.inner.shared.metrics.snapshot();
        self.inner.store.fill_depths(&mut snapshot);
        snapshot
    }

    /// Takes no more work, finishes what is queued and gives the node number back.
    pub async fn close(&self) {
        let inner = Arc::clone(&self.inner);
        if let Err(error) = threads::run("db-close", move || inner.close()).await {
            tracing::error!(%error, "the database could not be closed in order");
        }
    }

    /// Whether the engine answers a read at all: for health checks.
    pub async fn ping(&self) -> Result<(), DbError> {
        self.read(|tx| {
            tx.query_one("SELECT 1", &[], |row| row.get::<i64>(0))
                .map(drop)
        })
        .await
    }

    /// Lets the engine check its files and references; one line per problem. PostgreSQL has no such
    /// check from outside: the list is empty.
    pub async fn integrity_check(&self) -> Result<Vec<String>, DbError> {
        if self.engine() == Engine::Postgres {
            return Ok(Vec::new());
        }
        self.read(|tx| {
            let text = |row: &crate::Row<'_>| row.get::<String>(0);
            let mut problems = tx.query("PRAGMA integrity_check", &[], text)?;
            problems.retain(|line| line != "ok");
            problems.extend(tx.query("PRAGMA foreign_key_check", &[], |row| {
                let (table, parent) = (row.text(0)?, row.text(2)?);
                Ok(format!(
                    "a row of {table} refers to a row of {parent} that is missing"
                ))
            })?);
            Ok(problems)
        })
        .await
    }
}

impl Inner {
    fn close(&self) {
        self.shared.ids.close();
        self.keeper.join();
        self.store.close();
        self.store.join();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // The keeper gives the node number back and lets the store go, which ends its threads.
        self.shared.ids.close();
    }
}

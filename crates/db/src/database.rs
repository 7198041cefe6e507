//! [`Database`]: the door to the store, for async callers.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
};

use hikyaku_types::Timestamp;
use tokio::sync::oneshot;

use crate::{
    clock::{Clock, SystemClock},
    error::{DbError, OpenError},
    hints::{Hint, Hints},
    ids::{IdGenerator, Wake},
    job::{Job, ReadJob, WriteJob},
    lease,
    metrics::{Metrics, MetricsSnapshot},
    migrate::{MIGRATIONS, Migration},
    queue::Lane,
    sqlite::{self, SqliteStore},
    tx::{Tx, WriteTx},
};

/// Reader threads on SQLite unless set otherwise (default 4).
const SQLITE_READERS: usize = 4;
/// Connections to PostgreSQL unless set otherwise (default 8).
const POSTGRES_CONNECTIONS: usize = 8;
/// Closures that wait in one queue unless set otherwise (default 4096); further callers wait for room.
const QUEUE_LIMIT: usize = 4096;

/// The engine under the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    /// SQLite inside this process.
    Sqlite,
    /// A PostgreSQL server.
    Postgres,
}

/// Where the data is.
#[derive(Debug, Clone)]
pub enum Target {
    /// A database file; made if it is missing (its folder must exist).
    Sqlite {
        /// The file.
        path: PathBuf,
    },
    /// A PostgreSQL server.
    Postgres {
        /// `postgres://user:password@host/database?sslmode=verify-full`.
        url: String,
    },
}

/// How a database is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the data is.
    pub target: Target,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Reader threads on SQLite.
    pub sqlite_readers: usize,
    /// Connections (and threads) on PostgreSQL.
    pub postgres_connections: usize,
    /// Closures that wait in each lane; further callers wait for room.
    pub queue_limit: usize,
    pub(crate) migrations: Vec<Migration>,
}

impl Options {
    /// The defaults for a target.
    pub fn new(target: Target) -> Self {
        Self {
            target,
            clock: Arc::new(SystemClock),
            sqlite_readers: SQLITE_READERS,
            postgres_connections: POSTGRES_CONNECTIONS,
            queue_limit: QUEUE_LIMIT,
            migrations: MIGRATIONS.to_vec(),
        }
    }
}

/// What the threads of a store share with its door.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: IdGenerator,
    pub(crate) hints: Hints,
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
        hints.clear();
    }
}

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
    store: Arc<SqliteStore>,
    shared: Arc<Shared>,
    engine: Engine,
    keeper: Mutex<Option<JoinHandle<()>>>,
}

impl Database {
    /// Opens the store, brings its schema up to date and leases a node number.
    pub async fn open(options: Options) -> Result<Self, OpenError> {
        on_a_thread("db-open", move || Self::open_blocking(&options)).await?
    }

    fn open_blocking(options: &Options) -> Result<Self, OpenError> {
        let shared = Arc::new(Shared {
            clock: Arc::clone(&options.clock),
            ids: IdGenerator::default(),
            hints: Hints::default(),
            metrics: Metrics::default(),
        });
        let (store, engine) = match &options.target {
            Target::Sqlite { path } => {
                let settings = sqlite::Settings {
                    path,
                    readers: options.sqlite_readers,
                    queue_limit: options.queue_limit,
                    migrations: &options.migrations,
                };
                (
                    Arc::new(SqliteStore::open(&settings, &shared)?),
                    Engine::Sqlite,
                )
            }
            Target::Postgres { .. } => {
                return Err(OpenError::Unsuitable {
                    reason: "PostgreSQL is not built in yet".to_owned(),
                });
            }
        };
        let keeper = Keeper {
            store: Arc::clone(&store),
            shared: Arc::clone(&shared),
            holder: lease::holder_name(),
        };
        keeper.acquire()?;
        let keeper = spawn_thread("db-lease".to_owned(), move || keeper.run())?;
        Ok(Self {
            inner: Arc::new(Inner {
                store,
                shared,
                engine,
                keeper: Mutex::new(Some(keeper)),
            }),
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
    /// An `Err` from the closure undoes its changes and nobody else's. The closure may run more than
    /// once; only the last run counts.
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
        self.inner.engine
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
        let closed = on_a_thread("db-close", move || inner.close_blocking()).await;
        if let Err(error) = closed {
            tracing::error!(%error, "the database could not be closed in order");
        }
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
    fn close_blocking(&self) {
        self.shared.ids.close();
        let keeper = self
            .keeper
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(keeper) = keeper
            && keeper.join().is_err()
        {
            tracing::error!("the keeper of the node number had panicked");
        }
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

/// Keeps the node number leased.
struct Keeper {
    store: Arc<SqliteStore>,
    shared: Arc<Shared>,
    holder: String,
}

impl Keeper {
    fn run(self) {
        let mut patience = lease::RENEW_EVERY;
        while self.shared.ids.wait(patience) == Wake::Renew {
            patience = match self.renew() {
                Ok(()) => lease::RENEW_EVERY,
                Err(error) => {
                    tracing::warn!(%error, "the node number could not be renewed");
                    lease::RETRY_EVERY
                }
            };
        }
        if let (Some(lease), last_ms) = self.shared.ids.standing() {
            self.shared.ids.revoke();
            let holder = self.holder.clone();
            let released = self.write(move |tx| lease::release(tx, &holder, lease, last_ms));
            if let Err(error) = released {
                tracing::warn!(%error, "the node number could not be given back");
            }
        }
    }

    fn acquire(&self) -> Result<(), DbError> {
        let holder = self.holder.clone();
        let (_, last_ms) = self.shared.ids.standing();
        let lease = self.write(move |tx| lease::acquire(tx, &holder, last_ms))?;
        self.shared.ids.install(lease);
        Ok(())
    }

    fn renew(&self) -> Result<(), DbError> {
        let (Some(lease), last_ms) = self.shared.ids.standing() else {
            return self.acquire();
        };
        let holder = self.holder.clone();
        match self.write(move |tx| lease::renew(tx, &holder, lease, last_ms))? {
            Some(lease) => {
                self.shared.ids.install(lease);
                Ok(())
            }
            None => {
                self.shared.ids.revoke();
                tracing::warn!(
                    node = lease.node,
                    "the node number was lost: taking another"
                );
                self.acquire()
            }
        }
    }

    /// Runs a write closure of the store itself and waits for it.
    fn write<T: Send + 'static>(
        &self,
        closure: impl Fn(&WriteTx<'_>) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, DbError> {
        let (job, answer) = Job::new(closure);
        self.store.write_internal(job as Box<dyn WriteJob>)?;
        answer.blocking_recv().unwrap_or(Err(DbError::Closed))
    }
}

/// Starts a thread of the store.
pub(crate) fn spawn_thread<T: Send + 'static>(
    name: String,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, DbError> {
    std::thread::Builder::new()
        .name(name)
        .spawn(work)
        .map_err(|error| DbError::unavailable(format!("no thread could be started: {error}")))
}

/// Runs blocking work on a thread of its own and waits for it without blocking.
async fn on_a_thread<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, DbError> {
    let (reply, answer) = oneshot::channel();
    spawn_thread(name.to_owned(), move || {
        // An error means that the caller went away.
        let _ = reply.send(work());
    })?;
    answer.await.map_err(|_| DbError::Panicked {
        message: "while the database was opened or closed".to_owned(),
    })
}

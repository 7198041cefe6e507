//! PostgreSQL: a pool of threads, each with a connection and the synchronous driver.
//!
//! Write transactions run at READ COMMITTED and lock what they decide on; read closures see one
//! snapshot. The settings of a session hold for its life, so a pooler between us and the server
//! must keep sessions (PgBouncer: `pool_mode = session`).

mod carrier;
mod connection;
mod connector;
mod error;
mod numeric;
mod tls;
mod types;
mod url;
mod worker;

use std::sync::Arc;

pub(crate) use self::connection::{PostgresConnection, column};
pub use self::{carrier::NOTIFY_EVERY, worker::RERUNS};
use self::{
    carrier::PostgresCarrier,
    connector::Connector,
    worker::{PoolQueue, PostgresJob, Worker},
};
use crate::{
    error::{DbError, OpenError},
    job::{ReadJob, WriteJob},
    lease,
    metrics::{Metrics, MetricsSnapshot},
    migrate,
    options::Options,
    queue::{Lane, LaneQueue},
    store::Shared,
    threads::Threads,
};

/// The lowest version of the server (13: the oldest that our statements were tried on).
const VERSION_LOWEST: i64 = 130_000;

/// The running threads of one server.
pub(crate) struct PostgresStore {
    queue: Arc<PoolQueue>,
    carrier: Arc<PostgresCarrier>,
    pool: Threads,
    carriers: Threads,
}

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresStore").finish_non_exhaustive()
    }
}

impl PostgresStore {
    /// Connects, brings the schema up to date and starts the threads.
    pub(crate) fn open(
        url: &str,
        options: &Options,
        shared: &Arc<Shared>,
    ) -> Result<Self, OpenError> {
        let connector = Arc::new(Connector::new(url)?);
        let first = connector.connect()?;
        Metrics::add(&shared.metrics.connects);
        check_server(&first)?;
        migrate::postgres::run(&first, &options.migrations, shared.clock.now())?;
        let background = (options.postgres_connections / 2).max(1);
        let store = Self {
            queue: Arc::new(LaneQueue::new(options.queue_limit, Some(background))),
            carrier: PostgresCarrier::new(lease::holder_name()),
            pool: Threads::default(),
            carriers: Threads::default(),
        };
        store.start_pool(first, options, &connector, shared)?;
        store.start_carrier(&connector, shared)?;
        Ok(store)
    }

    fn start_pool(
        &self,
        first: PostgresConnection,
        options: &Options,
        connector: &Arc<Connector>,
        shared: &Arc<Shared>,
    ) -> Result<(), DbError> {
        let mut first = Some(first);
        for number in 0..options.postgres_connections.max(1) {
            let worker = Worker::new(
                first.take(),
                Arc::clone(connector),
                Arc::clone(&self.queue),
                Arc::clone(shared),
                options.postgres_patience,
            );
            self.pool
                .spawn(&format!("db-pool-{number}"), || worker.run())?;
        }
        Ok(())
    }

    fn start_carrier(
        &self,
        connector: &Arc<Connector>,
        shared: &Arc<Shared>,
    ) -> Result<(), DbError> {
        let (carrier, ways) = (Arc::clone(&self.carrier), Arc::clone(connector));
        self.carriers
            .spawn("db-notify", move || carrier.run_sender(&ways))?;
        // Connected before anybody can listen to us: nothing is missed, nobody is woken needlessly.
        let listener = carrier::connect_listener(connector)?;
        let (carrier, ways) = (Arc::clone(&self.carrier), Arc::clone(connector));
        let hints = shared.hints.clone();
        self.carriers.spawn("db-listen", move || {
            carrier.run_listener(listener, &ways, &hints);
        })?;
        shared.carrier.connect(Arc::clone(&self.carrier) as _);
        Ok(())
    }

    pub(crate) async fn read(&self, job: Box<dyn ReadJob>) -> Result<(), DbError> {
        self.queue.push(Lane::Mail, PostgresJob::Read(job)).await
    }

    pub(crate) async fn write(&self, lane: Lane, job: Box<dyn WriteJob>) -> Result<(), DbError> {
        self.queue.push(lane, PostgresJob::Write(job)).await
    }

    pub(crate) fn write_internal(&self, job: Box<dyn WriteJob>) -> Result<(), DbError> {
        self.queue
            .push_internal(Lane::Mail, PostgresJob::Write(job))
    }

    pub(crate) fn close(&self) {
        self.queue.close();
    }

    pub(crate) fn join(&self) {
        self.pool.join();
        // Only now: the last transactions had hints too.
        self.carrier.close();
        self.carriers.join();
    }

    pub(crate) fn fill_depths(&self, snapshot: &mut MetricsSnapshot) {
        (snapshot.mail_queued, snapshot.background_queued) = self.queue.depth();
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.close();
        self.carrier.close();
    }
}

/// Refuses a server that cannot keep what we promise.
fn check_server(connection: &PostgresConnection) -> Result<(), OpenError> {
    let setting = |name: &str| -> Result<String, DbError> {
        let mut value = String::new();
        let sql = format!("SELECT current_setting('{name}')");
        connection.for_each_collected(&sql, &[], &mut |row| {
            value = row.get(0)?;
            Ok(std::ops::ControlFlow::Break(()))
        })?;
        Ok(value)
    };
    let unsuitable = |reason: String| Err(OpenError::Unsuitable { reason });
    let encoding = setting("server_encoding")?;
    if encoding != "UTF8" {
        return unsuitable(format!(
            "the database's encoding is {encoding}: create it with ENCODING 'UTF8'"
        ));
    }
    let version = setting("server_version_num")?;
    if version
        .parse::<i64>()
        .is_ok_and(|version| version < VERSION_LOWEST)
    {
        return unsuitable(format!(
            "version {version} is too old: PostgreSQL 13 or later is needed"
        ));
    }
    for safety in ["fsync", "full_page_writes"] {
        if setting(safety)? != "on" {
            tracing::warn!(
                setting = safety,
                "the server may lose mail when the power fails"
            );
        }
    }
    Ok(())
}

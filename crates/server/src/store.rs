//! An open store: the exclusive lock and the services on it, with or without listeners.

use std::{sync::Arc, time::Duration};

use hikyaku_blob::SpaceWatch;
use hikyaku_db::{Clock, Database, OpenError, Options, SqliteSynchronous, SystemClock, Target};
use hikyaku_directory::{SignIn, SignInPolicy, password::HashPool};
use hikyaku_http_api::{Router, Services, control_router};
use hikyaku_mailstore::{Mailstore, Registry};
use hikyaku_transport::{Policy, Transport};

use crate::{
    config::Config,
    lock::{LockError, StoreLock},
};

/// The services of one configuration, ready to work.
#[derive(Debug)]
pub struct Store {
    pub(crate) config: Config,
    pub(crate) db: Database,
    pub(crate) sign_in: SignIn,
    pub(crate) mailstore: Mailstore,
    pub(crate) transport: Transport,
    pub(crate) hashing: HashPool,
    /// Last, so that it is released when everything else is closed.
    _lock: StoreLock,
}

/// What tests exchange; the defaults are what `serve` uses.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Sign-in: throttling, cache and the cost of hashes.
    pub sign_in: SignInPolicy,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            sign_in: SignInPolicy::default(),
        }
    }
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process has it open.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The database cannot be opened.
    #[error("cannot open the database")]
    Database(#[from] OpenError),
}

impl Store {
    /// Opens the store of a configuration under the exclusive lock. `purpose` is what another
    /// process reads when it comes second.
    pub async fn open(config: Config, purpose: &str) -> Result<Self, StoreError> {
        Self::open_with(config, purpose, StoreOptions::default()).await
    }

    /// The same with other parts.
    pub async fn open_with(
        config: Config,
        purpose: &str,
        options: StoreOptions,
    ) -> Result<Self, StoreError> {
        let lock = StoreLock::acquire(&config.lock_file(), purpose)?;
        let target = config.target();
        let space = space_watch(&config, &target);
        let mut db_options = Options::new(target);
        db_options.clock = options.clock;
        db_options.postgres_connections = config.database.connections;
        db_options.sqlite_synchronous = sqlite_synchronous();
        let db = Database::open(db_options).await?;
        let policy = Policy {
            max_message: config.limits.max_message,
            max_recipients: config.limits.max_recipients,
            ..Policy::default()
        };
        let sign_in = SignIn::new(db.clone(), options.sign_in);
        Ok(Self {
            hashing: sign_in.hash_pool().clone(),
            sign_in,
            mailstore: Mailstore::with_registry(
                db.clone(),
                mail_limits(&config),
                Registry {
                    space: space.clone(),
                    ..Registry::default()
                },
            ),
            transport: Transport::new(db.clone(), policy, space),
            db,
            config,
            _lock: lock,
        })
    }

    /// The control API of this store, for the local socket or for the caller's own process.
    pub fn control_api(&self) -> Router {
        control_router(Services {
            db: self.db.clone(),
            mailstore: self.mailstore.clone(),
            hashing: self.hashing.clone(),
        })
    }

    /// The database, for tests and tools.
    pub const fn database(&self) -> &Database {
        &self.db
    }

    /// Mail, for tests and tools.
    pub const fn mailstore(&self) -> &Mailstore {
        &self.mailstore
    }

    /// Closes the database: what waits is finished, the node number is given back.
    pub async fn close(self) {
        self.db.close().await;
    }
}

fn mail_limits(config: &Config) -> hikyaku_mailstore::Limits {
    hikyaku_mailstore::Limits {
        restore_window: Duration::from_secs(u64::from(config.limits.restore_days) * 86_400),
        ..Default::default()
    }
}

/// When the embedded database waits for the disk: at every commit.
///
/// Builds for tests obey `HIKYAKU_TEST_SYNCHRONOUS=normal`, with which a power cut loses
/// acknowledged mail: the power-cut test proves with it that it would notice. Builds for use have
/// no such code.
fn sqlite_synchronous() -> SqliteSynchronous {
    #[cfg(debug_assertions)]
    if std::env::var_os("HIKYAKU_TEST_SYNCHRONOUS").is_some_and(|value| value == "normal") {
        tracing::warn!("HIKYAKU_TEST_SYNCHRONOUS=normal: a power cut loses acknowledged mail");
        return SqliteSynchronous::TestOnlyNormal;
    }
    SqliteSynchronous::Full
}

/// The disk of the embedded database is ours to watch; PostgreSQL watches its own.
fn space_watch(config: &Config, target: &Target) -> SpaceWatch {
    match target {
        Target::Sqlite { .. } => SpaceWatch::new(
            config.data_dir.clone(),
            config.limits.min_free_bytes.bytes(),
            config.limits.min_free_percent,
        ),
        Target::Postgres { .. } => SpaceWatch::elsewhere(),
    }
}

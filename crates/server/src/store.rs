//! An open store: the exclusive lock and the services on it, with or without listeners.

use std::{sync::Arc, time::Duration};

use hikyaku_access::{
    SignIn, SignInPolicy,
    factors::{Vault, VaultError},
};
use hikyaku_blob::{BlobError, Contents, FolderSync, ObjectError, Objects, SpaceWatch};
use hikyaku_db::{Clock, Database, OpenError, Options, SqliteSynchronous, SystemClock, Target};
use hikyaku_directory::password::HashPool;
use hikyaku_dns::Resolver;
use hikyaku_http_api::{Router, Services, Web, control_router, network_router};
use hikyaku_jobs::JobMetrics;
use hikyaku_mailstore::{Mailstore, Registry};
use hikyaku_notices::SenderMetrics;
use hikyaku_transport::{Policy, Transport, queue::Operator};

use crate::{
    config::{Config, ObjectStoreKind, S3ConfigError},
    lock::{LockError, StoreLock},
    running::fresh_resolver,
};

/// The services of one configuration, ready to work.
#[derive(Debug)]
pub struct Store {
    pub(crate) config: Config,
    pub(crate) db: Database,
    pub(crate) sign_in: SignIn,
    pub(crate) mailstore: Mailstore,
    pub(crate) contents: Contents,
    pub(crate) transport: Transport,
    pub(crate) hashing: HashPool,
    /// Signing in on the web.
    pub(crate) web: Web,
    /// The name service, for whoever shows that a domain is theirs.
    pub(crate) dns: Arc<dyn Resolver>,
    /// What the jobs of this process came to.
    pub(crate) jobs: Arc<JobMetrics>,
    /// What the sender of notices counts.
    pub(crate) notice_metrics: Arc<SenderMetrics>,
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
    /// The key file of second factors cannot be used.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The bucket of the objects is not configured as it must be.
    #[error(transparent)]
    S3(#[from] S3ConfigError),
    /// The store of the objects is not the right one, or makes no sense.
    #[error("cannot use the object storage")]
    Objects(#[source] ObjectError),
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
        let objects = objects(&config, &target)?;
        let space = space_watch(&config, &target, objects.as_ref());
        let mut db_options = Options::new(target);
        db_options.clock = options.clock;
        db_options.postgres_connections = config.database.connections;
        db_options.sqlite_synchronous = sqlite_synchronous();
        #[cfg(debug_assertions)]
        add_next_migration(&mut db_options);
        let db = Database::open(db_options).await?;
        let contents = open_contents(&config, &db, objects).await?;
        let policy = Policy {
            max_message: config.limits.max_message,
            max_recipients: config.limits.max_recipients,
            outgoing: config.outgoing.kept(),
            report_language: config.outgoing.report_language.policy(),
            ..Policy::default()
        };
        let sign_in = SignIn::new(db.clone(), options.sign_in);
        let vault = Vault::open(&config.data_dir.join(Vault::FILE_NAME))?;
        Ok(Self {
            dns: Arc::new(fresh_resolver(&config.outgoing)),
            hashing: sign_in.hash_pool().clone(),
            web: Web::new(sign_in.clone(), Arc::new(vault), config.hostname.as_str()),
            sign_in,
            mailstore: Mailstore::with_registry(
                db.clone(),
                mail_limits(&config),
                Registry {
                    space: space.clone(),
                    contents: contents.clone(),
                    references: vec![hikyaku_transport::queue::REFERENCES],
                    ..Registry::default()
                },
            ),
            transport: Transport::with_contents(db.clone(), policy, space, contents.clone()),
            notice_metrics: Arc::default(),
            contents,
            jobs: Arc::default(),
            db,
            config,
            _lock: lock,
        })
    }

    /// The API of this store for the local socket or for the caller's own process.
    pub fn control_api(&self) -> Router {
        control_router(self.services(), rustix::process::geteuid().as_raw())
    }

    /// The API of this store for whoever signs in over the network.
    pub fn network_api(&self) -> Router {
        network_router(self.services(), self.config.http.options())
    }

    fn services(&self) -> Services {
        Services {
            db: self.db.clone(),
            mailstore: self.mailstore.clone(),
            queue: Operator::new(self.transport.clone()),
            hashing: self.hashing.clone(),
            kept_after_deletion: std::time::Duration::from_hours(
                24 * u64::from(self.config.limits.account_restore_days),
            ),
            web: self.web.clone(),
            dns: Arc::clone(&self.dns),
        }
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

/// Builds for tests become the next version with `HIKYAKU_TEST_NEXT_MIGRATION=FILE`: the statements
/// are its migration, and the upgrade test starts it while others serve.
#[cfg(debug_assertions)]
fn add_next_migration(options: &mut Options) {
    let Some(file) = std::env::var_os("HIKYAKU_TEST_NEXT_MIGRATION") else {
        return;
    };
    match std::fs::read_to_string(&file) {
        Ok(statements) => options.add_next_migration(statements),
        Err(error) => tracing::warn!(%error, "HIKYAKU_TEST_NEXT_MIGRATION cannot be read"),
    }
}

/// The disk of the embedded database is ours to watch, and that of the objects; PostgreSQL watches
/// its own.
fn space_watch(config: &Config, target: &Target, objects: Option<&Objects>) -> SpaceWatch {
    let limits = &config.limits;
    let marks = SpaceWatch::with_marks(limits.min_free_bytes.bytes(), limits.min_free_percent);
    let watch = match target {
        Target::Sqlite { .. } => marks.and(&config.data_dir),
        Target::Postgres { .. } => marks,
    };
    match objects {
        Some(objects) => objects.watched_by(watch),
        None => watch,
    }
}

/// Where large contents go beside the database, if anywhere.
fn objects(config: &Config, target: &Target) -> Result<Option<Objects>, StoreError> {
    let folder = || Objects::folder(config.data_dir.join(&config.objects.folder), folder_sync());
    Ok(match (config.objects.store, target) {
        (ObjectStoreKind::Database, _) | (ObjectStoreKind::Auto, Target::Postgres { .. }) => None,
        (ObjectStoreKind::Folder, _) | (ObjectStoreKind::Auto, Target::Sqlite { .. }) => {
            Some(folder())
        }
        (ObjectStoreKind::S3, _) => {
            let options = config.objects.s3_options()?;
            Some(Objects::s3(&options).map_err(StoreError::Objects)?)
        }
    })
}

/// A store that cannot be reached is waited for: small mail works without it. Another store than
/// the one that the objects are in is an error of the configuration.
async fn open_contents(
    config: &Config,
    db: &Database,
    objects: Option<Objects>,
) -> Result<Contents, StoreError> {
    let Some(objects) = objects else {
        return Ok(Contents::in_database());
    };
    let limit = config.objects.inline_limit.bytes();
    let contents = Contents::with_objects(db.clone(), objects, limit);
    match contents.check_store().await {
        Err(BlobError::Objects(error @ ObjectError::WrongStore { .. })) => {
            Err(StoreError::Objects(error))
        }
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(
                error,
                "the object storage does not answer; large mail waits for it"
            );
            Ok(contents)
        }
        Ok(()) => Ok(contents),
    }
}

/// When an object's name waits for the disk: always.
///
/// Builds for tests obey `HIKYAKU_TEST_FOLDER_SYNC=skip`, with which a power cut loses acknowledged
/// mail: the power-cut test proves with it that it would notice. Builds for use have no such code.
fn folder_sync() -> FolderSync {
    #[cfg(debug_assertions)]
    if std::env::var_os("HIKYAKU_TEST_FOLDER_SYNC").is_some_and(|value| value == "skip") {
        tracing::warn!("HIKYAKU_TEST_FOLDER_SYNC=skip: a power cut loses acknowledged mail");
        return FolderSync::TestOnlySkip;
    }
    FolderSync::Full
}

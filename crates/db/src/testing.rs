//! Fresh databases for tests, of this room and of all rooms above it (feature `test-support`).
//!
//! In `Cargo.toml`:
//!
//! ```toml
//! [dev-dependencies]
//! hikyaku-db = { workspace = true, features = ["test-support"] }
//! ```
//!
//! A test is written once and runs on both engines (`name::sqlite`, `name::postgres`):
//!
//! ```ignore
//! hikyaku_db::on_both_engines! {
//!     /// What is promised.
//!     async fn a_row_is_there_after_commit(test: TestDatabase) {
//!         let db = &test.db;              // open, migrated, with a clock the test moves
//!         test.clock.advance(std::time::Duration::from_secs(60));
//!     }
//! }
//! ```
//!
//! The clock stands at [`START`] and moves only when the test moves it. PostgreSQL is found in
//! `HIKYAKU_TEST_POSTGRES` (`postgres://user@host:port/postgres`, a role that may create
//! databases); each test makes a database of its own and drops it. Without that variable the
//! PostgreSQL tests fail, unless `HIKYAKU_TEST_ENGINES=sqlite` says that they are not wanted.

use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use hikyaku_types::Timestamp;
use postgres::{Client, NoTls};
use tempfile::TempDir;

use crate::{Database, Engine, ManualClock, Migration, Options, Target};

/// Where the clock of a test stands at first: 2026-01-05T00:00:00Z, a Monday.
pub const START: Timestamp = Timestamp(1_767_571_200_000);

/// An open database of its own for one test; its file or its database on the server goes with it.
#[derive(Debug)]
pub struct TestDatabase {
    /// The open database.
    pub db: Database,
    /// Its clock.
    pub clock: Arc<ManualClock>,
    /// What removes it.
    pub guard: TestGuard,
}

/// Where a test's data is; removes it when dropped.
#[derive(Debug)]
pub struct TestGuard {
    target: Target,
    clean_up: CleanUp,
}

#[derive(Debug)]
enum CleanUp {
    Folder { _folder: TempDir },
    Database { server: String, name: String },
}

impl TestGuard {
    /// Where the data is, to open it once more.
    pub fn target(&self) -> Target {
        self.target.clone()
    }

    /// Options to open it once more.
    pub fn options(&self) -> Options {
        Options::new(self.target())
    }

    /// Options to open it with other migrations than the program's.
    pub fn options_with(&self, migrations: Vec<Migration>) -> Options {
        Options {
            migrations,
            ..self.options()
        }
    }
}

impl Drop for TestGuard {
    fn drop(&mut self) {
        if let CleanUp::Database { server, name } = &self.clean_up {
            let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            if let Err(error) = at_server(server, drop) {
                eprintln!("the database {name} of a test stays behind: {error}");
            }
        }
    }
}

/// Whether tests on an engine are wanted here.
pub fn is_wanted(engine: Engine) -> bool {
    let only_sqlite = std::env::var("HIKYAKU_TEST_ENGINES").is_ok_and(|value| value == "sqlite");
    if engine == Engine::Postgres && only_sqlite {
        eprintln!("not run: HIKYAKU_TEST_ENGINES=sqlite says that PostgreSQL is not wanted");
    }
    engine == Engine::Sqlite || !only_sqlite
}

/// A fresh, open, migrated database.
///
/// # Panics
/// When it cannot be made; on PostgreSQL also when `HIKYAKU_TEST_POSTGRES` is not set.
pub async fn fresh(engine: Engine) -> TestDatabase {
    fresh_with(engine, |_| ()).await
}

/// A fresh, open, migrated database with other options than the defaults.
///
/// # Panics
/// As [`fresh`].
pub async fn fresh_with(engine: Engine, change: impl FnOnce(&mut Options)) -> TestDatabase {
    let guard = place(engine);
    let clock = Arc::new(ManualClock::new(START));
    let mut options = guard.options();
    options.clock = Arc::clone(&clock) as _;
    change(&mut options);
    let db = Database::open(options)
        .await
        .expect("a fresh database opens");
    TestDatabase { db, clock, guard }
}

/// A place for a database: a file that does not exist yet (SQLite) or an empty database (PostgreSQL).
///
/// # Panics
/// When it cannot be made; on PostgreSQL also when `HIKYAKU_TEST_POSTGRES` is not set.
pub fn place(engine: Engine) -> TestGuard {
    match engine {
        Engine::Sqlite => {
            let folder = TempDir::new().expect("a temporary folder can be made");
            let path = folder.path().join("test.sqlite");
            TestGuard {
                target: Target::Sqlite { path },
                clean_up: CleanUp::Folder { _folder: folder },
            }
        }
        Engine::Postgres => place_on_server(),
    }
}

fn place_on_server() -> TestGuard {
    let server = std::env::var("HIKYAKU_TEST_POSTGRES").expect(
        "HIKYAKU_TEST_POSTGRES says where PostgreSQL is for tests (`scripts/postgres.sh run -- \
         COMMAND` sets it); HIKYAKU_TEST_ENGINES=sqlite does without",
    );
    let random = RandomState::new().hash_one(std::process::id());
    let name = format!("hikyaku_test_{random:016x}");
    at_server(&server, format!("CREATE DATABASE {name}")).expect("a database can be made");
    let (address, parameters) = match server.split_once('?') {
        Some((address, parameters)) => (address, format!("?{parameters}")),
        None => (server.as_str(), String::new()),
    };
    let (host, _) = address.rsplit_once('/').expect("the URL names a database");
    let url = format!("{host}/{name}{parameters}");
    TestGuard {
        target: Target::Postgres { url },
        clean_up: CleanUp::Database { server, name },
    }
}

/// Runs one statement at the server, outside of any async runtime.
fn at_server(server: &str, statement: String) -> Result<(), String> {
    let server = server.to_owned();
    let work = move || {
        let mut client = Client::connect(&server, NoTls).map_err(|e| e.to_string())?;
        client.batch_execute(&statement).map_err(|e| e.to_string())
    };
    let thread = std::thread::spawn(work);
    thread
        .join()
        .unwrap_or_else(|_| Err("the thread panicked".to_owned()))
}

/// Declares tests that run on both engines; see [`crate::testing`].
#[macro_export]
macro_rules! on_both_engines {
    ($(
        $(#[$doc:meta])*
        async fn $name:ident($test:ident: TestDatabase) $body:block
    )+) => {$(
        $(#[$doc])*
        mod $name {
            use super::*;

            async fn on_one_engine($test: $crate::testing::TestDatabase) {
                $body
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                on_one_engine($crate::testing::fresh($crate::Engine::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if $crate::testing::is_wanted($crate::Engine::Postgres) {
                    on_one_engine($crate::testing::fresh($crate::Engine::Postgres).await).await;
                }
            }
        }
    )+};
}

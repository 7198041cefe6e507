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
//! databases); each test has a database of its own there. Without that variable the PostgreSQL
//! tests fail, unless `HIKYAKU_TEST_ENGINES=sqlite` says that they are not wanted.

mod plan;
mod server;

use std::sync::Arc;

use hikyaku_types::Timestamp;
use tempfile::TempDir;

pub use plan::assert_only_searches;

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

/// Where a test's data is. A file is removed with it; a database on a server stays, because
/// dropping one makes the server write out everything: it goes with the private cluster, or when
/// many have gathered on a server that stays.
#[derive(Debug)]
pub struct TestGuard {
    target: Target,
    _folder: Option<TempDir>,
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
    let guard = migrated_place(engine);
    let clock = Arc::new(ManualClock::new(START));
    let mut options = guard.options();
    options.clock = Arc::clone(&clock) as _;
    change(&mut options);
    let db = Database::open(options)
        .await
        .expect("a fresh database opens");
    TestDatabase { db, clock, guard }
}

/// A place for a database: a file that does not exist yet (SQLite) or an empty database
/// (PostgreSQL).
///
/// # Panics
/// When it cannot be made; on PostgreSQL also when `HIKYAKU_TEST_POSTGRES` is not set.
pub fn place(engine: Engine) -> TestGuard {
    match engine {
        Engine::Sqlite => place_in_folder(),
        Engine::Postgres => place_on_server(server::empty_database()),
    }
}

/// The same, on PostgreSQL already migrated: a copy costs less than the migrations.
fn migrated_place(engine: Engine) -> TestGuard {
    match engine {
        Engine::Sqlite => place_in_folder(),
        Engine::Postgres => place_on_server(server::migrated_database()),
    }
}

fn place_in_folder() -> TestGuard {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let path = folder.path().join("test.sqlite");
    TestGuard {
        target: Target::Sqlite { path },
        _folder: Some(folder),
    }
}

fn place_on_server(url: String) -> TestGuard {
    TestGuard {
        target: Target::Postgres { url },
        _folder: None,
    }
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

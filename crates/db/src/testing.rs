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

use std::sync::Arc;

use hikyaku_types::Timestamp;
use tempfile::TempDir;

use crate::{Database, Engine, ManualClock, Options, Target};

/// Where the clock of a test stands at first: 2026-01-05T00:00:00Z, a Monday.
pub const START: Timestamp = Timestamp(1_767_571_200_000);

/// An open database of its own for one test; its files or its database go with it.
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
    _folder: TempDir,
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
}

/// Whether tests on an engine are wanted here.
///
/// # Panics
/// When tests on PostgreSQL are wanted but `HIKYAKU_TEST_POSTGRES` does not say where it is.
pub fn is_wanted(engine: Engine) -> bool {
    if engine == Engine::Sqlite {
        return true;
    }
    if std::env::var("HIKYAKU_TEST_ENGINES").is_ok_and(|engines| engines == "sqlite") {
        eprintln!("not run: HIKYAKU_TEST_ENGINES=sqlite says that PostgreSQL is not wanted");
        return false;
    }
    true
}

/// A fresh, open, migrated database.
///
/// # Panics
/// When it cannot be made.
pub async fn fresh(engine: Engine) -> TestDatabase {
    let guard = place(engine);
    let clock = Arc::new(ManualClock::new(START));
    let mut options = guard.options();
    options.clock = Arc::clone(&clock) as _;
    let db = Database::open(options)
        .await
        .expect("a fresh database opens");
    TestDatabase { db, clock, guard }
}

/// A place for a database that does not exist yet (SQLite) or is empty (PostgreSQL).
///
/// # Panics
/// When it cannot be made.
pub fn place(engine: Engine) -> TestGuard {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let target = match engine {
        Engine::Sqlite => Target::Sqlite {
            path: folder.path().join("test.sqlite"),
        },
        Engine::Postgres => panic!("PostgreSQL is not built in yet"),
    };
    TestGuard {
        target,
        _folder: folder,
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
            #[allow(unused_imports, clippy::wildcard_imports)]
            use super::*;

            async fn run($test: $crate::testing::TestDatabase) {
                $body
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                run($crate::testing::fresh($crate::Engine::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if $crate::testing::is_wanted($crate::Engine::Postgres) {
                    run($crate::testing::fresh($crate::Engine::Postgres).await).await;
                }
            }
        }
    )+};
}

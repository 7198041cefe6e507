//! How a database is opened.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use crate::{
    clock::{Clock, SystemClock},
    migrate::{MIGRATIONS, Migration},
};

/// Reader threads on SQLite unless set otherwise (default 4).
const SQLITE_READERS: usize = 4;
/// Time after which a group of writes takes no more members unless set otherwise (default 10 ms).
const SQLITE_GROUP_TIME: Duration = Duration::from_millis(10);
/// Pages of new log after which they are copied into the file unless set otherwise (default 4096 of
/// 4 KiB: 16 MiB).
const SQLITE_COPY_PAGES: u64 = 4096;
/// Time that closures wait for a server that is away unless set otherwise (default 10 s).
const POSTGRES_PATIENCE: Duration = Duration::from_secs(10);
/// Connections to PostgreSQL unless set otherwise (default 8).
const POSTGRES_CONNECTIONS: usize = 8;
/// Closures that wait in one lane unless set otherwise (default 4096); further callers wait for
/// room.
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
#[derive(Clone)]
pub enum Target {
    /// A database file; made if it is missing (its folder must exist).
    Sqlite {
        /// The file.
        path: PathBuf,
    },
    /// A PostgreSQL server.
    Postgres {
        /// `postgres://user:password@host/database?sslmode=verify-full`. The parameters are those of
        /// libpq. `sslmode` is `disable`, `prefer` (the default: encrypted if the server can),
        /// `require` (encrypted, the certificate is not checked, as libpq does it) or `verify-full`
        /// (encrypted, the certificate is valid for the host). `sslrootcert` names a PEM file with
        /// the authorities to trust; without it the system's are trusted.
        url: String,
    },
}

/// Without the password of a URL: settings end up in logs.
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { path } => f.debug_struct("Sqlite").field("path", path).finish(),
            Self::Postgres { url } => {
                let server = url
                    .rsplit_once('@')
                    .map_or(url.as_str(), |(_, server)| server);
                let server = server.split('?').next().unwrap_or_default();
                f.debug_struct("Postgres").field("server", &server).finish()
            }
        }
    }
}

/// When SQLite waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SqliteSynchronous {
    /// At every commit: what is acknowledged is durable. The promise of the whole product.
    #[default]
    Full,
    /// At checkpoints only, so that a power cut takes acknowledged commits with it. Only for the
    /// power-cut test, which must find that out.
    TestOnlyNormal,
}

/// How a database is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the data is.
    pub target: Target,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Reader threads on SQLite, at least one.
    pub sqlite_readers: usize,
    /// After this time a group of writes on SQLite takes no more members and commits, so that its
    /// first member does not wait long.
    pub sqlite_group_time: Duration,
    /// Pages of new write-ahead log after which they are copied into the database file. At four
    /// times as many the writer itself finishes the copy, so that the log can start over.
    pub sqlite_copy_pages: u64,
    /// When SQLite waits for the disk. Anything but the default breaks the promise.
    pub sqlite_synchronous: SqliteSynchronous,
    /// How long a queued closure waits for a PostgreSQL server that is away before it fails with
    /// [`DbError::Unavailable`](crate::DbError::Unavailable).
    pub postgres_patience: Duration,
    /// Connections (and threads) on PostgreSQL, at least one. Two more carry the hints.
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
            sqlite_group_time: SQLITE_GROUP_TIME,
            sqlite_copy_pages: SQLITE_COPY_PAGES,
            sqlite_synchronous: SqliteSynchronous::default(),
            postgres_patience: POSTGRES_PATIENCE,
            postgres_connections: POSTGRES_CONNECTIONS,
            queue_limit: QUEUE_LIMIT,
            migrations: MIGRATIONS.to_vec(),
        }
    }

    /// Adds the migration that a next version would bring, so that a test can upgrade.
    #[cfg(debug_assertions)]
    pub fn add_next_migration(&mut self, statements: String) {
        let statements = statements.leak();
        self.migrations.push(Migration {
            version: MIGRATIONS.last().map_or(0, |last| last.version) + 1,
            name: "next_version",
            sqlite: statements,
            postgres: statements,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_shown_without_passwords() {
        for url in [
            "postgres://hikyaku:sekret@db.example.jp:5432/mail?sslmode=require",
            "postgres://db.example.jp/mail?user=hikyaku&password=sekret",
            "postgres://hikyaku:se@sekret@db.example.jp/mail",
        ] {
            let shown = format!(
                "{:?}",
                Options::new(Target::Postgres {
                    url: url.to_owned()
                })
            );
            assert!(
                !shown.contains("sekret") && shown.contains("db.example.jp"),
                "{shown}"
            );
        }
    }
}

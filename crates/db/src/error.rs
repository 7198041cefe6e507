//! Errors of the store, classified by what a caller can do about them.

/// What went wrong with a statement, a transaction or the store itself.
///
/// Driver errors are turned into these at the boundary, so that the same fault has the same variant
/// on both engines. The texts name the cause and never hold parameter values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DbError {
    /// `query_one` found no row. The only error after which a closure may go on.
    #[error("no such row")]
    NotFound,
    /// A unique index or a primary key refused the row.
    #[error("unique constraint violated: {constraint}")]
    Unique {
        /// The constraint as the engine names it (a name on PostgreSQL, table and columns on
        /// SQLite).
        constraint: String,
    },
    /// Another constraint (foreign key, check, not null) refused the row.
    #[error("constraint violated: {constraint}")]
    Constraint {
        /// The constraint as the engine names it.
        constraint: String,
    },
    /// No room on the disk, or the engine's own size limit is reached.
    #[error("the storage of the database is full")]
    DiskFull,
    /// The engine cannot work now: connection lost, restarting, locked by another process. What was
    /// running is rolled back, or, when the connection was lost during COMMIT, in an unknown state.
    #[error("the database is unavailable: {reason}")]
    Unavailable {
        /// What the engine or the system said.
        reason: String,
    },
    /// The operating system failed to read or write the database's files.
    #[error("input/output error of the database: {reason}")]
    Io {
        /// What the engine said.
        reason: String,
    },
    /// The store is closing down and takes no more work.
    #[error("the database is closed")]
    Closed,
    /// The engine found its files damaged.
    #[error("the database is damaged: {reason}")]
    Corrupt {
        /// What the engine said.
        reason: String,
    },
    /// A column does not hold what the reader expects.
    #[error("column {index} holds {found}, expected {expected}")]
    Conversion {
        /// Index of the column in the row, from 0.
        index: usize,
        /// The Rust type that was asked for.
        expected: &'static str,
        /// What the row holds.
        found: &'static str,
    },
    /// A text parameter holds U+0000, which PostgreSQL cannot store: both engines refuse it.
    #[error("a text value holds a NUL character")]
    NulInText,
    /// The closure panicked; its changes are rolled back.
    #[error("the transaction's code panicked: {message}")]
    Panicked {
        /// The panic's message.
        message: String,
    },
    /// A statement failed earlier in this transaction, so nothing more runs in it (as PostgreSQL
    /// does it; SQLite is held to the same rule).
    #[error("the transaction has failed already")]
    TransactionFailed,
    /// The statement itself is wrong: a fault of the program.
    #[error("statement refused ({code}): {message}")]
    Sql {
        /// SQLSTATE or SQLite's extended result code.
        code: String,
        /// What the engine said.
        message: String,
    },
}

impl DbError {
    /// Whether the same call may succeed later without anybody changing the program or the data.
    pub fn is_temporary(&self) -> bool {
        matches!(
            self,
            Self::DiskFull | Self::Unavailable { .. } | Self::Io { .. } | Self::Closed
        )
    }

    /// Whether a unique index or a primary key refused the row.
    pub fn is_unique(&self) -> bool {
        matches!(self, Self::Unique { .. })
    }

    /// Whether there is no room left for the data.
    pub fn is_storage_full(&self) -> bool {
        matches!(self, Self::DiskFull)
    }

    /// Whether a closure may go on after this error, because no statement failed.
    pub(crate) fn leaves_transaction_usable(&self) -> bool {
        matches!(self, Self::NotFound | Self::Conversion { .. })
    }

    pub(crate) fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable {
            reason: reason.into(),
        }
    }
}

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file cannot be created or opened.
    #[error("cannot open the database file {path}")]
    File {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The address of the PostgreSQL server cannot be used.
    #[error("the database URL is wrong: {reason}")]
    Url {
        /// What is wrong with it; never holds the password.
        reason: String,
    },
    /// The server's settings do not allow what we promise.
    #[error("this server cannot be used: {reason}")]
    Unsuitable {
        /// What is missing and what to do.
        reason: String,
    },
    /// The schema was made by a later version of the program.
    #[error(
        "the database has schema version {found}, this program knows versions up to {known}: \
         start the newer program"
    )]
    SchemaNewer {
        /// The highest version in the database.
        found: i64,
        /// The highest version this program knows.
        known: i64,
    },
    /// A migration that was applied differs from the one in this program.
    #[error(
        "migration {version} ({name}) was applied with another content than this program has: \
         the schema cannot be trusted"
    )]
    MigrationChanged {
        /// The migration's number.
        version: i64,
        /// The migration's name.
        name: String,
    },
    /// The database has a later migration but lacks an earlier one.
    #[error("migration {version} ({name}) is missing although later ones were applied")]
    MigrationMissing {
        /// The migration's number.
        version: i64,
        /// The migration's name.
        name: String,
    },
    /// A migration failed; its transaction is rolled back and the next start tries it again.
    #[error("migration {version} ({name}) failed")]
    MigrationFailed {
        /// The migration's number.
        version: i64,
        /// The migration's name.
        name: String,
        /// Why.
        #[source]
        source: DbError,
    },
    /// The store failed while it was opened.
    #[error("the database failed while opening")]
    Db(#[from] DbError),
}

//! One connection to the database file: settings, statements, columns.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    fs::OpenOptions,
    io,
    ops::ControlFlow,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::Arc,
    time::Duration,
};

use rusqlite::{CachedStatement, Connection, OpenFlags, config::DbConfig, types};

use super::error::db_error;
use crate::{
    error::{DbError, OpenError},
    options::SqliteSynchronous,
    row::{Row, RowKind},
    sql,
    value::{Value, ValueRef},
};

/// How long a statement waits for another process that holds the file (default 5 s). Our own
/// connections never wait for each other: there is one writer, and readers do not block it.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Prepared statements kept per connection (default 512: more than all hot statements together).
const STATEMENTS_KEPT: usize = 512;
/// Texts with locking clauses whose stripped form is kept (default 512).
const STRIPPED_KEPT: usize = 512;
/// Page cache of the writer in KiB (default 32 MiB). The system's own cache stands behind it; a
/// larger one costs more at each commit than it saves: while the file is smaller than 1 GB, SQLite
/// walks through all of it after each commit that split a page.
const WRITER_CACHE_KIB: i64 = 32 * 1024;
/// Page cache of each reader in KiB (default 8 MiB).
const READER_CACHE_KIB: i64 = 8 * 1024;
/// The write-ahead log is cut to this size when it starts over (default 64 MiB).
const WAL_KEPT_BYTES: i64 = 64 * 1024 * 1024;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Writer(SqliteSynchronous),
    /// Copies the write-ahead log into the file.
    Copier(SqliteSynchronous),
    Reader,
}

/// One connection to the database file.
#[derive(Debug)]
pub(crate) struct SqliteConnection {
    connection: Connection,
    /// Statement texts without their locking clauses, by the text with them.
    stripped: RefCell<HashMap<Box<str>, Arc<str>>>,
    /// Rows changed since the file was opened, at the last [`SqliteConnection::watch_changes`].
    changes_seen: Cell<u64>,
    /// Whether a statement ran since then whose changes SQLite does not count.
    ran_uncounted: Cell<bool>,
}

impl SqliteConnection {
    /// Opens the file and makes the settings this store relies on.
    pub(crate) fn open(path: &Path, role: Role) -> Result<Self, DbError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(|e| db_error(&e))?;
        let this = Self {
            connection,
            stripped: RefCell::default(),
            changes_seen: Cell::new(0),
            ran_uncounted: Cell::new(false),
        };
        this.configure(role).map_err(|e| db_error(&e))?;
        this.check_log()?;
        Ok(this)
    }

    /// Without a write-ahead log (say, where the file system has no shared memory) readers would
    /// wait for the writer, and the writer for readers.
    fn check_log(&self) -> Result<(), DbError> {
        let read = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
        let mode = self
            .connection
            .pragma_query_value(None, "journal_mode", read);
        let mode = mode.map_err(|e| db_error(&e))?;
        if mode == "wal" {
            return Ok(());
        }
        Err(DbError::Io {
            reason: format!("no write-ahead log can be used here, only the mode {mode}"),
        })
    }

    fn configure(&self, role: Role) -> rusqlite::Result<()> {
        let connection = &self.connection;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        // A double-quoted text that is no column is an error, as on PostgreSQL.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
        // The plan of a statement does not depend on its parameters. Without this SQLite parses and
        // plans statements with `LIMIT ?`, and many with `column = ?`, anew whenever they come out
        // of the cache of statements, because other values might deserve another plan: a quarter
        // of the work of reading messages.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        // No memory map: a disk that fails then is an error, not a SIGBUS.
        connection.pragma_update(None, "mmap_size", 0)?;
        match role {
            Role::Writer(synchronous) => {
                connection.pragma_update(None, "journal_mode", "WAL")?;
                connection.pragma_update(None, "synchronous", word(synchronous))?;
                connection.pragma_update(None, "journal_size_limit", WAL_KEPT_BYTES)?;
                connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
            }
            Role::Copier(synchronous) => {
                connection.pragma_update(None, "synchronous", word(synchronous))?;
            }
            Role::Reader => {
                connection.pragma_update(None, "query_only", true)?;
                connection.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
            }
        }
        Ok(())
    }

    /// Tells `seen` the pages in the write-ahead log after each commit, instead of SQLite copying
    /// it by its own rule.
    pub(super) fn watch_log(&mut self, seen: impl Fn(u64) + Send + 'static) -> Result<(), DbError> {
        let hook = move |_: &mut rusqlite::hooks::Wal, pages: std::ffi::c_int| {
            seen(u64::try_from(pages).unwrap_or(0));
            Ok(())
        };
        self.connection
            .wal_hook(Some(hook))
            .map_err(|e| db_error(&e))
    }

    /// Copies the write-ahead log into the file as far as readers allow, without waiting for them.
    pub(super) fn copy_log(&self) -> Result<(), DbError> {
        let copy = "PRAGMA wal_checkpoint(PASSIVE)";
        self.for_each(copy, &[], &mut |_| Ok(ControlFlow::Continue(())))
    }

    /// Runs the statements of a migration.
    pub(crate) fn run_script(&self, script: &str) -> Result<(), DbError> {
        self.connection
            .execute_batch(script)
            .map_err(|e| db_error(&e))
    }

    /// Runs a statement of transaction control.
    pub(super) fn control(&self, sql: &'static str) -> Result<(), DbError> {
        let mut statement = self
            .connection
            .prepare_cached(sql)
            .map_err(|e| db_error(&e))?;
        statement.raw_execute().map_err(|e| db_error(&e))?;
        Ok(())
    }

    /// From now on [`SqliteConnection::has_changed`] tells about later statements only.
    pub(super) fn watch_changes(&self) {
        self.changes_seen.set(self.connection.total_changes());
        self.ran_uncounted.set(false);
    }

    /// Whether anything may have been changed since [`SqliteConnection::watch_changes`].
    pub(super) fn has_changed(&self) -> bool {
        self.ran_uncounted.get() || self.connection.total_changes() != self.changes_seen.get()
    }

    /// Whether no transaction is open: SQLite ends one by itself after some errors.
    pub(super) fn is_idle(&self) -> bool {
        self.connection.is_autocommit()
    }

    /// Runs a statement without result and returns the number of rows it affected.
    pub(crate) fn execute(&self, sql: &str, params: &[Value<'_>]) -> Result<u64, DbError> {
        let mut statement = self.prepare(sql, params)?;
        let rows = statement.raw_execute().map_err(|e| db_error(&e))?;
        Ok(rows as u64)
    }

    /// Visits each row of a query as it comes.
    pub(crate) fn for_each(
        &self,
        sql: &str,
        params: &[Value<'_>],
        visit: &mut dyn FnMut(&Row<'_>) -> Result<ControlFlow<()>, DbError>,
    ) -> Result<(), DbError> {
        let mut statement = self.prepare(sql, params)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(|e| db_error(&e))? {
            if visit(&Row(RowKind::Sqlite(row)))?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn prepare(&self, sql: &str, params: &[Value<'_>]) -> Result<CachedStatement<'_>, DbError> {
        if !is_counted(sql) {
            self.ran_uncounted.set(true);
        }
        let mut statement = if sql::may_lock(sql) {
            self.connection.prepare_cached(&self.without_locks(sql))
        } else {
            self.connection.prepare_cached(sql)
        }
        .map_err(|e| db_error(&e))?;
        let wanted = statement.parameter_count();
        if wanted != params.len() {
            return Err(DbError::Sql {
                code: "parameters".to_owned(),
                message: format!("{wanted} parameters wanted, {} given", params.len()),
            });
        }
        for (index, value) in params.iter().enumerate() {
            let bound = match value {
                Value::Null => types::ValueRef::Null,
                Value::Int(int) => types::ValueRef::Integer(*int),
                Value::Text(text) => types::ValueRef::Text(text.as_bytes()),
                Value::Blob(bytes) => types::ValueRef::Blob(bytes),
            };
            statement
                .raw_bind_parameter(index + 1, types::ToSqlOutput::Borrowed(bound))
                .map_err(|e| db_error(&e))?;
        }
        Ok(statement)
    }

    fn without_locks(&self, sql: &str) -> Arc<str> {
        let mut stripped = self.stripped.borrow_mut();
        if let Some(text) = stripped.get(sql) {
            return Arc::clone(text);
        }
        if stripped.len() >= STRIPPED_KEPT {
            stripped.clear();
        }
        let text: Arc<str> = sql::without_locks(sql).into();
        stripped.insert(sql.into(), Arc::clone(&text));
        text
    }
}

/// Whether SQLite counts the rows that a statement changes: those that change no rows but tables,
/// or something else, are not counted.
fn is_counted(sql: &str) -> bool {
    let word = sql
        .trim_start()
        .split(|c: char| !c.is_ascii_alphabetic())
        .next();
    let counted = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"];
    word.is_some_and(|word| counted.iter().any(|known| word.eq_ignore_ascii_case(known)))
}

fn word(synchronous: SqliteSynchronous) -> &'static str {
    match synchronous {
        // The commit is durable when it returns: the promise of the whole product.
        SqliteSynchronous::Full => "FULL",
        SqliteSynchronous::TestOnlyNormal => "NORMAL",
    }
}

/// The value of a column.
pub(crate) fn column<'a>(
    row: &'a rusqlite::Row<'_>,
    index: usize,
) -> Result<ValueRef<'a>, DbError> {
    let value = row.get_ref(index).map_err(|e| db_error(&e))?;
    Ok(match value {
        types::ValueRef::Null => ValueRef::Null,
        types::ValueRef::Integer(int) => ValueRef::Int(int),
        types::ValueRef::Real(_) => ValueRef::Other("a floating point number"),
        types::ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => ValueRef::Text(text),
            Err(_) => ValueRef::Other("text that is not UTF-8"),
        },
        types::ValueRef::Blob(bytes) => ValueRef::Blob(bytes),
    })
}

/// Makes an empty file that only its owner can read, unless the file is there already. SQLite gives
/// the log and the shared memory beside it the same mode.
pub(super) fn create_private(path: &Path) -> Result<(), OpenError> {
    let failed = |source| OpenError::File {
        path: path.display().to_string(),
        source,
    };
    match OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
    {
        Ok(file) => {
            file.sync_all().map_err(failed)?;
            sync_folder(path).map_err(failed)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(failed(error)),
    }
}

/// Makes the file's name durable.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::StatementStatus;

    /// A statement is planned once, whatever values are bound to it.
    #[test]
    fn other_values_need_no_other_plan() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        std::fs::File::create(&path).unwrap();
        let writer = Role::Writer(SqliteSynchronous::Full);
        let connection = SqliteConnection::open(&path, writer).unwrap();
        connection
            .run_script("CREATE TABLE t (a INTEGER, b INTEGER, PRIMARY KEY (a, b)) WITHOUT ROWID")
            .unwrap();
        let read = "SELECT b FROM t WHERE a = ?1 AND b > ?2 ORDER BY b LIMIT ?3";
        for value in 1..10 {
            let mut statement = connection.connection.prepare_cached(read).unwrap();
            let mut rows = statement.query([value, value + 1, value + 2]).unwrap();
            assert!(rows.next().unwrap().is_none());
            drop(rows);
            assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
        }
    }
}

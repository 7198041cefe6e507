//! The handles that closures get: [`Tx`] to read, [`WriteTx`] to write.

use std::{
    cell::{Cell, RefCell},
    ops::{ControlFlow, Deref},
};

use hikyaku_types::{Id, Timestamp};

use crate::{
    error::DbError, hints::Hint, ids::IdGenerator, options::Engine, postgres::PostgresConnection,
    row::Row, sqlite::SqliteConnection, value::Value,
};

/// The connection under a transaction.
#[derive(Clone, Copy)]
pub(crate) enum Backend<'a> {
    Sqlite(&'a SqliteConnection),
    Postgres(&'a PostgresConnection),
}

/// A running transaction, to read with.
///
/// All statements of one closure see one snapshot. After any error except [`DbError::NotFound`] and
/// [`DbError::Conversion`] the transaction has failed: later statements answer
/// [`DbError::TransactionFailed`], and the closure's changes are rolled back whatever it returns.
pub struct Tx<'a> {
    backend: Backend<'a>,
    now: Timestamp,
    failure: RefCell<Option<DbError>>,
    streaming: Cell<bool>,
    statements: Cell<u32>,
}

impl std::fmt::Debug for Tx<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tx")
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

impl<'a> Tx<'a> {
    pub(crate) fn new(backend: Backend<'a>, now: Timestamp) -> Self {
        Self {
            backend,
            now,
            failure: RefCell::new(None),
            streaming: Cell::new(false),
            statements: Cell::new(0),
        }
    }

    /// All rows of a query, each through `map`.
    ///
    /// The whole result is held in memory: use [`Tx::for_each`] or LIMIT where it can be long.
    /// `map` may run further statements.
    pub fn query<T>(
        &self,
        sql: &str,
        params: &[Value<'_>],
        mut map: impl FnMut(&Row<'_>) -> Result<T, DbError>,
    ) -> Result<Vec<T>, DbError> {
        let mut rows = Vec::new();
        self.rows(sql, params, &mut |row| {
            rows.push(map(row)?);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(rows)
    }

    /// The first row of a query.
    ///
    /// # Errors
    /// [`DbError::NotFound`] when there is none.
    pub fn query_one<T>(
        &self,
        sql: &str,
        params: &[Value<'_>],
        map: impl FnMut(&Row<'_>) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        self.query_opt(sql, params, map)?.ok_or(DbError::NotFound)
    }

    /// The first row of a query, if there is one. A query that can have several says which is first
    /// (ORDER BY) and that it wants only one (LIMIT 1).
    pub fn query_opt<T>(
        &self,
        sql: &str,
        params: &[Value<'_>],
        mut map: impl FnMut(&Row<'_>) -> Result<T, DbError>,
    ) -> Result<Option<T>, DbError> {
        let mut found = None;
        self.rows(sql, params, &mut |row| {
            found = Some(map(row)?);
            Ok(ControlFlow::Break(()))
        })?;
        Ok(found)
    }

    /// Each row of a query as it comes, in constant memory, until `visit` breaks or fails.
    ///
    /// `visit` must not run further statements in this transaction: the connection is busy with
    /// this one (both engines refuse it).
    pub fn for_each(
        &self,
        sql: &str,
        params: &[Value<'_>],
        mut visit: impl FnMut(&Row<'_>) -> Result<ControlFlow<()>, DbError>,
    ) -> Result<(), DbError> {
        self.check(params)?;
        self.streaming.set(true);
        let result = match self.backend {
            Backend::Sqlite(connection) => connection.for_each(sql, params, &mut visit),
            Backend::Postgres(connection) => connection.for_each(sql, params, &mut visit),
        };
        self.streaming.set(false);
        self.note(result)
    }

    /// How many statements this run of the closure has made so far: what tests of costs count.
    pub fn statements(&self) -> u32 {
        self.statements.get()
    }

    /// The instant at which this run of the closure began.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Which engine this runs on.
    pub fn engine(&self) -> Engine {
        match self.backend {
            Backend::Sqlite(_) => Engine::Sqlite,
            Backend::Postgres(_) => Engine::Postgres,
        }
    }

    /// The error of the statement that failed this transaction, if one did.
    pub(crate) fn failure(&self) -> Option<DbError> {
        self.failure.borrow().clone()
    }

    fn fail(&self, error: DbError) {
        self.failure.borrow_mut().get_or_insert(error);
    }

    fn rows(
        &self,
        sql: &str,
        params: &[Value<'_>],
        visit: &mut dyn FnMut(&Row<'_>) -> Result<ControlFlow<()>, DbError>,
    ) -> Result<(), DbError> {
        self.check(params)?;
        let result = match self.backend {
            Backend::Sqlite(connection) => connection.for_each(sql, params, visit),
            Backend::Postgres(connection) => connection.for_each_collected(sql, params, visit),
        };
        self.note(result)
    }

    /// Refuses what neither engine may see.
    fn check(&self, params: &[Value<'_>]) -> Result<(), DbError> {
        self.statements.set(self.statements.get().saturating_add(1));
        if self.failure.borrow().is_some() {
            return Err(DbError::TransactionFailed);
        }
        if self.streaming.get() {
            return self.note(Err(DbError::Sql {
                code: "for_each".to_owned(),
                message: "a statement was run inside for_each".to_owned(),
            }));
        }
        if params.iter().any(Value::has_nul) {
            return self.note(Err(DbError::NulInText));
        }
        Ok(())
    }

    /// Remembers the error that fails the transaction.
    fn note<T>(&self, result: Result<T, DbError>) -> Result<T, DbError> {
        if let Err(error) = &result
            && !error.leaves_transaction_usable()
        {
            self.fail(error.clone());
        }
        result
    }
}

/// A running transaction, to write with. Everything [`Tx`] offers works here too, also with
/// RETURNING.
pub struct WriteTx<'a> {
    tx: Tx<'a>,
    ids: &'a IdGenerator,
    hints: &'a RefCell<Vec<Hint>>,
}

impl std::fmt::Debug for WriteTx<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WriteTx")
            .field("tx", &self.tx)
            .finish_non_exhaustive()
    }
}

impl<'a> Deref for WriteTx<'a> {
    type Target = Tx<'a>;

    fn deref(&self) -> &Tx<'a> {
        &self.tx
    }
}

impl<'a> WriteTx<'a> {
    pub(crate) fn new(tx: Tx<'a>, ids: &'a IdGenerator, hints: &'a RefCell<Vec<Hint>>) -> Self {
        Self { tx, ids, hints }
    }

    /// Runs an INSERT, UPDATE or DELETE and returns the number of rows it affected.
    pub fn execute(&self, sql: &str, params: &[Value<'_>]) -> Result<u64, DbError> {
        self.tx.check(params)?;
        let result = match self.tx.backend {
            Backend::Sqlite(connection) => connection.execute(sql, params),
            Backend::Postgres(connection) => connection.execute(sql, params),
        };
        self.tx.note(result)
    }

    /// A new id, unlike every other in this database. Without a leased node number the transaction
    /// fails ([`DbError::Unavailable`]), so that an id which might be another's is never stored.
    pub fn new_id<I: Id>(&self) -> I {
        let (id, standing) = self.ids.next(self.tx.now);
        if let Err(error) = standing {
            self.tx.fail(error);
        }
        I::from_i64(id)
    }

    /// Asks for a hint to everybody who listens for it, published after commit and coalesced. A
    /// transaction that is rolled back publishes none.
    pub fn hint(&self, hint: Hint) {
        self.hints.borrow_mut().push(hint);
    }
}

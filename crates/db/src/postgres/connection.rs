//! One connection to the server: prepared statements, rows, and what its errors mean.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    ops::ControlFlow,
};

use postgres::{Client, Statement, fallible_iterator::FallibleIterator};

use super::{
    error::{Condition, condition, db_error},
    types::{Column, Parameter},
};
use crate::{
    error::DbError,
    row::{Row, RowKind},
    sql,
    value::{Value, ValueRef},
};

/// Prepared statements kept per connection (default 512: more than all hot statements together).
/// One more empties the cache, so that a statement built from data cannot fill the server's memory.
const STATEMENTS_KEPT: usize = 512;

/// One connection to the server.
pub(crate) struct PostgresConnection {
    client: RefCell<Client>,
    statements: RefCell<HashMap<Box<str>, Statement>>,
    condition: Cell<Condition>,
}

impl PostgresConnection {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client: RefCell::new(client),
            statements: RefCell::default(),
            condition: Cell::new(Condition::Sound),
        }
    }

    /// What the last error meant.
    pub(super) fn condition(&self) -> Condition {
        self.condition.get()
    }

    /// Forgets what an error meant, and statements that are stale: a new transaction begins.
    pub(super) fn recover(&self) {
        if self.condition.replace(Condition::Sound) == Condition::StalePlans {
            self.statements.borrow_mut().clear();
        }
    }

    /// Runs statements without parameters or result.
    pub(crate) fn run_script(&self, script: &str) -> Result<(), DbError> {
        let result = self.client.borrow_mut().batch_execute(script);
        self.note(result)
    }

    /// Runs a statement without result and returns the number of rows it affected.
    pub(crate) fn execute(&self, sql: &str, params: &[Value<'_>]) -> Result<u64, DbError> {
        let statement = self.prepare(sql, params)?;
        let mut client = self.client.borrow_mut();
        let mut rows = self.note(client.query_raw(&statement, params.iter().map(Parameter)))?;
        while self.note(rows.next())?.is_some() {}
        Ok(rows.rows_affected().unwrap_or(0))
    }

    /// Visits each row of a query after all have arrived: `visit` may run further statements.
    pub(crate) fn for_each_collected(
        &self,
        sql: &str,
        params: &[Value<'_>],
        visit: &mut dyn FnMut(&Row<'_>) -> Result<ControlFlow<()>, DbError>,
    ) -> Result<(), DbError> {
        let statement = self.prepare(sql, params)?;
        let rows: Vec<postgres::Row> = {
            let mut client = self.client.borrow_mut();
            let rows = self.note(client.query_raw(&statement, params.iter().map(Parameter)))?;
            self.note(rows.collect())?
        };
        for row in &rows {
            if visit(&Row(RowKind::Postgres(row)))?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Visits each row of a query as it arrives.
    pub(crate) fn for_each(
        &self,
        sql: &str,
        params: &[Value<'_>],
        visit: &mut dyn FnMut(&Row<'_>) -> Result<ControlFlow<()>, DbError>,
    ) -> Result<(), DbError> {
        let statement = self.prepare(sql, params)?;
        let mut client = self.client.borrow_mut();
        let mut rows = self.note(client.query_raw(&statement, params.iter().map(Parameter)))?;
        while let Some(row) = self.note(rows.next())? {
            if visit(&Row(RowKind::Postgres(&row)))?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn prepare(&self, sql: &str, params: &[Value<'_>]) -> Result<Statement, DbError> {
        let statement = self.statement(sql)?;
        let wanted = statement.params().len();
        if wanted != params.len() {
            return Err(DbError::Sql {
                code: "parameters".to_owned(),
                message: format!("{wanted} parameters wanted, {} given", params.len()),
            });
        }
        Ok(statement)
    }

    fn statement(&self, sql: &str) -> Result<Statement, DbError> {
        if let Some(statement) = self.statements.borrow().get(sql) {
            return Ok(statement.clone());
        }
        let prepared = self
            .client
            .borrow_mut()
            .prepare(&sql::numbered_for_postgres(sql));
        let statement = self.note(prepared)?;
        let mut statements = self.statements.borrow_mut();
        if statements.len() >= STATEMENTS_KEPT {
            statements.clear();
        }
        statements.insert(sql.into(), statement.clone());
        Ok(statement)
    }

    /// Turns a driver error into ours and remembers the worst thing it means.
    fn note<T>(&self, result: Result<T, postgres::Error>) -> Result<T, DbError> {
        result.map_err(|error| {
            let condition = condition(&error);
            if self.condition.get() != Condition::Lost && condition != Condition::Sound {
                self.condition.set(condition);
            }
            db_error(&error)
        })
    }
}

/// The value of a column.
pub(crate) fn column(row: &postgres::Row, index: usize) -> Result<ValueRef<'_>, DbError> {
    match row.try_get::<usize, Column<'_>>(index) {
        Ok(column) => Ok(column.0),
        Err(error) => Err(DbError::Sql {
            code: "column".to_owned(),
            message: super::error::with_sources(&error),
        }),
    }
}

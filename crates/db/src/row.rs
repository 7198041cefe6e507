//! One row of a result, read by column index.

use crate::{
    error::DbError,
    value::{FromValue, ValueRef},
};

/// One row of a result.
#[derive(Debug)]
pub struct Row<'a>(pub(crate) RowKind<'a>);

#[derive(Debug)]
pub(crate) enum RowKind<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a postgres::Row),
}

impl Row<'_> {
    /// The column at `index` (from 0) as a `T`.
    ///
    /// # Errors
    /// [`DbError::Conversion`] when the column holds something else, or does not exist.
    pub fn get<T: FromValue>(&self, index: usize) -> Result<T, DbError> {
        let value = self.value(index)?;
        T::from_value(value).ok_or_else(|| DbError::Conversion {
            index,
            expected: std::any::type_name::<T>(),
            found: value.kind(),
        })
    }

    /// The text at `index`, borrowed from the row.
    pub fn text(&self, index: usize) -> Result<&str, DbError> {
        match self.value(index)? {
            ValueRef::Text(text) => Ok(text),
            other => Err(mismatch(index, "text", other)),
        }
    }

    /// The bytes at `index`, borrowed from the row.
    pub fn blob(&self, index: usize) -> Result<&[u8], DbError> {
        match self.value(index)? {
            ValueRef::Blob(bytes) => Ok(bytes),
            other => Err(mismatch(index, "a blob", other)),
        }
    }

    /// The value at `index`, borrowed from the row.
    pub fn value(&self, index: usize) -> Result<ValueRef<'_>, DbError> {
        match self.0 {
            RowKind::Sqlite(row) => crate::sqlite::column(row, index),
            RowKind::Postgres(row) => crate::postgres::column(row, index),
        }
    }
}

fn mismatch(index: usize, expected: &'static str, found: ValueRef<'_>) -> DbError {
    DbError::Conversion {
        index,
        expected,
        found: found.kind(),
    }
}

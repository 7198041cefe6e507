//! Enumerations as the words that stand for them in the tables.

use hikyaku_db::{DbError, Row};
use serde::{Serialize, de::DeserializeOwned};

/// An enumeration that is stored as a word.
pub trait Stored: Sized + Copy {
    /// What it is, for error messages.
    const NAME: &'static str;

    /// The word.
    fn word(self) -> &'static str;

    /// The value of a word; nothing for a word this program does not know.
    fn from_word(word: &str) -> Option<Self>;

    /// The value in a column.
    fn read(row: &Row<'_>, index: usize) -> Result<Self, DbError> {
        Self::from_word(row.text(index)?).ok_or(unreadable(index, Self::NAME))
    }

    /// The value in a column that may be NULL.
    fn read_opt(row: &Row<'_>, index: usize) -> Result<Option<Self>, DbError> {
        match row.get::<Option<String>>(index)? {
            Some(_) => Self::read(row, index).map(Some),
            None => Ok(None),
        }
    }
}

/// A column holds a text that this program would not have written.
pub fn unreadable(index: usize, expected: &'static str) -> DbError {
    DbError::Conversion {
        index,
        expected,
        found: "another text",
    }
}

/// A value as the JSON that stands for it in a column.
///
/// # Panics
/// For values that have no JSON: maps whose keys are no words. None of ours are.
pub(crate) fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("invariant: what is stored has a JSON form")
}

/// The value of a column of JSON.
pub(crate) fn from_json<T: DeserializeOwned>(
    row: &Row<'_>,
    index: usize,
    expected: &'static str,
) -> Result<T, DbError> {
    serde_json::from_str(row.text(index)?).map_err(|_| unreadable(index, expected))
}

//! Enumerations as the words that stand for them in the tables.

use hikyaku_db::{DbError, Row};

/// An enumeration that is stored as a word.
pub(crate) trait Stored: Sized + Copy {
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
pub(crate) fn unreadable(index: usize, expected: &'static str) -> DbError {
    DbError::Conversion {
        index,
        expected,
        found: "another text",
    }
}

//! What can go wrong with contents.

use hikyaku_db::DbError;

use crate::hash::ContentHash;

/// What went wrong with a content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BlobError {
    /// The tenant has no such content.
    #[error("content {hash} is not stored")]
    Missing {
        /// Which one.
        hash: ContentHash,
    },
    /// The stored bytes are not the ones that were written.
    #[error("content {hash} is damaged: {reason}")]
    Corrupt {
        /// Which one.
        hash: ContentHash,
        /// How that was found.
        reason: &'static str,
    },
    /// More references were to be released than there are: a fault of the program, found before it
    /// does harm.
    #[error("content {hash} has {stored} references, cannot release {released}")]
    TooFewReferences {
        /// Which one.
        hash: ContentHash,
        /// How many there are.
        stored: i64,
        /// How many were to go.
        released: u32,
    },
    /// The content is stored in a way that this version does not know.
    #[error("content {hash} is stored in a way this program does not know ({what} {code})")]
    Unknown {
        /// Which one.
        hash: ContentHash,
        /// `encoding` or `place`.
        what: &'static str,
        /// The number found.
        code: i64,
    },
    /// The database failed.
    #[error("the database failed")]
    Db(#[from] DbError),
}

impl BlobError {
    /// Whether the same call may succeed later without anybody changing anything.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_temporary())
    }

    /// Whether there is no room on the disk.
    pub fn is_storage_full(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_storage_full())
    }
}

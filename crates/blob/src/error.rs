//! What can go wrong with contents.

use hikyaku_db::DbError;
use hikyaku_types::TenantId;

use crate::{hash::ContentHash, name::ObjectName, objects::ObjectError};

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
    /// The store of objects is there and has no such object.
    #[error("content {hash} is missing: there is no object {name}")]
    NoObject {
        /// Which content.
        hash: ContentHash,
        /// Its object.
        name: ObjectName,
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
    /// The content is to be an object, and there is no fresh upload of it for this tenant: the
    /// content that the tenant had has gone meanwhile. Upload it and try again.
    #[error("content {hash} is not uploaded for tenant {tenant}")]
    NotUploaded {
        /// Which content.
        hash: ContentHash,
        /// Who needs it.
        tenant: TenantId,
    },
    /// An object was to be decoded that is not fetched: a fault of the program.
    #[error("content {hash} is an object that was not fetched")]
    NotFetched {
        /// Which one.
        hash: ContentHash,
    },
    /// A background thread of this process failed.
    #[error("a background thread failed")]
    Interrupted,
    /// The object storage failed.
    #[error("the object storage failed")]
    Objects(#[from] ObjectError),
    /// The database failed.
    #[error("the database failed")]
    Db(#[from] DbError),
}

impl BlobError {
    /// Whether the same call may succeed later without anybody changing anything, or after
    /// somebody brought the storage back.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Db(error) => error.is_temporary(),
            Self::Objects(_) | Self::NotUploaded { .. } | Self::Interrupted => true,
            _ => false,
        }
    }

    /// Whether the storage of objects cannot be worked with at present.
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Objects(_))
    }

    /// Whether there is no room on the disk.
    pub fn is_storage_full(&self) -> bool {
        match self {
            Self::Db(error) => error.is_storage_full(),
            Self::Objects(error) => matches!(error, ObjectError::Full),
            _ => false,
        }
    }
}

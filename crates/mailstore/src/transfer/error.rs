//! What ends an import or an export.

use std::{io, path::PathBuf};

use crate::error::MailError;

/// Why an import or export could not go on. Running it again goes on where it stood.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransferError {
    /// A file or folder cannot be read or written.
    #[error("cannot access {path}")]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is no mbox: it does not begin with a `From ` line.
    #[error("{path} is not an mbox: it does not begin with a \"From \" line")]
    NotMbox {
        /// Which one.
        path: PathBuf,
    },
    /// The folder is no Maildir: it has no `cur` or `new`.
    #[error("{path} is not a Maildir: it has neither cur nor new")]
    NotMaildir {
        /// Which one.
        path: PathBuf,
    },
    /// An export would mix its files with others.
    #[error(
        "{path} is not empty and was not begun by an export: name a folder that is empty or not \
         there"
    )]
    NotEmpty {
        /// Which one.
        path: PathBuf,
    },
    /// The folder has an export of another account or in another form.
    #[error(
        "{path} has an export of another account or in another form: name a folder that is empty \
         or not there"
    )]
    OtherExport {
        /// Which one.
        path: PathBuf,
    },
    /// The mail store failed.
    #[error("the mail store failed")]
    Mail(#[from] MailError),
}

impl TransferError {
    /// A failure with a file.
    pub(super) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}

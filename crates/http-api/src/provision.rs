//! A new account in both rooms at once: its directory rows and its mailboxes.

use std::time::Duration;

use hikyaku_control::ControlError;
use hikyaku_db::{DbError, WriteTx};
use hikyaku_directory::{AccountScope, DirectoryError};
use hikyaku_mailstore::{MailError, Quota};

/// Why an account was not created.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProvisionError {
    /// The actor may not, or it is not there.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The directory refused.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The mail store refused.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<ProvisionError> for crate::problem::Problem {
    fn from(error: ProvisionError) -> Self {
        match error {
            ProvisionError::Control(error) => error.into(),
            ProvisionError::Directory(error) => error.into(),
            ProvisionError::Mail(error) => error.into(),
            ProvisionError::Db(error) => error.into(),
        }
    }
}

/// What a new account may hold, and how long what is expunged can be restored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MailSettings {
    pub(crate) quota: Quota,
    pub(crate) restore_window: Duration,
}

/// Creates the mailboxes of an account that the directory has already.
pub(crate) fn create_mail(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    mail: MailSettings,
) -> Result<(), MailError> {
    hikyaku_mailstore::accounts::create(tx, scope, mail.quota)?;
    hikyaku_mailstore::accounts::set_restore_window(tx, scope, mail.restore_window)
}

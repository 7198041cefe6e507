//! A new account in both rooms at once: its directory rows and its mailboxes.

use hikyaku_db::{DbError, WriteTx};
use hikyaku_directory::{
    AccountScope, DirectoryError, Reach,
    accounts::{self, NewAccount},
};
use hikyaku_mailstore::{MailError, Quota};

/// Why an account was not created.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProvisionError {
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
            ProvisionError::Directory(error) => error.into(),
            ProvisionError::Mail(error) => error.into(),
            ProvisionError::Db(error) => error.into(),
        }
    }
}

/// Creates an account with its mailboxes, within the caller's transaction.
pub(crate) fn create(
    tx: &WriteTx<'_>,
    reach: impl Reach,
    new: &NewAccount,
    quota: Quota,
) -> Result<AccountScope, ProvisionError> {
    let scope = accounts::create(tx, reach, new)?;
    hikyaku_mailstore::accounts::create(tx, scope, quota)?;
    Ok(scope)
}

//! Finding one living account.

use hikyaku_db::{Tx, params};
use hikyaku_types::{AccountId, EmailAddress};

use super::{Account, COLUMNS, JOINS, read, unknown};
use crate::{AccountScope, DirectoryError, Reach};

/// The account whose own address this is.
///
/// # Errors
/// [`DirectoryError::NoSuchAccount`], also when the address is an alias.
pub fn find_by_address(
    tx: &Tx<'_>,
    reach: impl Reach,
    address: &EmailAddress,
) -> Result<Account, DirectoryError> {
    tx.query_opt(
        &format!(
            "SELECT {COLUMNS} FROM account acc {JOINS}
             WHERE own.canonical = ?1 AND acc.deleted_at IS NULL"
        ),
        params![address.canonical()],
        read,
    )?
    .filter(|account| reach.covers(account.scope.tenant))
    .ok_or_else(|| DirectoryError::NoSuchAccount(address.to_string()))
}

/// The account of an id that came from outside.
///
/// # Errors
/// [`DirectoryError::NoSuchAccount`].
pub fn find_by_id(
    tx: &Tx<'_>,
    reach: impl Reach,
    account: AccountId,
) -> Result<Account, DirectoryError> {
    tx.query_opt(
        &format!(
            "SELECT {COLUMNS} FROM account acc {JOINS}
             WHERE acc.id = ?1 AND acc.deleted_at IS NULL"
        ),
        params![account],
        read,
    )?
    .filter(|found| reach.covers(found.scope.tenant))
    .ok_or_else(|| DirectoryError::NoSuchAccount(account.to_string()))
}

/// The account of a scope.
///
/// # Errors
/// [`DirectoryError::NoSuchAccount`] when it was deleted in the meantime.
pub fn load(tx: &Tx<'_>, scope: AccountScope) -> Result<Account, DirectoryError> {
    tx.query_opt(
        &format!(
            "SELECT {COLUMNS} FROM account acc {JOINS}
             WHERE acc.tenant_id = ?1 AND acc.id = ?2 AND acc.deleted_at IS NULL"
        ),
        params![scope.tenant, scope.account],
        read,
    )?
    .ok_or_else(|| unknown(scope))
}

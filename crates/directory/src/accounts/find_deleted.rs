//! Accounts that are deleted and not yet erased, by address: to bring them back or to erase them.

use hikyaku_db::{Tx, params};
use hikyaku_types::EmailAddress;

use crate::{AccountScope, DirectoryError, Reach};

/// The deleted account whose own address this was.
///
/// # Errors
/// [`DirectoryError::NoSuchAccount`], also when the account is not deleted.
pub fn find_deleted(
    tx: &Tx<'_>,
    reach: impl Reach,
    address: &EmailAddress,
) -> Result<AccountScope, DirectoryError> {
    let found = tx.query_opt(
        "SELECT acc.tenant_id, acc.id FROM address own JOIN account acc ON acc.id = own.account_id
         WHERE own.canonical = ?1 AND own.kind = 'account' AND acc.deleted_at IS NOT NULL",
        params![address.canonical()],
        |row| {
            Ok(AccountScope {
                tenant: row.get(0)?,
                account: row.get(1)?,
            })
        },
    )?;
    found
        .filter(|scope| reach.covers(scope.tenant))
        .ok_or_else(|| DirectoryError::NoSuchAccount(address.to_string()))
}

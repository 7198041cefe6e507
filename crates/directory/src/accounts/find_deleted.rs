//! Accounts that are deleted and not yet erased: to bring them back or to erase them.

use hikyaku_db::{Tx, params};
use hikyaku_types::{AccountId, EmailAddress, Timestamp};

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

/// The deleted account of an id that came from outside.
///
/// # Errors
/// [`DirectoryError::NoSuchAccount`], also when the account is not deleted.
pub fn find_deleted_by_id(
    tx: &Tx<'_>,
    reach: impl Reach,
    account: AccountId,
) -> Result<AccountScope, DirectoryError> {
    let found = tx.query_opt(
        "SELECT tenant_id FROM account WHERE id = ?1 AND deleted_at IS NOT NULL",
        params![account],
        |row| {
            Ok(AccountScope {
                tenant: row.get(0)?,
                account,
            })
        },
    )?;
    found
        .filter(|scope| reach.covers(scope.tenant))
        .ok_or_else(|| DirectoryError::NoSuchAccount(account.to_string()))
}

/// Where a page of deleted accounts begins: behind the account that was deleted then.
pub type DeletedBefore = (Timestamp, AccountId);

/// Up to `limit` deleted accounts of a tenant, or of all, the latest first. Those whose erasure has
/// begun are left out: nothing can be done with them.
pub fn list_deleted(
    tx: &Tx<'_>,
    reach: impl Reach,
    before: Option<DeletedBefore>,
    limit: u32,
) -> Result<Vec<(AccountScope, Timestamp)>, DirectoryError> {
    let (at, id) = before.map_or((i64::MAX, i64::MAX), |(at, id)| {
        (at.0, hikyaku_types::Id::to_i64(id))
    });
    let read = |row: &hikyaku_db::Row<'_>| {
        let scope = AccountScope {
            tenant: row.get(0)?,
            account: row.get(1)?,
        };
        Ok((scope, row.get(2)?))
    };
    Ok(match reach.tenant() {
        Some(tenant) => tx.query(LIST_OF_TENANT, params![at, id, limit, tenant], read)?,
        None => tx.query(LIST, params![at, id, limit], read)?,
    })
}

const LIST: &str = "SELECT tenant_id, id, deleted_at FROM account
     WHERE deleted_at IS NOT NULL AND deleted_at > 0
       AND (deleted_at < ?1 OR (deleted_at = ?1 AND id < ?2))
     ORDER BY deleted_at DESC, id DESC LIMIT ?3";
const LIST_OF_TENANT: &str = "SELECT tenant_id, id, deleted_at FROM account
     WHERE tenant_id = ?4 AND deleted_at IS NOT NULL AND deleted_at > 0
       AND (deleted_at < ?1 OR (deleted_at = ?1 AND id < ?2))
     ORDER BY deleted_at DESC, id DESC LIMIT ?3";

#[cfg(test)]
mod tests {
    use super::*;
    use hikyaku_db::testing::assert_only_searches;

    #[tokio::test]
    async fn deleted_accounts_are_listed_by_index() {
        assert_only_searches(LIST_OF_TENANT.to_owned(), 4).await;
    }
}

//! Deleting an account in two steps: the mark, after which it is gone for everyone, and the
//! erasure, after which its names are free.
//!
//! Between the two the account can be restored; its address, aliases and login ids stay taken, so
//! that nobody else gets its mail or its sign-ins. Mail for its addresses is treated as mail for
//! unknown ones.
//!
//! The erasure removes the account's mail in between, in many transactions: [`begin_erasure`] comes
//! first and makes sure that nobody brings half an account back.

use std::collections::BTreeSet;

use hikyaku_db::{Hint, Tx, WriteTx, params};
use hikyaku_types::Timestamp;

use super::{details, lock, terms, unknown};
use crate::{AccountScope, DirectoryError, PlatformScope};

/// An account that is deleted but not erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeletedAccount {
    /// The scope to restore or erase it with.
    pub scope: AccountScope,
    /// When it was deleted; 1970 once its erasure has begun.
    pub deleted_at: Timestamp,
}

/// Marks an account as deleted.
///
/// # Errors
/// [`DirectoryError::NoSuchAccount`].
pub fn delete(tx: &WriteTx<'_>, scope: AccountScope) -> Result<(), DirectoryError> {
    lock(tx, scope)?;
    mark(tx, scope, Some(tx.now()))
}

/// Takes the mark away: everything is as before.
///
/// # Errors
/// [`DirectoryError::NoSuchAccount`] when there is no such account that is deleted and not erased;
/// [`DirectoryError::BeingErased`].
pub fn restore(tx: &WriteTx<'_>, scope: AccountScope) -> Result<(), DirectoryError> {
    if lock_deleted(tx, scope)? == ERASING {
        return Err(DirectoryError::BeingErased);
    }
    mark(tx, scope, None)
}

/// What stands for the instant of deletion once the erasure has begun: [`deleted`] finds the
/// account first, whatever interrupts the work.
const ERASING: Timestamp = Timestamp(0);

/// Begins the erasure of a deleted account: from now on it cannot be restored.
///
/// # Errors
/// [`DirectoryError::NoSuchAccount`] when there is no such account that is deleted and not erased.
pub fn begin_erasure(tx: &WriteTx<'_>, scope: AccountScope) -> Result<(), DirectoryError> {
    lock_deleted(tx, scope)?;
    mark(tx, scope, Some(ERASING))
}

/// Removes all rows of a deleted account. What other rooms keep of it (mail) must be gone: their
/// foreign keys refuse it otherwise.
///
/// # Errors
/// [`DirectoryError::NoSuchAccount`] when there is no such account that is deleted and not erased.
pub fn erase(tx: &WriteTx<'_>, scope: AccountScope) -> Result<(), DirectoryError> {
    lock_deleted(tx, scope)?;
    let of_account = params![scope.tenant, scope.account];
    let known = terms::terms(&details::details(tx, scope)?);
    terms::write(tx, scope, &known, &BTreeSet::new())?;
    for sql in [
        "DELETE FROM credential WHERE tenant_id = ?1 AND account_id = ?2",
        "DELETE FROM login_alias WHERE tenant_id = ?1 AND account_id = ?2",
        "UPDATE domain SET catch_all_account_id = NULL
         WHERE tenant_id = ?1 AND catch_all_account_id = ?2",
        "DELETE FROM alias_target WHERE tenant_id = ?1 AND account_id = ?2",
        // An alias of several goes on with the others.
        "UPDATE address SET account_id =
             (SELECT MIN(x.account_id) FROM alias_target x WHERE x.address_id = address.id)
         WHERE tenant_id = ?1 AND account_id = ?2 AND spread_id IS NOT NULL
           AND EXISTS (SELECT 1 FROM alias_target x WHERE x.address_id = address.id)",
        "DELETE FROM address WHERE tenant_id = ?1 AND account_id = ?2",
        "DELETE FROM account WHERE tenant_id = ?1 AND id = ?2",
    ] {
        tx.execute(sql, of_account)?;
    }
    tx.hint(Hint::Account(scope.account));
    tx.hint(Hint::Directory);
    Ok(())
}

/// Up to `limit` accounts of the whole platform that were deleted before an instant, oldest first:
/// the work of the job that erases them.
pub fn deleted(
    tx: &Tx<'_>,
    _operator: PlatformScope,
    before: Timestamp,
    limit: u32,
) -> Result<Vec<DeletedAccount>, DirectoryError> {
    Ok(tx.query(
        "SELECT tenant_id, id, deleted_at FROM account
         WHERE deleted_at IS NOT NULL AND deleted_at < ?1 ORDER BY deleted_at, id LIMIT ?2",
        params![before, limit],
        |row| {
            Ok(DeletedAccount {
                scope: AccountScope {
                    tenant: row.get(0)?,
                    account: row.get(1)?,
                },
                deleted_at: row.get(2)?,
            })
        },
    )?)
}

fn mark(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    deleted_at: Option<Timestamp>,
) -> Result<(), DirectoryError> {
    tx.execute(
        "UPDATE account SET deleted_at = ?3, updated_at = ?4 WHERE tenant_id = ?1 AND id = ?2",
        params![scope.tenant, scope.account, deleted_at, tx.now()],
    )?;
    tx.hint(Hint::Account(scope.account));
    tx.hint(Hint::Directory);
    Ok(())
}

/// Locks a deleted account and says when it was deleted.
fn lock_deleted(tx: &Tx<'_>, scope: AccountScope) -> Result<Timestamp, DirectoryError> {
    tx.query_opt(
        "SELECT deleted_at FROM account
         WHERE tenant_id = ?1 AND id = ?2 AND deleted_at IS NOT NULL FOR UPDATE",
        params![scope.tenant, scope.account],
        |row| row.get(0),
    )?
    .ok_or_else(|| unknown(scope))
}

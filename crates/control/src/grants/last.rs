//! The company administrators of a tenant: there is always one (T-006).

use hikyaku_db::{DbError, Tx, WriteTx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::{AccountId, TenantId, Timestamp};

use crate::{ControlError, roles::COMPANY_ADMINISTRATOR};

/// Company administrators that a tenant should have at least (AD-26): with one alone, nobody can
/// help when that person is away.
pub const RECOMMENDED_ADMINISTRATORS: usize = 2;

/// One who can act for the whole company now.
struct Administrator {
    account: AccountId,
    expires_at: Option<Timestamp>,
}

fn administrators(tx: &Tx<'_>, tenant: TenantId) -> Result<Vec<Administrator>, DbError> {
    tx.query(
        "SELECT g.account_id, g.expires_at FROM role_grant g
         JOIN account acc ON acc.tenant_id = g.tenant_id AND acc.id = g.account_id
         WHERE g.tenant_id = ?1 AND g.role = ?2 AND g.place = 'tenant'
           AND (g.expires_at IS NULL OR g.expires_at > ?3)
           AND acc.status = 'active' AND acc.deleted_at IS NULL
         ORDER BY g.account_id",
        params![tenant, COMPANY_ADMINISTRATOR, tx.now()],
        |row| {
            Ok(Administrator {
                account: row.get(0)?,
                expires_at: row.get(1)?,
            })
        },
    )
}

/// How many company administrators a tenant has now.
pub(super) fn count(tx: &Tx<'_>, tenant: TenantId) -> Result<usize, DbError> {
    administrators(tx, tenant).map(|found| found.len())
}

/// Refuses what would leave a tenant without company administrator: to take the role from this
/// account, to let it expire, to suspend or to delete the account. One whose role ends by itself
/// does not count as a successor of one whose does not.
///
/// # Errors
/// The conflict `last_administrator`.
pub fn must_not_be_last(tx: &WriteTx<'_>, scope: AccountScope) -> Result<(), ControlError> {
    crate::roles::lock_tenant(tx, Some(scope.tenant))?;
    let all = administrators(tx, scope.tenant)?;
    let Some(own) = all.iter().find(|one| one.account == scope.account) else {
        return Ok(());
    };
    let mut others = all.iter().filter(|one| one.account != scope.account);
    let remains = match own.expires_at {
        None => others.any(|one| one.expires_at.is_none()),
        Some(_) => others.next().is_some(),
    };
    if remains {
        return Ok(());
    }
    Err(ControlError::conflict(
        "last_administrator",
        "this is the last company administrator: appoint another one first, without an end",
    ))
}

//! How many accounts and domains a tenant may have (O-003, O-004, T-033).

use hikyaku_db::{DbError, Tx, WriteTx, params};
use hikyaku_types::TenantId;

use super::{lock, terms};
use crate::{DirectoryError, TenantScope};

/// How many accounts a tenant has and may have. System accounts and deleted ones are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seats {
    /// How many it has.
    pub used: u32,
    /// How many it may have; `None`: any number.
    pub max: Option<u32>,
}

/// The seats of a tenant as they are.
pub fn seats(tx: &Tx<'_>, scope: TenantScope) -> Result<Seats, DirectoryError> {
    Ok(Seats {
        used: used(tx, scope.tenant)?,
        max: terms(tx, scope)?.seats.max,
    })
}

/// Makes sure that there is a seat for one more account (T-033). Called before the account is made
/// or brought back, in the same transaction: the tenant's row stays locked until it ends, so the
/// seat cannot be given twice.
///
/// # Errors
/// [`DirectoryError::SeatsUsedUp`].
pub fn take_seat(tx: &WriteTx<'_>, scope: TenantScope) -> Result<(), DirectoryError> {
    take_seats(tx, scope, 1)
}

/// The same for several accounts at once: seats are counted once, before they are made.
///
/// # Errors
/// [`DirectoryError::SeatsUsedUp`].
pub fn take_seats(tx: &WriteTx<'_>, scope: TenantScope, wanted: u32) -> Result<(), DirectoryError> {
    lock(tx, scope)?;
    let Some(max) = terms(tx, scope)?.seats.max else {
        return Ok(());
    };
    let used = used(tx, scope.tenant)?;
    if used.saturating_add(wanted) > max {
        return Err(DirectoryError::SeatsUsedUp { used, max });
    }
    Ok(())
}

/// Makes sure that there is room for one more domain or domain alias (O-004), as [`take_seat`] does
/// for accounts.
///
/// # Errors
/// [`DirectoryError::DomainsUsedUp`].
pub fn check_domain_room(tx: &WriteTx<'_>, scope: TenantScope) -> Result<(), DirectoryError> {
    lock(tx, scope)?;
    let Some(max) = terms(tx, scope)?.max_domains else {
        return Ok(());
    };
    if domains(tx, scope.tenant)? >= max {
        return Err(DirectoryError::DomainsUsedUp { max });
    }
    Ok(())
}

/// Accounts that take a seat.
pub(super) fn used(tx: &Tx<'_>, tenant: TenantId) -> Result<u32, DbError> {
    tx.query_one(USED, params![tenant], |row| row.get(0))
}

/// Counted in an index of nothing but seats.
const USED: &str = "SELECT COUNT(*) FROM account
     WHERE tenant_id = ?1 AND deleted_at IS NULL AND kind <> 'system'";

pub(crate) fn domains(tx: &Tx<'_>, tenant: TenantId) -> Result<u32, DbError> {
    tx.query_one(
        "SELECT COUNT(*) FROM domain WHERE tenant_id = ?1",
        params![tenant],
        |row| row.get(0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn seats_are_counted_in_an_index() {
        hikyaku_db::testing::assert_only_searches(USED.to_owned(), 1).await;
    }
}

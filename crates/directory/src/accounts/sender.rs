//! From which addresses an account may send.

use hikyaku_db::{Tx, params};
use hikyaku_types::{AccountId, EmailAddress};

use crate::{AccountScope, DirectoryError, addresses::base_of};

/// Whether an account may send as an address: its own, one of its aliases, or one of those with a
/// tag (`user+tag@`) where the domain has subaddressing on. Being the catch-all gives no right to
/// send as unknown addresses.
pub fn may_send_as(
    tx: &Tx<'_>,
    scope: AccountScope,
    address: &EmailAddress,
) -> Result<bool, DirectoryError> {
    let exact = address.canonical();
    let base = base_of(address).unwrap_or_else(|| exact.clone());
    let rows = tx.query(
        "SELECT a.canonical, a.account_id, d.subaddressing
         FROM address a
         JOIN domain d ON d.id = a.domain_id
         JOIN account acc ON acc.id = a.account_id AND acc.deleted_at IS NULL
         WHERE a.tenant_id = ?1 AND a.canonical IN (?2, ?3)",
        params![scope.tenant, &exact, &base],
        |row| {
            Ok((
                row.get::<String>(0)?,
                row.get::<AccountId>(1)?,
                row.get::<bool>(2)?,
            ))
        },
    )?;
    // An address that exists decides, as it does when mail arrives: user+tag@ may be another's own.
    let decisive = rows
        .iter()
        .find(|(canonical, ..)| *canonical == exact)
        .or_else(|| rows.iter().find(|(.., subaddressing)| *subaddressing));
    Ok(decisive.is_some_and(|(_, account, _)| *account == scope.account))
}

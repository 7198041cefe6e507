//! Codes by mail to another address (U-025): entered, then confirmed by a link mailed there.

use hikyaku_db::{WriteTx, params};
use hikyaku_directory::{
    AccountScope,
    addresses::{self, Resolution},
};
use hikyaku_types::{EmailAddress, FactorId};

use super::{
    FactorError, FactorKind,
    list::{changed, insert, lock},
};
use crate::links::{self, LinkKind, LinkToken, NewLink};

/// Enters an address for codes and makes the link that confirms it. An earlier one that waits for
/// its link is given up.
///
/// # Errors
/// [`FactorError::OwnAddress`] when mail for the address comes into the account's own mailbox, be
/// it its own address, an alias, a tagged one or the catch-all.
pub fn begin_email(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    address: &EmailAddress,
    link: LinkToken<'_>,
) -> Result<FactorId, FactorError> {
    if leads_home(tx, scope, address)? {
        return Err(FactorError::OwnAddress);
    }
    let id = insert(tx, scope, FactorKind::Email, "", "", &address.to_string())?;
    let new = NewLink {
        kind: LinkKind::FactorAddress,
        scope,
        address,
        subject: Some(id),
        token: link,
    };
    links::issue(tx, &new)?;
    Ok(id)
}

/// Confirms the address whose link was followed ([`links::take`]). An older address of the account
/// is replaced.
pub fn confirm_email(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    id: FactorId,
) -> Result<(), FactorError> {
    lock(tx, scope)?;
    let confirmed = tx.execute(
        "UPDATE second_factor SET confirmed_at = ?4 WHERE tenant_id = ?1 AND account_id = ?2
           AND id = ?3 AND kind = 'email' AND confirmed_at IS NULL",
        params![scope.tenant, scope.account, id, tx.now()],
    )?;
    if confirmed == 0 {
        return Err(FactorError::NoSuchFactor);
    }
    tx.execute(
        "DELETE FROM second_factor WHERE tenant_id = ?1 AND account_id = ?2 AND kind = 'email'
           AND id <> ?3",
        params![scope.tenant, scope.account, id],
    )?;
    changed(tx, scope)?;
    Ok(())
}

/// Whether mail for an address comes into the account's own mailbox.
pub fn leads_home(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    address: &EmailAddress,
) -> Result<bool, FactorError> {
    let resolution = addresses::resolve(tx, address)?;
    Ok(matches!(resolution, Resolution::Account { scope: of, .. } if of == scope))
}

//! Aliases: further addresses of an account (T-034, T-035).

use hikyaku_db::{DbError, Hint, Row, Tx, WriteTx, params};
use hikyaku_types::{AddressId, EmailAddress, Timestamp};

use super::insert::{Stands, insert};
use crate::{
    AccountScope, DirectoryError, Reach, accounts,
    domains::{self, stored_domain},
    stored::unreadable,
};

/// An alias or an account's own address, as listed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AddressEntry {
    /// Its id.
    pub id: AddressId,
    /// The address as entered.
    pub address: EmailAddress,
    /// When it was created.
    pub created_at: Timestamp,
}

/// Creates an alias of the account whose own address is `target`. The two may be in different
/// domains of the same tenant.
///
/// # Errors
/// [`DirectoryError::NameTaken`] (T-035: an address that exists needs forwarding, not an alias),
/// [`DirectoryError::AliasTargetUnknown`], [`DirectoryError::NoSuchDomain`],
/// [`DirectoryError::DomainNotOfTenant`], [`DirectoryError::NobodyIsCatchAll`],
/// [`DirectoryError::AddressNeedsQuotes`].
pub fn create_alias(
    tx: &WriteTx<'_>,
    reach: impl Reach,
    alias: &EmailAddress,
    target: &EmailAddress,
) -> Result<AccountScope, DirectoryError> {
    let domain = domains::of_new_address(tx, reach, alias)?;
    let scope = match accounts::find_by_address(tx, reach, target) {
        Ok(account) => account.scope,
        Err(DirectoryError::NoSuchAccount(_)) => {
            return Err(DirectoryError::AliasTargetUnknown(target.clone()));
        }
        Err(error) => return Err(error),
    };
    if domain.tenant.tenant != scope.tenant {
        return Err(DirectoryError::DomainNotOfTenant(alias.domain().clone()));
    }
    accounts::lock(tx, scope)?;
    insert(tx, scope, domain.id, Stands::Alias, alias)?;
    tx.hint(Hint::Directory);
    Ok(scope)
}

/// Deletes an alias.
///
/// # Errors
/// [`DirectoryError::NoSuchAlias`], also when the address is an account's own.
pub fn delete_alias(
    tx: &WriteTx<'_>,
    reach: impl Reach,
    alias: &EmailAddress,
) -> Result<(), DirectoryError> {
    let unknown = || DirectoryError::NoSuchAlias(alias.clone());
    let domain = match domains::find(tx, reach, alias.domain()) {
        Err(DirectoryError::NoSuchDomain(_)) => return Err(unknown()),
        found => found?,
    };
    tx.execute(
        "DELETE FROM alias_target WHERE address_id IN
             (SELECT id FROM address WHERE tenant_id = ?1 AND canonical = ?2 AND kind = 'alias')",
        params![domain.tenant.tenant, alias.canonical()],
    )?;
    let deleted = tx.execute(
        "DELETE FROM address WHERE tenant_id = ?1 AND canonical = ?2 AND kind = 'alias'",
        params![domain.tenant.tenant, alias.canonical()],
    )?;
    if deleted == 0 {
        return Err(unknown());
    }
    tx.hint(Hint::Directory);
    Ok(())
}

/// The aliases of an account by canonical form.
pub fn list(tx: &Tx<'_>, scope: AccountScope) -> Result<Vec<AddressEntry>, DirectoryError> {
    Ok(tx.query(
        "SELECT a.id, a.local_part, d.name, a.created_at
         FROM address a JOIN domain d ON d.id = a.domain_id
         WHERE a.kind = 'alias' AND a.id IN
             (SELECT b.id FROM address b WHERE b.tenant_id = ?1 AND b.account_id = ?2
              UNION SELECT x.address_id FROM alias_target x
              WHERE x.tenant_id = ?1 AND x.account_id = ?2)
         ORDER BY a.canonical",
        params![scope.tenant, scope.account],
        entry,
    )?)
}

fn entry(row: &Row<'_>) -> Result<AddressEntry, DbError> {
    Ok(AddressEntry {
        id: row.get(0)?,
        address: EmailAddress::from_quoted(row.text(1)?, stored_domain(row, 2)?)
            .map_err(|_| unreadable(1, "a local part"))?,
        created_at: row.get(3)?,
    })
}

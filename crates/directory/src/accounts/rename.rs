//! Giving an account another address.
//!
//! The mail, the aliases, the login ids and the rights stay: only the own address is another. The
//! old one becomes an alias, so that nothing that is sent to it is lost, unless it is to be free.

use hikyaku_db::{Hint, WriteTx, params};
use hikyaku_types::EmailAddress;

use super::{details, lock, store, terms};
use crate::{
    AccountScope, DirectoryError,
    addresses::{self, Stands},
    domains,
    stored::Stored,
};

/// What becomes of the address that an account had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OldAddress {
    /// It is an alias of the account.
    #[default]
    KeptAsAlias,
    /// It is free for anybody.
    Freed,
}

/// Gives an account another own address, in any domain of its tenant. An alias of this account
/// alone can become its own address; any other address that exists is refused.
///
/// # Errors
/// [`DirectoryError::NoSuchAccount`], [`DirectoryError::NameTaken`],
/// [`DirectoryError::NoSuchDomain`], [`DirectoryError::NobodyIsCatchAll`],
/// [`DirectoryError::AddressNeedsQuotes`].
pub fn rename(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    address: &EmailAddress,
    old: OldAddress,
) -> Result<(), DirectoryError> {
    lock(tx, scope)?;
    let before = details::details(tx, scope)?;
    let domain = domains::of_new_address(tx, scope.tenant_scope(), address)?;
    let had = before.account.address.canonical();
    if address.canonical() == had {
        respell(tx, scope, address)?;
    } else {
        put_away(tx, scope, &had, old)?;
        if !promote(tx, scope, address)? {
            addresses::insert(tx, scope, domain.id, Stands::Account, address)?;
        }
        tx.execute(
            "UPDATE account SET domain_id = ?3 WHERE tenant_id = ?1 AND id = ?2",
            params![scope.tenant, scope.account, domain.id],
        )?;
    }
    tx.execute(
        "UPDATE account SET updated_at = ?3 WHERE tenant_id = ?1 AND id = ?2",
        params![scope.tenant, scope.account, tx.now()],
    )?;
    let after = details::details(tx, scope)?;
    store::search_columns(tx, &after)?;
    terms::write(tx, scope, &terms::terms(&before), &terms::terms(&after))?;
    tx.hint(Hint::Account(scope.account));
    tx.hint(Hint::Directory);
    Ok(())
}

/// The same address in another spelling.
fn respell(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    address: &EmailAddress,
) -> Result<(), DirectoryError> {
    tx.execute(
        "UPDATE address SET local_part = ?3
         WHERE tenant_id = ?1 AND account_id = ?2 AND kind = 'account'",
        params![scope.tenant, scope.account, address.local()],
    )?;
    Ok(())
}

fn put_away(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    had: &str,
    old: OldAddress,
) -> Result<(), DirectoryError> {
    let sql = match old {
        OldAddress::KeptAsAlias => {
            "UPDATE address SET kind = 'alias'
             WHERE tenant_id = ?1 AND account_id = ?2 AND kind = 'account' AND canonical = ?3"
        }
        OldAddress::Freed => {
            "DELETE FROM address
             WHERE tenant_id = ?1 AND account_id = ?2 AND kind = 'account' AND canonical = ?3"
        }
    };
    tx.execute(sql, params![scope.tenant, scope.account, had])?;
    Ok(())
}

/// Makes an alias of this account alone its own address. Says whether there was one.
fn promote(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    address: &EmailAddress,
) -> Result<bool, DirectoryError> {
    let promoted = tx.execute(
        "UPDATE address SET kind = ?4, local_part = ?5, may_send = 1, enabled = 1,
             expires_at = NULL, note = ''
         WHERE tenant_id = ?1 AND account_id = ?2 AND canonical = ?3 AND kind = 'alias'
           AND spread_id IS NULL",
        params![
            scope.tenant,
            scope.account,
            address.canonical(),
            Stands::Account.word(),
            address.local(),
        ],
    )?;
    Ok(promoted == 1)
}

//! From which addresses an account may send.

use hikyaku_db::{Tx, params};
use hikyaku_types::{AccountId, EmailAddress};

use super::Sending;
use crate::{AccountScope, DirectoryError, addresses::base_of, stored::Stored};

/// Whether an account may send as an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendAs {
    /// It may.
    Allowed,
    /// The address is not the account's, or an alias under which it may not send.
    NotOwned,
    /// An administrator has suspended sending for this account.
    Suspended,
}

/// Whether an account may send as an address: its own, an alias that gives it the right (F-53), or
/// one of those with a tag (`user+tag@`) where the domain has subaddressing on. Being the catch-all
/// gives no right to send as unknown addresses, and nobody sends as an address of a domain that
/// awaits its proof.
pub fn may_send_as(
    tx: &Tx<'_>,
    scope: AccountScope,
    address: &EmailAddress,
) -> Result<SendAs, DirectoryError> {
    let exact = address.canonical();
    let base = base_of(address).unwrap_or_else(|| exact.clone());
    let rows = tx.query(
        "SELECT a.canonical, d.subaddressing, acc.id, acc.sending,
                CASE WHEN a.enabled = 1 AND (a.expires_at IS NULL OR a.expires_at > ?5)
                     THEN COALESCE(x.may_send, a.may_send) ELSE 0 END
         FROM address a
         JOIN domain d ON d.id = a.domain_id AND d.serving = 1
         LEFT JOIN alias_target x ON x.address_id = a.spread_id AND x.account_id = ?4
         LEFT JOIN account acc ON acc.id = COALESCE(x.account_id, a.account_id)
              AND acc.deleted_at IS NULL
         WHERE a.tenant_id = ?1 AND a.canonical IN (?2, ?3)",
        params![scope.tenant, &exact, &base, scope.account, tx.now()],
        |row| {
            Ok(Found {
                canonical: row.get(0)?,
                subaddressing: row.get(1)?,
                account: row.get(2)?,
                sending: Sending::read_opt(row, 3)?,
                may_send: row.get::<i64>(4)? == 1,
            })
        },
    )?;
    // An address that exists decides, as it does when mail arrives: user+tag@ may be another's own.
    let decisive = rows
        .iter()
        .find(|found| found.canonical == exact)
        .or_else(|| rows.iter().find(|found| found.subaddressing));
    Ok(match decisive {
        Some(found) if found.account == Some(scope.account) && found.may_send => {
            match found.sending {
                Some(Sending::Suspended) => SendAs::Suspended,
                _ => SendAs::Allowed,
            }
        }
        _ => SendAs::NotOwned,
    })
}

/// Whether an account may send at all.
///
/// # Errors
/// [`DirectoryError::NoSuchAccount`].
pub fn sending(tx: &Tx<'_>, scope: AccountScope) -> Result<Sending, DirectoryError> {
    tx.query_opt(
        "SELECT sending FROM account WHERE tenant_id = ?1 AND id = ?2 AND deleted_at IS NULL",
        params![scope.tenant, scope.account],
        |row| Sending::read(row, 0),
    )?
    .ok_or_else(|| super::unknown(scope))
}

/// An address and who may send as it.
struct Found {
    canonical: String,
    subaddressing: bool,
    account: Option<AccountId>,
    sending: Option<Sending>,
    may_send: bool,
}

//! Removing a domain, and giving it to another tenant: only while nothing belongs to it.

use hikyaku_db::{Hint, Tx, WriteTx, params};
use hikyaku_types::DomainId;

use super::{HostedDomain, by_id};
use crate::{DirectoryError, PlatformScope, TenantScope, contracts};

/// Removes a domain without addresses and aliases.
///
/// # Errors
/// [`DirectoryError::NoSuchDomainId`], [`DirectoryError::DomainNotEmpty`].
pub fn remove(
    tx: &WriteTx<'_>,
    scope: TenantScope,
    id: DomainId,
) -> Result<HostedDomain, DirectoryError> {
    contracts::lock(tx, scope)?;
    let domain = empty(tx, scope, id)?;
    tx.execute(
        "DELETE FROM domain WHERE tenant_id = ?1 AND id = ?2",
        params![scope.tenant, id],
    )?;
    tx.hint(Hint::Directory);
    Ok(domain)
}

/// Gives a domain without addresses and aliases to another tenant. Its settings go.
///
/// # Errors
/// Those of [`remove`], and [`DirectoryError::DomainsUsedUp`], [`DirectoryError::NoSuchTenant`] of
/// the other tenant.
pub fn move_to_tenant(
    tx: &WriteTx<'_>,
    _operator: PlatformScope,
    from: TenantScope,
    id: DomainId,
    to: TenantScope,
) -> Result<HostedDomain, DirectoryError> {
    // Both tenants, the lower id first: two moves at once wait for one another.
    let mut both = [from, to];
    both.sort_by_key(|scope| scope.tenant);
    for scope in both {
        contracts::lock(tx, scope)?;
    }
    let domain = empty(tx, from, id)?;
    if to != from {
        contracts::check_domain_room(tx, to)?;
        tx.execute(
            "UPDATE domain SET tenant_id = ?2, catch_all_account_id = NULL, alias_of_id = NULL,
                 mailbox_quota_bytes = NULL, updated_at = ?4
             WHERE tenant_id = ?1 AND id = ?3",
            params![from.tenant, to.tenant, id, tx.now()],
        )?;
        tx.hint(Hint::Directory);
    }
    Ok(domain)
}

/// The domain, locked, when nothing belongs to it.
fn empty(
    tx: &WriteTx<'_>,
    scope: TenantScope,
    id: DomainId,
) -> Result<HostedDomain, DirectoryError> {
    let domain = by_id(tx, scope, id, "FOR UPDATE")?;
    match what_is_left(tx, &domain)? {
        Some(problem) => Err(DirectoryError::DomainNotEmpty {
            domain: domain.name,
            problem,
        }),
        None => Ok(domain),
    }
}

/// What belongs to a domain, and what to do about it.
pub(super) fn what_is_left(
    tx: &Tx<'_>,
    domain: &HostedDomain,
) -> Result<Option<&'static str>, DirectoryError> {
    let there = |sql| tx.query_opt(sql, params![domain.tenant.tenant, domain.id], |_| Ok(()));
    for (problem, sql) in LEFT {
        if there(sql)?.is_some() {
            return Ok(Some(problem));
        }
    }
    Ok(None)
}

const LEFT: [(&str, &str); 3] = [
    (
        "it has accounts, aliases or deleted accounts that can still be restored",
        "SELECT 1 FROM address WHERE tenant_id = ?1 AND domain_id = ?2 LIMIT 1",
    ),
    (
        "it has accounts",
        "SELECT 1 FROM account WHERE tenant_id = ?1 AND domain_id = ?2 LIMIT 1",
    ),
    (
        "other domains stand for it",
        "SELECT 1 FROM domain WHERE tenant_id = ?1 AND alias_of_id = ?2 LIMIT 1",
    ),
];

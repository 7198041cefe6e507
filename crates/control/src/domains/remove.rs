//! Removing a domain, and giving it to another tenant.

use hikyaku_db::{Tx, WriteTx, params};
use hikyaku_directory::domains::{self, Found, HostedDomain};
use hikyaku_types::Permission;
use serde_json::json;

use super::{gone, one, target};
use crate::{Act, Actor, ControlError, DomainRef, TenantRef};

/// Removes a domain that nothing belongs to; its name has to be typed.
///
/// # Errors
/// [`ControlError::NotFound`], [`ControlError::Forbidden`], [`ControlError::Invalid`] without the
/// confirmation, and what the directory refuses.
pub fn remove(
    tx: &WriteTx<'_>,
    actor: &Actor,
    domain: &DomainRef,
    confirm_name: &str,
) -> Result<(), ControlError> {
    let found = domain.find(tx, actor, Permission::DomainsWrite)?;
    let typed: Option<hikyaku_types::Domain> = confirm_name.parse().ok();
    if typed.as_ref() != Some(&found.name) {
        return Err(ControlError::invalid(
            "confirm_name",
            format!("to remove the domain, give its name: {}", found.name),
        ));
    }
    let removed = domains::remove(tx, found.tenant, found.id).map_err(gone)?;
    let act = Act::in_tenant(found.tenant.tenant, "domain.remove", target(&removed));
    actor.log(tx, act.before(json!({ "name": removed.name })))?;
    Ok(())
}

/// Gives a domain that nothing belongs to to another tenant.
///
/// # Errors
/// [`ControlError::NotFound`], [`ControlError::Forbidden`], the conflict `domain_in_use` while
/// roles or keys are limited to it, and what the directory refuses.
pub fn move_to(
    tx: &WriteTx<'_>,
    actor: &Actor,
    domain: &DomainRef,
    tenant: &TenantRef,
) -> Result<Found, ControlError> {
    let found = domain.find(tx, actor, Permission::DomainsRead)?;
    let operator = actor.on_platform(Permission::DomainsWrite)?;
    let to = tenant.find(tx, actor, Permission::DomainsWrite)?;
    if to.scope != found.tenant && is_named_by_rights(tx, &found)? {
        return Err(ControlError::conflict(
            "domain_in_use",
            "roles or API keys are limited to this domain: take them away first",
        ));
    }
    domains::move_to_tenant(tx, operator, found.tenant, found.id, to.scope).map_err(gone)?;
    let after = one(tx, to.scope, found.id)?;
    // Both tenants find it in their log.
    for tenant in [found.tenant.tenant, to.scope.tenant] {
        let act = Act::in_tenant(tenant, "domain.move", target(&found));
        let owner = |tenant: hikyaku_types::TenantId| json!({ "tenant": tenant });
        actor.log(
            tx,
            act.before(owner(found.tenant.tenant))
                .after(owner(to.scope.tenant)),
        )?;
    }
    Ok(after)
}

fn is_named_by_rights(tx: &Tx<'_>, domain: &HostedDomain) -> Result<bool, ControlError> {
    let found = tx.query_opt(
        "SELECT 1 FROM role_grant WHERE tenant_id = ?1 AND domain_id = ?2
         UNION ALL
         SELECT 1 FROM api_key WHERE tenant_id = ?1 AND domain_id = ?2 LIMIT 1",
        params![domain.tenant.tenant, domain.id],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

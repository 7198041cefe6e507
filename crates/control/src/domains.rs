//! Domains: what operators and administrators do with them (OP-07).

mod change;
mod ownership;
mod remove;

use hikyaku_db::{Tx, WriteTx};
use hikyaku_directory::{
    DirectoryError, TenantScope,
    domains::{self, Found, HostedDomain, Query},
};
use hikyaku_oplog::Target;
use hikyaku_types::{Domain, DomainId, Permission};
use serde_json::json;

pub use change::{DomainPatch, change};
pub use ownership::{Asked, ask, expected, record, verify_by_hand};
pub use remove::{move_to, remove};

use crate::{Act, Actor, Area, ControlError, DomainRef, TenantRef};

/// Adds a domain to a tenant. What an operator adds is the tenant's; what the tenant's own people
/// add waits for the proof with this token.
///
/// # Errors
/// [`ControlError::NotFound`], [`ControlError::Forbidden`], and what the directory refuses.
pub fn create(
    tx: &WriteTx<'_>,
    actor: &Actor,
    tenant: &TenantRef,
    name: &Domain,
    token: &str,
) -> Result<Found, ControlError> {
    let scope = tenant.find(tx, actor, Permission::DomainsWrite)?.scope;
    let id = match actor.on_platform(Permission::DomainsWrite) {
        Ok(operator) => domains::create(tx, operator, scope, name)?,
        Err(_) => domains::create_unverified(tx, scope, name, token)?,
    };
    let made = one(tx, scope, id)?;
    let act = Act::in_tenant(scope.tenant, "domain.create", target(&made.domain));
    actor.log(
        tx,
        act.after(json!({ "verification": made.domain.proof.state.to_string() })),
    )?;
    Ok(made)
}

/// The domains that an actor may see.
///
/// # Errors
/// [`ControlError::NotFound`] for a tenant out of reach, [`ControlError::Forbidden`].
pub fn list(
    tx: &Tx<'_>,
    actor: &Actor,
    tenant: Option<&TenantRef>,
    query: &Query,
) -> Result<Vec<Found>, ControlError> {
    if let Some(tenant) = tenant {
        let scope = tenant.find(tx, actor, Permission::DomainsRead)?.scope;
        return Ok(domains::search(tx, scope, query)?);
    }
    match actor.area(Permission::DomainsRead)? {
        Area::Platform(operator) => Ok(domains::search(tx, operator, query)?),
        Area::Tenant(scope) => Ok(domains::search(tx, scope, query)?),
        Area::Domains(scope, only) => {
            let query = Query {
                only: Some(only),
                ..query.clone()
            };
            Ok(domains::search(tx, scope, &query)?)
        }
    }
}

/// One domain.
///
/// # Errors
/// [`ControlError::NotFound`], [`ControlError::Forbidden`].
pub fn show(tx: &Tx<'_>, actor: &Actor, domain: &DomainRef) -> Result<Found, ControlError> {
    let found = domain.find(tx, actor, Permission::DomainsRead)?;
    one(tx, found.tenant, found.id)
}

/// One domain with what its row shows, for those who have found that the actor may see it.
fn one(tx: &Tx<'_>, scope: TenantScope, id: DomainId) -> Result<Found, ControlError> {
    let query = Query {
        only: Some(vec![id]),
        limit: 1,
        ..Query::default()
    };
    let mut found = domains::search(tx, scope, &query)?;
    found.pop().ok_or(ControlError::NotFound { kind: "domain" })
}

fn target(domain: &HostedDomain) -> Target {
    Target::new("domain", domain.id, &domain.name)
}

/// A domain that was there a statement ago and is not any more.
fn gone(error: DirectoryError) -> ControlError {
    match error {
        DirectoryError::NoSuchDomainId(_) => ControlError::NotFound { kind: "domain" },
        other => other.into(),
    }
}

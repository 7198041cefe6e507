//! Showing that a domain is its tenant's: what to ask the name service, and what follows.

use hikyaku_db::WriteTx;
use hikyaku_directory::{
    TenantScope,
    domains::{self, Check, Found, HostedDomain},
};
use hikyaku_types::{Domain, DomainId, Permission};
use serde_json::json;

use super::{gone, one, target};
use crate::{Act, Actor, ControlError, DomainRef};

/// What to look for at the name service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    scope: TenantScope,
    id: DomainId,
    token: String,
    /// The name of the record.
    pub record: Domain,
    /// What it must say.
    pub expected: String,
}

/// The record that shows the ownership of a domain: name and text. `None` for one that nobody has
/// to show.
pub fn expected(domain: &HostedDomain) -> Option<(String, String)> {
    let token = domain.proof.token.as_deref()?;
    let name = format!("{}.{}", domains::PROOF_LABEL, domain.name);
    Some((name, domains::expected_record(token)))
}

/// What to look for, before the look. A domain that has no token yet gets this one.
///
/// # Errors
/// [`ControlError::NotFound`], [`ControlError::Forbidden`], [`ControlError::Invalid`] for a name so
/// long that it can have no such record.
pub fn ask(
    tx: &WriteTx<'_>,
    actor: &Actor,
    domain: &DomainRef,
    token: &str,
) -> Result<Asked, ControlError> {
    let found = domain.find(tx, actor, Permission::DomainsWrite)?;
    domains::renew_token(tx, found.tenant, found.id, token).map_err(gone)?;
    let token = one(tx, found.tenant, found.id)?.domain.proof.token;
    let token = token.ok_or(ControlError::NotFound { kind: "domain" })?;
    let record = domains::record_name(&found.name)
        .map_err(|error| ControlError::invalid("domain", error))?;
    Ok(Asked {
        scope: found.tenant,
        id: found.id,
        expected: domains::expected_record(&token),
        token,
        record,
    })
}

/// Writes down what the look showed.
///
/// # Errors
/// [`ControlError::NotFound`] when the domain is gone meanwhile, [`ControlError::Forbidden`].
pub fn record(
    tx: &WriteTx<'_>,
    actor: &Actor,
    asked: &Asked,
    check: Check,
) -> Result<Found, ControlError> {
    actor.in_domain(
        Permission::DomainsWrite,
        asked.scope.tenant,
        asked.id,
        "domain",
    )?;
    let before = domains::record_check(tx, asked.scope, asked.id, &asked.token, check);
    let before = before.map_err(gone)?;
    told(tx, actor, &before)
}

/// The operator knows whose the domain is, without a look.
///
/// # Errors
/// [`ControlError::NotFound`], [`ControlError::Forbidden`].
pub fn verify_by_hand(
    tx: &WriteTx<'_>,
    actor: &Actor,
    domain: &DomainRef,
) -> Result<Found, ControlError> {
    let found = domain.find(tx, actor, Permission::DomainsRead)?;
    let operator = actor.on_platform(Permission::DomainsWrite)?;
    let before = domains::verify_by_hand(tx, operator, found.tenant, found.id).map_err(gone)?;
    told(tx, actor, &before)
}

fn told(tx: &WriteTx<'_>, actor: &Actor, before: &HostedDomain) -> Result<Found, ControlError> {
    let after = one(tx, before.tenant, before.id)?;
    let state = |domain: &HostedDomain| json!({ "verification": domain.proof.state.to_string() });
    let act = Act::in_tenant(before.tenant.tenant, "domain.verify", target(before));
    actor.log(tx, act.before(state(before)).after(state(&after.domain)))?;
    Ok(after)
}

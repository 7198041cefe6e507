//! The lock monitor (OP-13): what operators see and do.

use hikyaku_db::{Tx, WriteTx};
use hikyaku_directory::{
    PlatformScope,
    domains::HostedDomain,
    pools::{self, Band, Event, MAX_EXTRA_HOURS, Pool},
};
use hikyaku_oplog::Target;
use hikyaku_types::{ByteSize, DomainId, Permission, TenantId};
use serde_json::json;

use super::{read::PAGE_MAX, tell};
use crate::{Act, Actor, Area, ControlError, DomainRef};

/// Characters of a reason at most (500).
pub const MAX_REASON_CHARS: usize = 500;

const EVERYWHERE: PlatformScope = PlatformScope::operator();

/// Up to `limit` pools at 80 % or more that the actor may see, from after one on. Of a tenant all
/// are in one page, of at most [`PAGE_MAX`].
pub fn list(
    tx: &Tx<'_>,
    actor: &Actor,
    after: Option<(TenantId, DomainId)>,
    limit: u32,
) -> Result<Vec<Pool>, ControlError> {
    let (scope, domains) = match actor.area(Permission::UsageRead)? {
        Area::Platform(operator) => return Ok(pools::troubled(tx, operator, after, limit)?),
        Area::Tenant(scope) => (scope, None),
        Area::Domains(scope, domains) => (scope, Some(domains)),
    };
    if after.is_some() {
        return Ok(Vec::new());
    }
    let mut found = pools::of_tenant(tx, scope, None, PAGE_MAX)?;
    found.retain(|pool| {
        let within = match (&domains, pool.key.domain) {
            (None, _) => true,
            (Some(domains), Some(domain)) => domains.contains(&domain),
            (Some(_), None) => false,
        };
        within && pool.standing.band > Band::Normal
    });
    found.truncate(limit as usize);
    Ok(found)
}

/// Gives a pool that is above 100 % more hours before it is locked.
pub fn extend(
    tx: &WriteTx<'_>,
    actor: &Actor,
    id: i64,
    (hours, reason): (u32, &str),
) -> Result<Pool, ControlError> {
    let before = find(tx, actor, id)?;
    let reason = reason_of(reason)?;
    if !(1..=MAX_EXTRA_HOURS).contains(&hours) {
        let detail = format!("write a number of hours from 1 to {MAX_EXTRA_HOURS}");
        return Err(ControlError::invalid("hours", detail));
    }
    let after = pools::extend(tx, before.key, hours)?.ok_or_else(|| {
        ControlError::conflict(
            "no_grace_running",
            "there is no grace to extend: it is not above 100 %, or it is locked already; a \
             locked one can be unlocked",
        )
    })?;
    let act = act(&before, "pool.extend", reason)
        .before(json!({ "extra_hours": before.standing.extra_hours }))
        .after(json!({ "extra_hours": after.standing.extra_hours }));
    actor.log(tx, act)?;
    Ok(named(after, before.name))
}

/// Ends a lock although the pool is above 100 %; its grace begins anew.
pub fn unlock(
    tx: &WriteTx<'_>,
    actor: &Actor,
    id: i64,
    reason: &str,
) -> Result<Pool, ControlError> {
    let before = find(tx, actor, id)?;
    let reason = reason_of(reason)?;
    let after = pools::release(tx, before.key)?
        .ok_or_else(|| ControlError::conflict("not_locked", "it is not locked"))?;
    let after = named(after, before.name.clone());
    tell::notice(tx, &after, Event::Unlocked)?;
    let act = act(&before, "pool.release", reason)
        .before(json!({ "locked_at": before.standing.locked_at }))
        .after(json!({ "locked_at": null }));
    actor.log(tx, act)?;
    Ok(after)
}

/// Gives a domain a pool of its own within the tenant's, or takes it away. In force with the next
/// measurement.
pub fn set_domain_pool(
    tx: &WriteTx<'_>,
    actor: &Actor,
    domain: &DomainRef,
    limit: Option<ByteSize>,
) -> Result<HostedDomain, ControlError> {
    let found = domain.find(tx, actor, Permission::ContractsWrite)?;
    actor.in_tenant(Permission::ContractsWrite, found.tenant.tenant)?;
    let before = pools::set_domain_pool(tx, found.tenant, found.id, limit)?;
    let target = Target::new("domain", found.id, &found.name);
    let act = Act::in_tenant(found.tenant.tenant, "domain.pool", target)
        .before(json!({ "pool_bytes": before }))
        .after(json!({ "pool_bytes": limit }));
    actor.log(tx, act)?;
    Ok(found)
}

/// The pool that an id names, for an operator who may change locks.
fn find(tx: &Tx<'_>, actor: &Actor, id: i64) -> Result<Pool, ControlError> {
    actor.on_platform(Permission::LocksWrite)?;
    let found = pools::find(tx, EVERYWHERE, id)?;
    found.ok_or(ControlError::NotFound { kind: "pool" })
}

fn reason_of(reason: &str) -> Result<&str, ControlError> {
    let reason = reason.trim();
    match reason.chars().count() {
        1..=MAX_REASON_CHARS => Ok(reason),
        _ => Err(ControlError::invalid(
            "reason",
            format!("say why, in at most {MAX_REASON_CHARS} characters"),
        )),
    }
}

fn act(pool: &Pool, action: &'static str, reason: &str) -> Act {
    Act::in_tenant(pool.key.tenant.tenant, action, tell::target(pool)).because(reason)
}

fn named(mut pool: Pool, name: String) -> Pool {
    pool.name = name;
    pool
}

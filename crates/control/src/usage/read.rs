//! What is shown of usage.

use std::time::Duration;

use hikyaku_db::Tx;
use hikyaku_directory::{
    TenantScope,
    pools::{self, Pool, PoolKey, Summary},
};
use hikyaku_mailstore::{
    Usage,
    usage::{self, AccountUsage, Cursor, Order, Point, Resolution, TopAccount},
};
use hikyaku_types::{DomainId, Permission, Timestamp};

use super::Banner;
use crate::{Actor, Area, ControlError, DomainRef, TenantRef};

/// Pools or mailboxes of one answer at most (500).
pub const PAGE_MAX: u32 = 500;

/// Usage of what the actor administers (AD-01, OP-01).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overview {
    /// The whole platform, for its operators.
    pub summary: Option<Summary>,
    /// The actor's pools, at most [`PAGE_MAX`]: of a tenant its own, then its domains'; for an
    /// operator those at 80 % or more.
    pub pools: Vec<Pool>,
    /// The strongest first. Empty for operators, who have the list of locks.
    pub banners: Vec<Banner>,
}

/// Usage of what the actor administers.
pub fn overview(tx: &Tx<'_>, actor: &Actor) -> Result<Overview, ControlError> {
    let (scope, domains) = match actor.area(Permission::UsageRead)? {
        Area::Platform(operator) => {
            return Ok(Overview {
                summary: Some(pools::summary(tx, operator)?),
                pools: pools::troubled(tx, operator, None, PAGE_MAX)?,
                banners: Vec::new(),
            });
        }
        Area::Tenant(scope) => (scope, None),
        Area::Domains(scope, domains) => (scope, Some(domains)),
    };
    let all = pools::of_tenant(tx, scope, None, PAGE_MAX)?;
    let mine = |pool: &Pool| match (&domains, pool.key.domain) {
        (None, _) => true,
        (Some(domains), Some(domain)) => domains.contains(&domain),
        (Some(_), None) => false,
    };
    // The tenant's lock stops the mail of a domain too: its banner is for all who have one.
    let concerned = all
        .iter()
        .filter(|pool| mine(pool) || pool.key.domain.is_none());
    Ok(Overview {
        summary: None,
        banners: Banner::of_all(concerned),
        pools: all.into_iter().filter(|pool| mine(pool)).collect(),
    })
}

/// A tenant's pool and those of its domains, from after one on.
///
/// # Errors
/// [`ControlError::NotFound`] for tenants out of reach.
pub fn of_tenant(
    tx: &Tx<'_>,
    actor: &Actor,
    tenant: &TenantRef,
    after: Option<DomainId>,
    limit: u32,
) -> Result<Vec<Pool>, ControlError> {
    let scope = tenant.find(tx, actor, Permission::UsageRead)?.scope;
    Ok(pools::of_tenant(tx, scope, after, limit)?)
}

/// A domain's pool; nothing before its first measurement.
pub fn of_domain(
    tx: &Tx<'_>,
    actor: &Actor,
    domain: &DomainRef,
) -> Result<Option<Pool>, ControlError> {
    let found = domain.find(tx, actor, Permission::UsageRead)?;
    let key = PoolKey {
        tenant: found.tenant,
        domain: Some(found.id),
    };
    Ok(pools::load(tx, key)?)
}

/// How far back a chart goes (screens 4.0).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Span {
    /// 24 hours, by hours.
    Day,
    /// 7 days.
    Week,
    /// 30 days.
    #[default]
    Month,
    /// 12 months, by days.
    Year,
}

impl Span {
    fn begins(self, now: Timestamp) -> (Resolution, Timestamp) {
        const DAY_HOURS: u64 = 24;
        let (resolution, hours) = match self {
            Self::Day => (Resolution::Hours, DAY_HOURS),
            Self::Week => (Resolution::Days, 7 * DAY_HOURS),
            Self::Month => (Resolution::Days, 30 * DAY_HOURS),
            Self::Year => (Resolution::Days, 366 * DAY_HOURS),
        };
        (resolution, now.minus(Duration::from_hours(hours)))
    }
}

/// A chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// Ascending.
    pub points: Vec<Point>,
    /// The largest mailboxes of the newest day, of a tenant's chart.
    pub top: Option<(Timestamp, Vec<TopAccount>)>,
}

/// The history of a domain, or of a tenant.
pub fn history(
    tx: &Tx<'_>,
    actor: &Actor,
    (tenant, domain): (Option<&TenantRef>, Option<&DomainRef>),
    span: Span,
) -> Result<Series, ControlError> {
    let key = if let Some(domain) = domain {
        let found = domain.find(tx, actor, Permission::UsageRead)?;
        PoolKey {
            tenant: found.tenant,
            domain: Some(found.id),
        }
    } else {
        PoolKey::of_tenant(scope_of(tx, actor, tenant)?)
    };
    let (resolution, since) = span.begins(tx.now());
    let top = match key.domain {
        Some(_) => None,
        None => usage::top(tx, key.tenant, tx.now())?,
    };
    Ok(Series {
        points: usage::series(tx, key, resolution, since)?,
        top,
    })
}

/// Which mailboxes are listed.
#[derive(Debug, Clone, Copy)]
pub struct Accounts<'a> {
    /// Of which tenant; an administrator of one need not name it.
    pub tenant: Option<&'a TenantRef>,
    /// Of this domain only.
    pub domain: Option<&'a DomainRef>,
    /// By what, the largest first.
    pub order: Order,
    /// From after this one on.
    pub after: Option<Cursor>,
    /// At most so many.
    pub limit: u32,
}

/// Mailboxes, the largest first, as they were measured last (T-031, F-54).
pub fn accounts(
    tx: &Tx<'_>,
    actor: &Actor,
    wanted: &Accounts<'_>,
) -> Result<Vec<AccountUsage>, ControlError> {
    let page = (wanted.order, wanted.after);
    let limit = wanted.limit.min(PAGE_MAX + 1);
    if let Some(domain) = wanted.domain {
        let found = domain.find(tx, actor, Permission::UsageRead)?;
        return Ok(usage::list(
            tx,
            found.tenant,
            Some(&[found.id]),
            page,
            limit,
        )?);
    }
    if wanted.tenant.is_none()
        && let Area::Domains(scope, domains) = actor.area(Permission::UsageRead)?
    {
        return Ok(usage::list(tx, scope, Some(&domains), page, limit)?);
    }
    let scope = scope_of(tx, actor, wanted.tenant)?;
    Ok(usage::list(tx, scope, None, page, limit)?)
}

/// The tenant that is named, or the only one of the actor.
fn scope_of(
    tx: &Tx<'_>,
    actor: &Actor,
    tenant: Option<&TenantRef>,
) -> Result<TenantScope, ControlError> {
    if let Some(tenant) = tenant {
        return Ok(tenant.find(tx, actor, Permission::UsageRead)?.scope);
    }
    match actor.area(Permission::UsageRead)? {
        Area::Tenant(scope) => Ok(scope),
        Area::Platform(_) => Err(ControlError::invalid("tenant", "name the tenant")),
        Area::Domains(..) => Err(ControlError::invalid("domain", "name the domain")),
    }
}

/// The actor's own mailbox (US-01).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnUsage {
    /// Now, to the byte.
    pub usage: Usage,
    /// Whether new mail is refused although the mailbox has room: a pool it belongs to is locked.
    pub banners: Vec<Banner>,
}

/// The actor's own mailbox.
pub fn own(tx: &Tx<'_>, actor: &Actor) -> Result<OwnUsage, ControlError> {
    let scope = actor
        .own_account()
        .ok_or(ControlError::NotFound { kind: "account" })?;
    let account = hikyaku_directory::accounts::load(tx, scope)?;
    let keys = [None, Some(account.domain)];
    let mut pools = Vec::new();
    for domain in keys {
        let key = PoolKey {
            tenant: scope.tenant_scope(),
            domain,
        };
        pools.extend(pools::load(tx, key)?);
    }
    // How full the company's pool is concerns its administrators; that no mail comes, everybody.
    let locked = pools
        .iter()
        .filter(|pool| pool.standing.locked_at.is_some());
    Ok(OwnUsage {
        usage: hikyaku_mailstore::accounts::usage(tx, scope)?,
        banners: Banner::of_all(locked),
    })
}

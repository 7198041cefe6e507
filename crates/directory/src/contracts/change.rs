//! Giving a plan to a tenant, after a look at what that would change.

use std::fmt;

use hikyaku_db::{Hint, Tx, Value, WriteTx, params};
use hikyaku_types::{PlanId, TenantId};
use serde::Serialize;

use super::{Contracted, ensure, lock, packs, seats, terms};
use crate::{
    DirectoryError, PlatformScope, TenantScope,
    plans::{self, Feature, PlanStatus, Terms},
    stored::{from_json, to_json},
};

/// Days of grace after the end of a contract at most: a year.
pub const MAX_GRACE_DAYS: u16 = 366;

/// A plan for a tenant, and how many accounts it orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanOrder {
    /// The plan.
    pub plan: PlanId,
    /// Accounts, without packs. `None`: as many as the plan has.
    pub seats: Option<u32>,
}

/// What to do when a tenant has more than the new terms allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnExcess {
    /// Change nothing.
    #[default]
    Refuse,
    /// Apply the terms: what is there stays, and nothing is added while it is too much.
    Accept,
}

/// What a change of plan would do to one tenant.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Preview {
    /// The terms that would differ.
    pub differences: Vec<Difference>,
    /// What the tenant has more than it would be allowed.
    pub exceeded: Vec<Exceeded>,
}

/// One term that would differ.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The field of the terms.
    pub field: String,
    /// What is in force.
    pub before: serde_json::Value,
    /// What would be.
    pub after: serde_json::Value,
}

/// Something of which a tenant has more than it would be allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exceeded {
    /// What: `seats`, `max_domains`, or the word of a feature.
    pub what: String,
    /// How much or how many there are.
    pub used: u64,
    /// How much or how many there may be.
    pub allowed: u64,
}

impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} of {}", self.what, self.used, self.allowed)
    }
}

/// What a change of plan would do.
///
/// # Errors
/// Those of [`apply`], without [`DirectoryError::Exceeded`].
pub fn preview(
    tx: &Tx<'_>,
    _operator: PlatformScope,
    scope: TenantScope,
    order: PlanOrder,
) -> Result<Preview, DirectoryError> {
    let (_, base) = ordered(tx, order, "")?;
    let wanted = with_options(base, &packs::of(tx, scope)?);
    compare(tx, scope, &wanted)
}

/// Gives a tenant a plan as it is now, or applies a later revision of the plan it has. In force at
/// once. Returns what it changed.
///
/// # Errors
/// [`DirectoryError::NoSuchTenant`], [`DirectoryError::NoSuchPlan`];
/// [`DirectoryError::PlanStatus`] for a plan that is not published and not the tenant's own;
/// [`DirectoryError::SeatsNotSold`]; [`DirectoryError::Exceeded`].
pub fn apply(
    tx: &WriteTx<'_>,
    _operator: PlatformScope,
    scope: TenantScope,
    order: PlanOrder,
    on_excess: OnExcess,
) -> Result<Preview, DirectoryError> {
    lock(tx, scope)?;
    let (plan, base) = ordered(tx, order, "FOR UPDATE")?;
    let has_it_already = plan_of(tx, scope)? == Some(plan.id);
    if plan.status != PlanStatus::Published && !has_it_already {
        return Err(DirectoryError::PlanStatus {
            plan: plan.name,
            status: plan.status,
        });
    }
    let wanted = with_options(base.clone(), &packs::of(tx, scope)?);
    let preview = compare(tx, scope, &wanted)?;
    if on_excess == OnExcess::Refuse && !preview.exceeded.is_empty() {
        let list: Vec<String> = preview.exceeded.iter().map(ToString::to_string).collect();
        return Err(DirectoryError::Exceeded(list.join(", ")));
    }
    ensure(tx, scope.tenant)?;
    tx.execute(
        "UPDATE contract SET plan_id = ?2, plan_revision = ?3, terms = ?4, in_force = ?5,
             seats = ?6, updated_at = ?7
         WHERE tenant_id = ?1",
        params![
            scope.tenant,
            plan.id,
            i64::try_from(plan.revision).unwrap_or(i64::MAX),
            to_json(&base),
            to_json(&wanted),
            order.seats,
            tx.now(),
        ],
    )?;
    told(tx, scope);
    Ok(preview)
}

/// Sets for how long everything stays after the end of the contract.
///
/// # Errors
/// [`DirectoryError::GraceTooLong`], [`DirectoryError::NoSuchTenant`].
pub fn set_grace_days(
    tx: &WriteTx<'_>,
    _operator: PlatformScope,
    scope: TenantScope,
    days: u16,
) -> Result<(), DirectoryError> {
    if days > MAX_GRACE_DAYS {
        return Err(DirectoryError::GraceTooLong);
    }
    lock(tx, scope)?;
    ensure(tx, scope.tenant)?;
    tx.execute(
        "UPDATE contract SET grace_days = ?2, updated_at = ?3 WHERE tenant_id = ?1",
        params![scope.tenant, days, tx.now()],
    )?;
    Ok(())
}

/// Up to `limit` tenants that have a plan, by id, from after one on, with the seats they ordered.
pub fn tenants_of_plan(
    tx: &Tx<'_>,
    _operator: PlatformScope,
    plan: PlanId,
    after: Option<TenantId>,
    limit: u32,
) -> Result<Vec<(TenantScope, Option<u32>)>, DirectoryError> {
    let after = after.map_or(0, hikyaku_types::Id::to_i64);
    Ok(tx.query(OF_PLAN, params![plan, after, limit], |row| {
        let tenant = row.get(0)?;
        Ok((TenantScope { tenant }, row.get(1)?))
    })?)
}

const OF_PLAN: &str = "SELECT tenant_id, seats FROM contract
     WHERE plan_id = ?1 AND tenant_id > ?2 ORDER BY tenant_id LIMIT ?3";

/// Computes the terms in force again, after a change of options. The caller has the lock.
pub(super) fn put_in_force(tx: &WriteTx<'_>, scope: TenantScope) -> Result<(), DirectoryError> {
    let base: Option<Terms> = tx.query_opt(
        "SELECT terms FROM contract WHERE tenant_id = ?1 AND terms IS NOT NULL",
        params![scope.tenant],
        |row| from_json(row, 0, "terms of a contract"),
    )?;
    let base = base.ok_or(DirectoryError::NoPlan)?;
    let in_force = with_options(base, &packs::of(tx, scope)?);
    tx.execute(
        "UPDATE contract SET in_force = ?2, updated_at = ?3 WHERE tenant_id = ?1",
        params![scope.tenant, to_json(&in_force), tx.now()],
    )?;
    told(tx, scope);
    Ok(())
}

/// Who works with the terms of a tenant reads them again.
fn told(tx: &WriteTx<'_>, scope: TenantScope) {
    tx.hint(Hint::Tenant(scope.tenant));
    tx.hint(Hint::Directory);
}

/// The plan, and its terms with the number of seats that is ordered.
fn ordered(
    tx: &Tx<'_>,
    order: PlanOrder,
    lock: &str,
) -> Result<(plans::Plan, Terms), DirectoryError> {
    let plan = plans::by_id(tx, order.plan, lock)?;
    let mut base = plan.terms.clone();
    if let Some(seats) = order.seats {
        base.seats
            .check_order(seats)
            .map_err(DirectoryError::SeatsNotSold)?;
        base.seats.max = Some(seats);
    }
    Ok((plan, base))
}

fn with_options(mut terms: Terms, options: &[Contracted]) -> Terms {
    for had in options {
        had.option.effect.apply(&mut terms, had.packs);
    }
    terms
}

fn plan_of(tx: &Tx<'_>, scope: TenantScope) -> Result<Option<PlanId>, DirectoryError> {
    let plan = tx.query_opt(
        "SELECT plan_id FROM contract WHERE tenant_id = ?1",
        params![scope.tenant],
        |row| row.get(0),
    )?;
    Ok(plan.flatten())
}

fn compare(tx: &Tx<'_>, scope: TenantScope, wanted: &Terms) -> Result<Preview, DirectoryError> {
    let now = terms(tx, scope)?;
    Ok(Preview {
        differences: differences(&now, wanted),
        exceeded: exceeded(tx, scope, &now, wanted)?,
    })
}

fn differences(now: &Terms, wanted: &Terms) -> Vec<Difference> {
    let fields = |terms: &Terms| match serde_json::to_value(terms) {
        Ok(serde_json::Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let mut before = fields(now);
    let after = fields(wanted).into_iter().map(|(field, after)| Difference {
        before: before.remove(&field).unwrap_or_default(),
        field,
        after,
    });
    after.filter(|term| term.before != term.after).collect()
}

fn exceeded(
    tx: &Tx<'_>,
    scope: TenantScope,
    now: &Terms,
    wanted: &Terms,
) -> Result<Vec<Exceeded>, DirectoryError> {
    let tenant = scope.tenant;
    let mut found = Vec::new();
    let mut compare = |what: &str, used: u32, allowed: Option<u32>| {
        if let Some(allowed) = allowed
            && used > allowed
        {
            found.push(Exceeded {
                what: what.to_owned(),
                used: u64::from(used),
                allowed: u64::from(allowed),
            });
        }
    };
    compare("seats", seats::used(tx, tenant)?, wanted.seats.max);
    compare(
        "max_domains",
        seats::domains(tx, tenant)?,
        wanted.max_domains,
    );
    let count = |sql: &str| tx.query_one(sql, &[Value::from(tenant)], |row| row.get::<u32>(0));
    for (feature, sql) in USED_FEATURES {
        if now.includes(feature) && !wanted.includes(feature) {
            compare(feature.word(), count(sql)?, Some(0));
        }
    }
    Ok(found)
}

/// The features whose use this room can see, and how it is counted.
const USED_FEATURES: [(Feature, &str); 2] = [
    (
        Feature::SharedAccounts,
        "SELECT COUNT(*) FROM account
         WHERE tenant_id = ?1 AND deleted_at IS NULL AND kind <> 'system' AND kind = 'shared'",
    ),
    (
        Feature::DomainAliases,
        "SELECT COUNT(*) FROM domain WHERE tenant_id = ?1 AND alias_of_id IS NOT NULL",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_change_for_many_finds_them_by_an_index() {
        hikyaku_db::testing::assert_only_searches(OF_PLAN.to_owned(), 3).await;
        for (_, sql) in USED_FEATURES {
            hikyaku_db::testing::assert_only_searches(sql.to_owned(), 1).await;
        }
    }

    #[test]
    fn only_what_differs_is_shown() {
        let now = Terms::default();
        let mut wanted = now.clone();
        assert_eq!(differences(&now, &wanted), []);
        wanted.lock_grace_hours = 48;
        wanted.features.remove(&Feature::Lists);
        let found = differences(&now, &wanted);
        let fields: Vec<&str> = found.iter().map(|term| term.field.as_str()).collect();
        assert_eq!(fields, ["features", "lock_grace_hours"]);
    }
}

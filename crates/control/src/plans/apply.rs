//! Applying the present revision of a plan to those who have the plan (OP-04).

use hikyaku_db::{Tx, WriteTx};
use hikyaku_directory::{
    DirectoryError, TenantScope,
    contracts::{self, OnExcess, PlanOrder, Preview},
    plans::Plan,
    tenants,
};
use hikyaku_types::{Permission, TenantId};

use super::PlanRef;
use crate::{
    Actor, ControlError, TenantRef,
    tenants::{log_plan, view},
};

/// Tenants that one call applies a plan to, or looks at. Each is a few statements and an entry in
/// its log; the call answers where the next one begins.
pub const MAX_APPLIED_AT_ONCE: u32 = 100;

/// What became of, or would become of, one tenant.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// The tenant.
    pub tenant: TenantId,
    /// Its name.
    pub name: String,
    /// What happened.
    pub outcome: Outcome,
    /// What differs, and of what there is too much.
    pub preview: Preview,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing: this was only a look.
    Previewed,
    /// The tenant has the present revision.
    Applied,
    /// The tenant has more than it would be allowed, and nothing was changed.
    Refused,
}

/// Applies a plan to one tenant that has it, or to all of them from after one on, up to
/// [`MAX_APPLIED_AT_ONCE`]. `on_excess` is `None` for a look only.
///
/// # Errors
/// [`ControlError::NotFound`], [`ControlError::Forbidden`]; the conflict `plan_of_other` for a
/// tenant that has another plan.
pub fn apply(
    tx: &WriteTx<'_>,
    actor: &Actor,
    plan: &PlanRef,
    only: Option<&TenantRef>,
    after: Option<TenantId>,
    on_excess: Option<OnExcess>,
) -> Result<Vec<Applied>, ControlError> {
    let operator = actor.on_platform(Permission::PlansWrite)?;
    actor.on_platform(Permission::ContractsWrite)?;
    let plan = plan.find(tx, actor, Permission::PlansWrite)?;
    let tenants = match only {
        Some(tenant) => vec![one(tx, actor, &plan, tenant)?],
        None => contracts::tenants_of_plan(tx, operator, plan.id, after, MAX_APPLIED_AT_ONCE)?,
    };
    let mut results = Vec::with_capacity(tenants.len());
    for (scope, seats) in tenants {
        let order = PlanOrder {
            plan: plan.id,
            seats,
        };
        results.push(to_one(tx, actor, scope, order, on_excess)?);
    }
    Ok(results)
}

fn one(
    tx: &Tx<'_>,
    actor: &Actor,
    plan: &Plan,
    tenant: &TenantRef,
) -> Result<(TenantScope, Option<u32>), ControlError> {
    let found = tenant.find(tx, actor, Permission::ContractsWrite)?;
    let contract = contracts::load(tx, found.scope)?;
    match contract.plan {
        Some(has) if has.id == plan.id => Ok((found.scope, contract.seats)),
        _ => Err(ControlError::conflict(
            "plan_of_other",
            format!(
                "the tenant {} does not have the plan {}",
                found.name, plan.name
            ),
        )),
    }
}

fn to_one(
    tx: &WriteTx<'_>,
    actor: &Actor,
    scope: TenantScope,
    order: PlanOrder,
    on_excess: Option<OnExcess>,
) -> Result<Applied, ControlError> {
    let operator = actor.on_platform(Permission::ContractsWrite)?;
    let tenant = tenants::load(tx, scope)?;
    let answer = |outcome, preview| Applied {
        tenant: scope.tenant,
        name: tenant.name.clone(),
        outcome,
        preview,
    };
    let looked = || contracts::preview(tx, operator, scope, order);
    let Some(on_excess) = on_excess else {
        return Ok(answer(Outcome::Previewed, looked()?));
    };
    contracts::lock(tx, scope)?;
    let before = view(tx, scope)?;
    match contracts::apply(tx, operator, scope, order, on_excess) {
        Ok(preview) => {
            log_plan(tx, actor, &before, &view(tx, scope)?, &preview)?;
            Ok(answer(Outcome::Applied, preview))
        }
        Err(DirectoryError::Exceeded(_)) => Ok(answer(Outcome::Refused, looked()?)),
        Err(other) => Err(other.into()),
    }
}

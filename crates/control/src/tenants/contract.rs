//! The plan and the options of a tenant.

use hikyaku_db::{Tx, WriteTx};
use hikyaku_directory::{
    PlatformScope, TenantScope,
    contracts::{self, OnExcess, PlanOrder, Preview},
    plans,
};
use hikyaku_types::Permission;
use serde_json::json;

use super::{TenantView, target, view};
use crate::{Act, Actor, ControlError, PlanRef, TenantRef};

/// A plan for a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanRequest {
    /// Which.
    pub plan: PlanRef,
    /// Accounts, without packs. `None`: as many as the plan has.
    pub seats: Option<u32>,
    /// What to do when the tenant has more than the plan allows.
    pub on_excess: OnExcess,
}

/// What a change of plan would do to a tenant.
///
/// # Errors
/// [`ControlError::NotFound`], [`ControlError::Forbidden`], and what the directory refuses.
pub fn preview_plan(
    tx: &Tx<'_>,
    actor: &Actor,
    tenant: &TenantRef,
    request: &PlanRequest,
) -> Result<Preview, ControlError> {
    let found = tenant.find(tx, actor, Permission::ContractsRead)?;
    let operator = actor.on_platform(Permission::ContractsWrite)?;
    let order = order(tx, operator, request)?;
    Ok(contracts::preview(tx, operator, found.scope, order)?)
}

/// Gives a tenant a plan, or a later revision of its own, or another number of seats.
///
/// # Errors
/// [`ControlError::NotFound`], [`ControlError::Forbidden`], what `is_current` says, and what the
/// directory refuses.
pub fn set_plan(
    tx: &WriteTx<'_>,
    actor: &Actor,
    tenant: &TenantRef,
    request: &PlanRequest,
    is_current: impl Fn(&TenantView) -> Result<(), ControlError>,
) -> Result<TenantView, ControlError> {
    let found = tenant.find(tx, actor, Permission::ContractsRead)?;
    let operator = actor.on_platform(Permission::ContractsWrite)?;
    contracts::lock(tx, found.scope)?;
    let before = view(tx, found.scope)?;
    is_current(&before)?;
    let preview = give(tx, operator, found.scope, request)?;
    let after = view(tx, found.scope)?;
    log_plan(tx, actor, &before, &after, &preview)?;
    Ok(after)
}

/// Sets how many packs of an option a tenant has.
///
/// # Errors
/// [`ControlError::NotFound`], [`ControlError::Forbidden`], and what the directory refuses.
pub fn set_option(
    tx: &WriteTx<'_>,
    actor: &Actor,
    tenant: &TenantRef,
    code: &str,
    packs: u32,
) -> Result<TenantView, ControlError> {
    let found = tenant.find(tx, actor, Permission::ContractsRead)?;
    let operator = actor.on_platform(Permission::ContractsWrite)?;
    contracts::lock(tx, found.scope)?;
    let had = |view: &TenantView| {
        let mut options = view.contract.options.iter();
        options
            .find(|had| had.option.code == code)
            .map_or(0, |had| had.packs)
    };
    let before = had(&view(tx, found.scope)?);
    contracts::set_packs(tx, operator, found.scope, code, packs)?;
    let after = view(tx, found.scope)?;
    let act = Act::in_tenant(found.scope.tenant, "tenant.option", target(&after.tenant));
    let told = |packs: u32| json!({ "option": code, "packs": packs });
    actor.log(tx, act.before(told(before)).after(told(had(&after))))?;
    Ok(after)
}

/// Gives a plan to a tenant that the caller has found, without a word in the log.
pub(super) fn give(
    tx: &WriteTx<'_>,
    operator: PlatformScope,
    scope: TenantScope,
    request: &PlanRequest,
) -> Result<Preview, ControlError> {
    let order = order(tx, operator, request)?;
    Ok(contracts::apply(
        tx,
        operator,
        scope,
        order,
        request.on_excess,
    )?)
}

/// Tells the log of a tenant what another plan changed.
pub(crate) fn log_plan(
    tx: &WriteTx<'_>,
    actor: &Actor,
    before: &TenantView,
    after: &TenantView,
    preview: &Preview,
) -> Result<(), ControlError> {
    let tenant = &after.tenant;
    let act = Act::in_tenant(tenant.scope.tenant, "tenant.plan", target(tenant));
    let plan = |view: &TenantView| {
        let plan = view.contract.plan.as_ref();
        json!({
            "plan": plan.map(|plan| &plan.name),
            "revision": plan.map(|plan| plan.revision),
            "seats": view.contract.seats,
        })
    };
    let mut told = plan(after);
    if let Some(told) = told.as_object_mut() {
        told.insert("changes".to_owned(), json!(preview.differences));
    }
    actor.log(tx, act.before(plan(before)).after(told))?;
    Ok(())
}

fn order(
    tx: &Tx<'_>,
    operator: PlatformScope,
    request: &PlanRequest,
) -> Result<PlanOrder, ControlError> {
    let plan = match request.plan.id() {
        Some(id) => plans::find(tx, operator, id)?,
        None => plans::find_by_name(tx, operator, request.plan.as_str())?,
    };
    Ok(PlanOrder {
        plan: plan.id,
        seats: request.seats,
    })
}

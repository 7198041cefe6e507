//! Tenants: what the operator does with the customer companies, and what they see of their own
//! contract (OP-02, OP-03, O-012).

mod contract;
mod lifecycle;

use hikyaku_db::{Tx, WriteTx};
use hikyaku_directory::{
    TenantScope,
    contracts::{self, Contract, Details, Seats},
    domains,
    plans::Terms,
    tenants::{self, NewTenant, Tenant, TenantChange},
};
use hikyaku_oplog::Target;
use hikyaku_types::{Permission, Timestamp};
use serde_json::json;

pub(crate) use contract::log_plan;
pub use contract::{PlanRequest, preview_plan, set_option, set_plan};
pub use lifecycle::{Confirmation, act, settle};

use crate::{Act, Actor, Area, ControlError, TenantRef};

/// A tenant with its contract.
#[derive(Debug, Clone, PartialEq)]
pub struct TenantView {
    /// The tenant.
    pub tenant: Tenant,
    /// What was agreed with it.
    pub contract: Contract,
    /// Its accounts.
    pub seats: Seats,
    /// How many domains it has.
    pub domains: u32,
    /// From when on its data may be erased: the grace after the end of the contract.
    pub erasable_at: Option<Timestamp>,
}

/// A tenant to create.
#[derive(Debug, Clone)]
pub struct TenantRequest {
    /// The tenant.
    pub new: NewTenant,
    /// Contact, payment and notes.
    pub details: Option<Details>,
    /// Its plan.
    pub plan: Option<PlanRequest>,
}

/// What to change of a tenant.
#[derive(Debug, Clone, Default)]
pub struct TenantPatch {
    /// Name, number, dates.
    pub change: TenantChange,
    /// Contact, payment and notes, as a whole.
    pub details: Option<Details>,
    /// Days of grace after the end.
    pub grace_days: Option<u16>,
}

/// Creates a tenant.
///
/// # Errors
/// [`ControlError::Forbidden`], and what the directory refuses.
pub fn create(
    tx: &WriteTx<'_>,
    actor: &Actor,
    request: &TenantRequest,
) -> Result<TenantView, ControlError> {
    let operator = actor.on_platform(Permission::ContractsWrite)?;
    let scope = tenants::create(tx, operator, &request.new)?;
    if let Some(details) = &request.details {
        contracts::set_details(tx, operator, scope, details)?;
    }
    if let Some(plan) = &request.plan {
        contract::give(tx, operator, scope, plan)?;
    }
    let made = view(tx, scope)?;
    let act = Act::in_tenant(scope.tenant, "tenant.create", target(&made.tenant));
    actor.log(tx, act.after(summary(&made)))?;
    Ok(made)
}

/// The tenants that an actor may see. Who belongs to one sees that one.
///
/// # Errors
/// [`ControlError::Forbidden`].
pub fn list(
    tx: &Tx<'_>,
    actor: &Actor,
    query: &tenants::Query,
) -> Result<Vec<tenants::Found>, ControlError> {
    match actor.area(Permission::ContractsRead)? {
        Area::Platform(operator) => Ok(tenants::search(tx, operator, query)?),
        Area::Tenant(scope) | Area::Domains(scope, _) => Ok(tenants::search_one(tx, scope, query)?),
    }
}

/// One tenant with its contract. The operator's notes are for the operator.
///
/// # Errors
/// [`ControlError::NotFound`], [`ControlError::Forbidden`].
pub fn show(tx: &Tx<'_>, actor: &Actor, tenant: &TenantRef) -> Result<TenantView, ControlError> {
    let found = tenant.find(tx, actor, Permission::ContractsRead)?;
    let mut shown = view(tx, found.scope)?;
    if actor.on_platform(Permission::ContractsRead).is_err() {
        shown.contract.details.notes.clear();
    }
    Ok(shown)
}

/// The terms in force of a tenant: what its consoles show and hide (T-005).
///
/// # Errors
/// [`ControlError::NotFound`], [`ControlError::Forbidden`].
pub fn terms(tx: &Tx<'_>, actor: &Actor, tenant: &TenantRef) -> Result<Terms, ControlError> {
    let found = tenant.find(tx, actor, Permission::ContractsRead)?;
    Ok(contracts::terms(tx, found.scope)?)
}

/// Changes a tenant. `changes` makes the changes of the tenant as it is, or says why not.
///
/// # Errors
/// [`ControlError::NotFound`], [`ControlError::Forbidden`], what `changes` says, and what the
/// directory refuses.
pub fn change(
    tx: &WriteTx<'_>,
    actor: &Actor,
    tenant: &TenantRef,
    changes: impl Fn(&TenantView) -> Result<TenantPatch, ControlError>,
) -> Result<TenantView, ControlError> {
    let found = tenant.find(tx, actor, Permission::ContractsRead)?;
    let operator = actor.on_platform(Permission::ContractsWrite)?;
    contracts::lock(tx, found.scope)?;
    let before = view(tx, found.scope)?;
    let patch = changes(&before)?;
    tenants::update(tx, operator, found.scope, &patch.change)?;
    if let Some(details) = &patch.details {
        contracts::set_details(tx, operator, found.scope, details)?;
    }
    if let Some(days) = patch.grace_days {
        contracts::set_grace_days(tx, operator, found.scope, days)?;
    }
    let after = view(tx, found.scope)?;
    let act = Act::in_tenant(found.scope.tenant, "tenant.change", target(&after.tenant));
    let (old, new) = changed(&summary(&before), &summary(&after));
    actor.log(tx, act.before(old).after(new))?;
    Ok(after)
}

/// A tenant with its contract, for those who have found that the actor may see it.
pub(crate) fn view(tx: &Tx<'_>, scope: TenantScope) -> Result<TenantView, ControlError> {
    let tenant = tenants::load(tx, scope)?;
    let contract = contracts::load(tx, scope)?;
    let grace = std::time::Duration::from_hours(24 * u64::from(contract.grace_days));
    Ok(TenantView {
        erasable_at: tenant.standing.end_at.map(|end| end.plus(grace)),
        seats: contracts::seats(tx, scope)?,
        domains: domains::count(tx, scope)?,
        tenant,
        contract,
    })
}

pub(crate) fn target(tenant: &Tenant) -> Target {
    Target::new("tenant", tenant.scope.tenant, &tenant.name)
}

/// What the operation log tells of a tenant.
fn summary(view: &TenantView) -> serde_json::Value {
    let tenant = &view.tenant;
    json!({
        "name": tenant.name,
        "kana": tenant.kana,
        "customer_number": tenant.customer_number,
        "status": tenant.status.to_string(),
        "service_start_at": tenant.standing.service_start_at,
        "end_at": tenant.standing.end_at,
        "language": tenant.language.to_string(),
        "time_zone": tenant.time_zone.as_str(),
        "plan": view.contract.plan.as_ref().map(|plan| &plan.name),
        "grace_days": view.contract.grace_days,
        "details": view.contract.details,
    })
}

/// The fields that differ, before and after.
pub(crate) fn changed(
    before: &serde_json::Value,
    after: &serde_json::Value,
) -> (serde_json::Value, serde_json::Value) {
    let (mut old, mut new) = (serde_json::Map::new(), serde_json::Map::new());
    if let (Some(before), Some(after)) = (before.as_object(), after.as_object()) {
        for (field, value) in after {
            let was = before.get(field).cloned().unwrap_or_default();
            if was != *value {
                old.insert(field.clone(), was);
                new.insert(field.clone(), value.clone());
            }
        }
    }
    (old.into(), new.into())
}

//! Beginning, suspending, resuming and ending the service of a tenant.

use hikyaku_db::WriteTx;
use hikyaku_directory::tenants::{self, Move};
use hikyaku_types::Permission;
use serde_json::json;

use super::{TenantView, target, view};
use crate::{Act, Actor, ControlError, TenantRef};

/// Tenants whose status is written down at once, when their date has come.
const SETTLED_AT_ONCE: u32 = 100;

/// What somebody typed to show that the right tenant is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmation<'a> {
    /// Nothing.
    None,
    /// The name of the tenant.
    Typed(&'a str),
}

/// Makes a move. The end of a contract has to be confirmed by the name of the tenant.
///
/// # Errors
/// [`ControlError::NotFound`], [`ControlError::Forbidden`], [`ControlError::Invalid`] without the
/// confirmation, and what the directory refuses.
pub fn act(
    tx: &WriteTx<'_>,
    actor: &Actor,
    tenant: &TenantRef,
    what: Move,
    confirmation: Confirmation<'_>,
) -> Result<TenantView, ControlError> {
    let found = tenant.find(tx, actor, Permission::ContractsRead)?;
    let operator = actor.on_platform(Permission::ContractsWrite)?;
    if what == Move::Terminate && confirmation != Confirmation::Typed(found.name.as_str()) {
        return Err(ControlError::invalid(
            "confirm_name",
            format!(
                "to end the contract, give the tenant's name: {}",
                found.name
            ),
        ));
    }
    let before = tenants::move_to(tx, operator, found.scope, what)?;
    let after = view(tx, found.scope)?;
    let action = match what {
        Move::Begin => "tenant.begin",
        Move::Suspend => "tenant.suspend",
        Move::Resume => "tenant.resume",
        Move::Terminate => "tenant.terminate",
    };
    let act = Act::in_tenant(found.scope.tenant, action, target(&after.tenant));
    actor.log(
        tx,
        act.before(json!({ "status": before.status.to_string() }))
            .after(json!({
                "status": after.tenant.status.to_string(),
                "end_at": after.tenant.standing.end_at,
                "erasable_at": after.erasable_at,
            })),
    )?;
    Ok(after)
}

/// Writes down the status of tenants whose date has come, and says how many there were: services
/// that began (O-010), contracts that ended. For the house itself.
///
/// # Errors
/// When the database fails.
pub fn settle(tx: &WriteTx<'_>, actor: &Actor) -> Result<usize, ControlError> {
    let operator = actor.on_platform(Permission::ContractsWrite)?;
    let settled = tenants::settle(tx, operator, SETTLED_AT_ONCE)?;
    for one in &settled {
        let tenant = tenants::load(tx, one.scope)?;
        let act = Act::in_tenant(one.scope.tenant, "tenant.date", target(&tenant));
        let status = |status: tenants::TenantStatus| json!({ "status": status.to_string() });
        actor.log(tx, act.before(status(one.before)).after(status(one.after)))?;
    }
    Ok(settled.len())
}

//! Looking at the operation log (AD-33, OP-21).

use hikyaku_db::{Tx, WriteTx};
use hikyaku_oplog::{self as oplog, Chain, Found, Search, Target};
use hikyaku_types::{Permission, TenantId};

use crate::{Act, Actor, ControlError};

/// The log of a tenant, or without one the platform's own, for somebody who may read it.
///
/// # Errors
/// [`ControlError::NotFound`] for a tenant out of reach.
pub fn chain(actor: &Actor, tenant: Option<TenantId>) -> Result<Chain, ControlError> {
    if let Some(tenant) = tenant {
        actor.in_tenant(Permission::LogRead, tenant)?;
        Ok(Chain::Tenant(tenant))
    } else {
        actor.on_platform(Permission::LogRead)?;
        Ok(Chain::Platform)
    }
}

/// Entries, newest first.
///
/// # Errors
/// As [`chain`].
pub fn search(
    tx: &Tx<'_>,
    actor: &Actor,
    tenant: Option<TenantId>,
    wanted: &Search,
) -> Result<Found, ControlError> {
    Ok(oplog::search(tx, chain(actor, tenant)?, wanted)?)
}

/// Who acted as the owner of the own account, or read its mail, newest first (F-44).
///
/// # Errors
/// [`ControlError::NotFound`] for actors without an account.
pub fn own_access(
    tx: &Tx<'_>,
    actor: &Actor,
    before: Option<i64>,
    limit: u32,
) -> Result<Found, ControlError> {
    let own = actor.own_account();
    let own = own.ok_or(ControlError::NotFound { kind: "account" })?;
    let wanted = Search {
        shown_to: Some(own.account),
        before,
        limit,
        ..Default::default()
    };
    Ok(oplog::search(tx, Chain::Tenant(own.tenant), &wanted)?)
}

/// Writes down that a log was taken out of the house.
///
/// # Errors
/// As [`chain`].
pub fn note_export(
    tx: &WriteTx<'_>,
    actor: &Actor,
    tenant: Option<TenantId>,
    details: &serde_json::Value,
) -> Result<(), ControlError> {
    let action = "operation_log.export";
    let act = match (chain(actor, tenant)?, tenant) {
        (Chain::Tenant(_), Some(id)) => {
            Act::in_tenant(id, action, Target::new("operation_log", id, "tenant"))
        }
        _ => Act::on_platform(action, Target::new("operation_log", 0, "platform")),
    };
    actor.log(tx, act.after(details))?;
    Ok(())
}

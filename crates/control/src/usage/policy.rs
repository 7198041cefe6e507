//! What a tenant lets its people do about their own mailboxes.

use hikyaku_db::{Tx, WriteTx};
use hikyaku_directory::pools;
use hikyaku_oplog::Target;
use hikyaku_types::Permission;
use serde_json::json;

use crate::{Act, Actor, ControlError, TenantRef};

pub use hikyaku_directory::pools::UsagePolicy;

/// What a tenant has decided.
pub fn policy(tx: &Tx<'_>, actor: &Actor, tenant: &TenantRef) -> Result<UsagePolicy, ControlError> {
    let scope = tenant.find(tx, actor, Permission::UsageRead)?.scope;
    Ok(pools::policy(tx, scope)?)
}

/// Decides otherwise.
pub fn set_policy(
    tx: &WriteTx<'_>,
    actor: &Actor,
    tenant: &TenantRef,
    policy: UsagePolicy,
) -> Result<(), ControlError> {
    let found = tenant.find(tx, actor, Permission::SecurityWrite)?;
    let before = pools::policy(tx, found.scope)?;
    pools::set_policy(tx, found.scope, policy)?;
    let target = Target::new("tenant", found.scope.tenant, &found.name);
    let act = Act::in_tenant(found.scope.tenant, "usage.policy", target)
        .before(json!({ "own_initialise": before.own_initialise }))
        .after(json!({ "own_initialise": policy.own_initialise }));
    actor.log(tx, act)?;
    Ok(())
}

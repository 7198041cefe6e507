//! The security policy of a tenant (AD-24), as administrators see and change it.

use hikyaku_access::policy::{self, SecurityPolicy, StorePolicyError};
use hikyaku_db::{Tx, WriteTx};
use hikyaku_oplog::Target;
use hikyaku_types::Permission;
use serde_json::{Map, Value};

use crate::{Act, Actor, ControlError, TenantRef};

/// The policy of a tenant.
pub fn show(
    tx: &Tx<'_>,
    actor: &Actor,
    tenant: &TenantRef,
) -> Result<SecurityPolicy, ControlError> {
    let tenant = tenant.find(tx, actor, Permission::SecurityRead)?;
    Ok(policy::load(tx, tenant.scope)?)
}

/// Changes what `patch` names (JSON merge, RFC 7396), in force at once. `unchanged` sees the policy
/// as it is under the lock, and refuses when it is not what the actor looked at.
pub fn change(
    tx: &WriteTx<'_>,
    actor: &Actor,
    tenant: &TenantRef,
    patch: &Map<String, Value>,
    unchanged: impl Fn(&SecurityPolicy) -> Result<(), ControlError>,
) -> Result<SecurityPolicy, ControlError> {
    let tenant = tenant.find(tx, actor, Permission::SecurityWrite)?;
    policy::lock(tx, tenant.scope)?;
    let before = policy::load(tx, tenant.scope)?;
    unchanged(&before)?;
    let old = to_value(&before);
    let mut new = old.clone();
    merge(&mut new, patch);
    let after: SecurityPolicy =
        serde_json::from_value(new).map_err(|error| ControlError::invalid("policy", error))?;
    policy::store(tx, tenant.scope, &after).map_err(|error| match error {
        StorePolicyError::Policy(error) => ControlError::invalid(error.field, error.detail),
        StorePolicyError::Db(error) => error.into(),
        other => ControlError::invalid("policy", other),
    })?;
    let (before, changed) = differences(old, to_value(&after));
    let target = Target::new("tenant", tenant.scope.tenant, &tenant.name);
    let act = Act::in_tenant(tenant.scope.tenant, "security_policy.change", target);
    actor.log(tx, act.before(before).after(changed))?;
    Ok(after)
}

fn to_value(policy: &SecurityPolicy) -> Value {
    serde_json::to_value(policy).expect("invariant: a policy has a JSON form")
}

/// Objects are merged, everything else is replaced; null asks for the default.
fn merge(into: &mut Value, patch: &Map<String, Value>) {
    let Value::Object(fields) = into else {
        return;
    };
    for (name, value) in patch {
        match (fields.get_mut(name), value) {
            (_, Value::Null) => {
                fields.remove(name);
            }
            // The networks of a protocol are a list under its name, like any other field.
            (Some(old @ Value::Object(_)), Value::Object(patch)) => merge(old, patch),
            _ => {
                fields.insert(name.clone(), value.clone());
            }
        }
    }
}

/// The parts that differ, before and after.
fn differences(before: Value, after: Value) -> (Map<String, Value>, Map<String, Value>) {
    let (mut old, mut new) = (Map::new(), Map::new());
    let (Value::Object(before), Value::Object(mut after)) = (before, after) else {
        return (old, new);
    };
    for (name, value) in before {
        let now = after.remove(&name).unwrap_or_default();
        if now != value {
            old.insert(name.clone(), value);
            new.insert(name, now);
        }
    }
    (old, new)
}

//! Making and changing keys.

use hikyaku_db::{WriteTx, params};
use hikyaku_directory::{TenantScope, contracts, plans::Feature};
use hikyaku_net::Network;
use hikyaku_types::{ApiKeyId, DomainId, Permission, TenantId, Timestamp};

use super::{ApiKey, Token, act, changeable, logged, store, tenant_of};
use crate::{
    Actor, ControlError, Within,
    roles::{PLATFORM_ONLY, joined, lock_tenant, must_have},
};

/// Keys of one tenant, or of the operator, at most.
pub const MAX_KEYS: i64 = 200;
/// Characters of a label at most.
pub const MAX_LABEL_CHARS: usize = 100;
/// Networks of one key at most.
pub const MAX_NETWORKS: usize = 50;

/// What no key allows: a program must not be able to give itself, or somebody, more.
pub const NEVER_IN_KEYS: &[Permission] = &[
    Permission::RolesWrite,
    Permission::ApiKeysWrite,
    Permission::Impersonate,
    Permission::ContentRead,
];

/// A key to make.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// What it is for.
    pub label: String,
    /// Where its permissions hold.
    pub within: Within,
    /// What it allows.
    pub permissions: Vec<Permission>,
    /// From where it may be used; empty: from anywhere.
    pub networks: Vec<Network>,
    /// Until when; nothing: until it is revoked.
    pub expires_at: Option<Timestamp>,
}

/// What to change of a key. What it allows is not among it: a program with other needs has a key
/// of its own.
#[derive(Debug, Clone, Default)]
pub struct KeyChange {
    /// What it is for.
    pub label: Option<String>,
    /// From where it may be used.
    pub networks: Option<Vec<Network>>,
    /// Until when.
    pub expires_at: Option<Option<Timestamp>>,
}

/// Makes a key.
///
/// # Errors
/// [`ControlError::Forbidden`] with a permission that the maker lacks there;
/// [`ControlError::NotContracted`]; the conflict `too_many_keys`.
pub fn create(
    tx: &WriteTx<'_>,
    actor: &Actor,
    new: &NewKey,
    token: &Token,
) -> Result<ApiKey, ControlError> {
    let domain = may_make(tx, actor, new.within)?;
    let tenant = tenant_of(new.within);
    let label = valid_label(&new.label)?;
    check_permissions(actor, &new.permissions, new.within)?;
    check_networks(&new.networks)?;
    check_end(tx, new.expires_at)?;
    lock_tenant(tx, tenant)?;
    if store::count(tx, tenant)? >= MAX_KEYS {
        let detail = format!("there are {MAX_KEYS} keys already: revoke one first");
        return Err(ControlError::conflict("too_many_keys", detail));
    }
    let id: ApiKeyId = tx.new_id();
    tx.execute(
        "INSERT INTO api_key (id, tenant_id, domain_id, label, shown, hash, permissions, networks,
             made_by, created_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            id,
            tenant,
            domain,
            &label,
            token.shown(),
            token.hash(),
            joined(&new.permissions),
            joined_networks(&new.networks),
            actor.principal.logged().name,
            tx.now(),
            new.expires_at,
        ],
    )?;
    let key = store::load(tx, id)?.ok_or_else(super::unknown)?;
    actor.log(tx, act(&key, "api_key.create").after(logged(&key)))?;
    Ok(key)
}

/// Changes label, networks or end of a key.
///
/// # Errors
/// [`ControlError::NotFound`].
pub fn change(
    tx: &WriteTx<'_>,
    actor: &Actor,
    id: ApiKeyId,
    change: &KeyChange,
) -> Result<ApiKey, ControlError> {
    let before = changeable(tx, actor, id)?;
    let mut after = before.clone();
    if let Some(label) = &change.label {
        after.label = valid_label(label)?;
    }
    if let Some(networks) = &change.networks {
        check_networks(networks)?;
        after.networks.clone_from(networks);
    }
    if let Some(end) = change.expires_at {
        check_end(tx, end)?;
        after.expires_at = end;
    }
    if after == before {
        return Ok(before);
    }
    tx.execute(
        "UPDATE api_key SET label = ?2, networks = ?3, expires_at = ?4 WHERE id = ?1",
        params![
            id,
            &after.label,
            joined_networks(&after.networks),
            after.expires_at
        ],
    )?;
    let act = act(&after, "api_key.change");
    actor.log(tx, act.before(logged(&before)).after(logged(&after)))?;
    Ok(after)
}

/// Whether the actor may make keys there, and the domain if it is one.
fn may_make(
    tx: &WriteTx<'_>,
    actor: &Actor,
    within: Within,
) -> Result<Option<DomainId>, ControlError> {
    let wanted = Permission::ApiKeysWrite;
    match within {
        Within::Platform => {
            actor.on_platform(wanted)?;
            Ok(None)
        }
        Within::Tenant(tenant) => {
            let scope = actor.in_tenant(wanted, tenant)?;
            contracted(tx, scope)?;
            Ok(None)
        }
        Within::Domain(tenant, domain) => {
            let scope = actor.in_domain(wanted, tenant, domain, "domain")?;
            must_exist(tx, tenant, domain)?;
            contracted(tx, scope)?;
            Ok(Some(domain))
        }
    }
}

fn must_exist(tx: &WriteTx<'_>, tenant: TenantId, domain: DomainId) -> Result<(), ControlError> {
    tx.query_opt(
        "SELECT id FROM domain WHERE tenant_id = ?1 AND id = ?2",
        params![tenant, domain],
        |_| Ok(()),
    )?
    .ok_or(ControlError::NotFound { kind: "domain" })
}

fn contracted(tx: &WriteTx<'_>, tenant: TenantScope) -> Result<(), ControlError> {
    let terms = contracts::terms(tx, tenant)?;
    let gate = terms.require(Feature::ApiKeys);
    gate.map_err(|_| ControlError::NotContracted {
        option: Feature::ApiKeys.word(),
    })
}

fn check_permissions(
    actor: &Actor,
    permissions: &[Permission],
    within: Within,
) -> Result<(), ControlError> {
    if permissions.is_empty() {
        let detail = "a key allows something: name at least one permission";
        return Err(ControlError::invalid("permissions", detail));
    }
    if let Some(never) = permissions.iter().find(|p| NEVER_IN_KEYS.contains(p)) {
        let detail = format!("\"{never}\" is for people only");
        return Err(ControlError::invalid("permissions", detail));
    }
    if within != Within::Platform
        && let Some(only) = permissions.iter().find(|p| PLATFORM_ONLY.contains(p))
    {
        let detail = format!("\"{only}\" can only be held on the whole platform");
        return Err(ControlError::invalid("permissions", detail));
    }
    must_have(actor, permissions, within)
}

fn valid_label(text: &str) -> Result<String, ControlError> {
    let label = text.trim();
    let length = label.chars().count();
    if length == 0 || length > MAX_LABEL_CHARS || label.chars().any(char::is_control) {
        let detail =
            format!("a label has 1 to {MAX_LABEL_CHARS} characters, no control characters");
        return Err(ControlError::invalid("label", detail));
    }
    Ok(label.to_owned())
}

fn check_networks(networks: &[Network]) -> Result<(), ControlError> {
    if networks.len() > MAX_NETWORKS {
        let detail = format!("a key has at most {MAX_NETWORKS} networks");
        return Err(ControlError::invalid("networks", detail));
    }
    Ok(())
}

fn check_end(tx: &WriteTx<'_>, end: Option<Timestamp>) -> Result<(), ControlError> {
    if end.is_some_and(|end| end <= tx.now()) {
        let detail = "the end lies in the past: name a later one, or none";
        return Err(ControlError::invalid("expires_at", detail));
    }
    Ok(())
}

fn joined_networks(networks: &[Network]) -> String {
    let texts: Vec<String> = networks.iter().map(ToString::to_string).collect();
    texts.join(" ")
}

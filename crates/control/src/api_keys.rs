//! API keys: what programs use the API with (AD-26, OP-19).
//!
//! A key belongs to its tenant (or to the operator), not to whoever made it: programs go on when a
//! person leaves. Lists therefore say who made each key.
//!
//! Invariants:
//! - The token is shown once; only its hash is stored. It has 256 random bits, so a plain hash is
//!   enough, and the lookup by it tells nothing by its time.
//! - A key allows what its maker could do when it was made, or less, and nothing about roles,
//!   other keys or acting as somebody.
//! - A key of a tenant works while the tenant is in service and its contract has the option.

mod make;
mod store;
mod token;

use hikyaku_db::{DbError, Tx, WriteTx, params};
use hikyaku_directory::{TenantScope, contracts, plans::Feature};
use hikyaku_net::Network;
use hikyaku_oplog::Target;
use hikyaku_types::{ApiKeyId, Permission, Secret, TenantId, Timestamp};

pub use make::{
    KeyChange, MAX_KEYS, MAX_LABEL_CHARS, MAX_NETWORKS, NEVER_IN_KEYS, NewKey, change, create,
};
pub use token::Token;
pub(crate) use token::hash;

use crate::{
    Act, Actor, ControlError, Principal, Rights, Within,
    authenticate::{self, Origin},
};

/// Keys of one page at most.
pub const MAX_PAGE: u32 = 500;
/// The last use of a key is written again when what is known of it is this old: a program that
/// asks every second must not write every second.
pub const USE_IS_STALE_AFTER: std::time::Duration = std::time::Duration::from_mins(10);

/// One key, without its token.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// Where its permissions hold.
    pub within: Within,
    /// The name of the domain it is limited to.
    pub domain: Option<String>,
    /// What it is for.
    pub label: String,
    /// How the token begins, to recognise it.
    pub shown: String,
    /// What it allows.
    pub permissions: Vec<Permission>,
    /// From where it may be used; empty: from anywhere.
    pub networks: Vec<Network>,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub created_at: Timestamp,
    /// Until when it works; nothing: until it is revoked.
    pub expires_at: Option<Timestamp>,
    /// When it was used last, give or take [`USE_IS_STALE_AFTER`].
    pub used_at: Option<Timestamp>,
    /// From where.
    pub used_from: Option<String>,
}

/// A program that showed a key.
#[derive(Debug)]
pub struct ByKey {
    /// Who it is.
    pub actor: Actor,
    /// The key whose use should be written down ([`note_use`]).
    pub stale: Option<ApiKeyId>,
}

/// The actor of a token; nothing when it is unknown, revoked, expired, used from elsewhere or its
/// tenant may not use keys: which of these is nobody's business.
pub fn authenticate(
    tx: &Tx<'_>,
    token: &Secret,
    origin: Origin,
) -> Result<Option<ByKey>, ControlError> {
    let Some(found) = store::find_by_token(tx, token)? else {
        return Ok(None);
    };
    let key = found.key;
    let outside = |ip| !key.networks.iter().any(|network| network.contains(ip));
    let is_elsewhere = !key.networks.is_empty() && origin.address.is_none_or(outside);
    if is_elsewhere || key.expires_at.is_some_and(|end| end <= tx.now()) {
        return Ok(None);
    }
    let tenant = tenant_of(key.within);
    if let Some(tenant) = tenant {
        let terms = contracts::terms(tx, TenantScope { tenant })?;
        if !found.in_service || terms.require(Feature::ApiKeys).is_err() {
            return Ok(None);
        }
    }
    let mut rights = Rights::default();
    authenticate::grant(&mut rights, &key.permissions, key.within);
    let is_stale = key
        .used_at
        .is_none_or(|used| used <= tx.now().minus(USE_IS_STALE_AFTER));
    Ok(Some(ByKey {
        stale: is_stale.then_some(key.id),
        actor: Actor {
            principal: Principal::ApiKey {
                id: key.id,
                label: key.label,
                tenant,
            },
            impersonator: None,
            rights,
            address: origin.address,
            request: origin.request,
        },
    }))
}

/// Writes down that a key was used.
pub fn note_use(tx: &WriteTx<'_>, id: ApiKeyId, origin: Origin) -> Result<(), DbError> {
    tx.execute(
        "UPDATE api_key SET used_at = ?2, used_from = ?3 WHERE id = ?1",
        params![id, tx.now(), origin.address.map(|ip| ip.to_string())],
    )?;
    Ok(())
}

/// Keys of a tenant, or of the operator, in the order in which they were made.
///
/// # Errors
/// [`ControlError::NotFound`] for a tenant out of reach.
pub fn list(
    tx: &Tx<'_>,
    actor: &Actor,
    tenant: Option<TenantId>,
    page: KeyPage,
) -> Result<Keys, ControlError> {
    let limit = page.limit.clamp(1, MAX_PAGE);
    let mut items = if let Some(tenant) = tenant {
        crate::roles::see(actor, tenant)?;
        store::list_of_tenant(tx, tenant, page.after, limit)?
    } else {
        actor.on_platform(Permission::RolesRead)?;
        store::list_of_platform(tx, page.after, limit)?
    };
    let is_full = items.len() >= limit as usize;
    let next = items.last().filter(|_| is_full).map(|last| last.id);
    items.retain(|key| actor.rights.hold(Permission::RolesRead, key.within));
    Ok(Keys { items, next })
}

/// Which part of a list.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeyPage {
    /// After this key.
    pub after: Option<ApiKeyId>,
    /// At most so many, up to [`MAX_PAGE`].
    pub limit: u32,
}

/// One page of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// The keys.
    pub items: Vec<ApiKey>,
    /// The last one that was looked at, when others follow.
    pub next: Option<ApiKeyId>,
}

/// One key.
///
/// # Errors
/// [`ControlError::NotFound`].
pub fn show(tx: &Tx<'_>, actor: &Actor, id: ApiKeyId) -> Result<ApiKey, ControlError> {
    let found = store::load(tx, id)?.ok_or_else(unknown)?;
    if actor.rights.hold(Permission::RolesRead, found.within) {
        Ok(found)
    } else {
        Err(unknown())
    }
}

/// A key, held for the change that follows in this transaction.
///
/// # Errors
/// [`ControlError::NotFound`].
pub fn hold(tx: &WriteTx<'_>, actor: &Actor, id: ApiKeyId) -> Result<ApiKey, ControlError> {
    changeable(tx, actor, id)
}

/// Revokes a key: the next request with it is refused.
///
/// # Errors
/// [`ControlError::NotFound`].
pub fn revoke(tx: &WriteTx<'_>, actor: &Actor, id: ApiKeyId) -> Result<(), ControlError> {
    let key = changeable(tx, actor, id)?;
    tx.execute("DELETE FROM api_key WHERE id = ?1", params![id])?;
    actor.log(tx, act(&key, "api_key.revoke").before(logged(&key)))?;
    Ok(())
}

/// The key, for somebody who may change it.
fn changeable(tx: &WriteTx<'_>, actor: &Actor, id: ApiKeyId) -> Result<ApiKey, ControlError> {
    let key = store::lock(tx, id)?.ok_or_else(unknown)?;
    if !actor.rights.hold(Permission::RolesRead, key.within) {
        return Err(unknown());
    }
    if actor.rights.hold(Permission::ApiKeysWrite, key.within) {
        Ok(key)
    } else {
        Err(ControlError::Forbidden(Permission::ApiKeysWrite))
    }
}

fn tenant_of(within: Within) -> Option<TenantId> {
    match within {
        Within::Platform => None,
        Within::Tenant(tenant) | Within::Domain(tenant, _) => Some(tenant),
    }
}

fn unknown() -> ControlError {
    ControlError::NotFound { kind: "api_key" }
}

fn act(key: &ApiKey, action: &'static str) -> Act {
    let target = Target::new("api_key", key.id, &key.label);
    match tenant_of(key.within) {
        Some(tenant) => Act::in_tenant(tenant, action, target),
        None => Act::on_platform(action, target),
    }
}

fn logged(key: &ApiKey) -> serde_json::Value {
    let networks: Vec<String> = key.networks.iter().map(ToString::to_string).collect();
    serde_json::json!({
        "label": key.label,
        "permissions": key.permissions,
        "within": key.within,
        "networks": networks,
        "expires_at": key.expires_at,
    })
}

//! Changing what is decided per domain.

use hikyaku_db::{Tx, WriteTx};
use hikyaku_directory::domains::{self, Found, Subaddressing};
use hikyaku_types::{ByteSize, DomainId, Permission};
use serde_json::json;

use super::{gone, one, target};
use crate::{AccountRef, Act, Actor, ControlError, DomainRef, tenants::changed};

/// What to change of a domain; the inner `None` takes a value away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DomainPatch {
    /// The account that gets mail for unknown addresses (T-036).
    pub catch_all: Option<Option<AccountRef>>,
    /// Whether tags are split off.
    pub subaddressing: Option<Subaddressing>,
    /// The domain that it stands for.
    pub alias_of: Option<Option<DomainRef>>,
    /// The size of all its mailboxes: the operator's to set (T-041).
    pub mailbox_quota: Option<Option<ByteSize>>,
}

/// Changes a domain. `is_current` says whether it is still what the caller saw.
///
/// # Errors
/// [`ControlError::NotFound`], [`ControlError::Forbidden`], what `is_current` says, and what the
/// directory refuses.
pub fn change(
    tx: &WriteTx<'_>,
    actor: &Actor,
    domain: &DomainRef,
    patch: &DomainPatch,
    is_current: impl Fn(&Found) -> Result<(), ControlError>,
) -> Result<Found, ControlError> {
    let found = domain.find(tx, actor, Permission::DomainsWrite)?;
    let (scope, id) = (found.tenant, found.id);
    domains::lock(tx, scope, id).map_err(gone)?;
    let before = one(tx, scope, id)?;
    is_current(&before)?;
    if let Some(target) = &patch.alias_of {
        let target = match target {
            Some(target) => Some(alias_target(tx, actor, target)?),
            None => None,
        };
        domains::set_alias_of(tx, scope, id, target).map_err(gone)?;
    }
    if let Some(size) = patch.mailbox_quota {
        let operator = actor.on_platform(Permission::ContractsWrite)?;
        domains::set_tier(tx, operator, scope, id, size)?;
    }
    if let Some(subaddressing) = patch.subaddressing {
        domains::set_subaddressing(tx, scope, &found.name, subaddressing)?;
    }
    if let Some(account) = &patch.catch_all {
        let account = match account {
            Some(account) => Some(account.find(tx, actor, Permission::AccountsRead)?.scope),
            None => None,
        };
        domains::set_catch_all(tx, scope, &found.name, account)?;
    }
    let after = one(tx, scope, id)?;
    let (old, new) = changed(&summary(&before), &summary(&after));
    let act = Act::in_tenant(scope.tenant, "domain.change", target(&after.domain));
    actor.log(tx, act.before(old).after(new))?;
    Ok(after)
}

fn alias_target(tx: &Tx<'_>, actor: &Actor, target: &DomainRef) -> Result<DomainId, ControlError> {
    Ok(target.find(tx, actor, Permission::DomainsWrite)?.id)
}

fn summary(found: &Found) -> serde_json::Value {
    let domain = &found.domain;
    json!({
        "catch_all": found.catch_all,
        "subaddressing": domain.subaddressing == Subaddressing::On,
        "alias_of": found.alias_of,
        "mailbox_quota_bytes": domain.mailbox_quota,
    })
}

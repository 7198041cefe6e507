//! Aliases (AD-07, T-034, T-035, F-53).

use hikyaku_db::{Tx, WriteTx};
use hikyaku_directory::{
    DirectoryError, PlatformScope,
    addresses::targets::{self, Alias, AliasList, AliasSettings, AliasState, MaySend, Target},
    domains,
};
use hikyaku_oplog::Target as LogTarget;
use hikyaku_types::{EmailAddress, Permission, Timestamp};

use crate::{AccountRef, Act, Actor, Area, ControlError, DomainRef};

/// One account that is to get the mail of an alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTarget {
    /// The account.
    pub account: AccountRef,
    /// Whether it may send as the alias.
    pub may_send: MaySend,
}

/// What is said of an alias; what is `None` stays, or gets its default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AliasForm {
    /// The accounts that get its mail.
    pub targets: Option<Vec<NewTarget>>,
    /// Whether it works.
    pub state: Option<AliasState>,
    /// From when on it does not work any more; `Some(None)`: never.
    pub expires_at: Option<Option<Timestamp>>,
    /// A note for administrators.
    pub note: Option<String>,
}

/// Creates an alias.
///
/// # Errors
/// [`ControlError::NotFound`] or [`ControlError::Forbidden`] for its domain,
/// [`ControlError::Invalid`] for a target out of reach; of the directory: the address is taken
/// (T-035).
pub fn create(
    tx: &WriteTx<'_>,
    actor: &Actor,
    address: &EmailAddress,
    form: &AliasForm,
) -> Result<Alias, ControlError> {
    let unknown = || DirectoryError::NoSuchDomain(address.domain().clone());
    let domain = domains::find(tx, PlatformScope::operator(), address.domain())?;
    let (permission, tenant) = (Permission::AccountsWrite, domain.tenant);
    actor
        .in_domain(permission, tenant.tenant, domain.id, "domain")
        .map_err(|error| match error {
            ControlError::NotFound { .. } | ControlError::NoSuch { .. } => unknown().into(),
            other => other,
        })?;
    let settings = laid_over(tx, actor, form, AliasSettings::default())?;
    in_the_future(tx, &settings)?;
    let targets = &settings.targets;
    // Only an actor of the platform can see both tenants.
    if targets.iter().any(|t| t.scope.tenant != tenant.tenant) {
        return Err(DirectoryError::DomainNotOfTenant(address.domain().clone()).into());
    }
    targets::create(tx, tenant, address, &settings)?;
    let made = targets::find(tx, tenant, address)?;
    actor.log(tx, act(&made, "alias.create").after(shown(&made)))?;
    Ok(made)
}

/// One alias.
///
/// # Errors
/// [`DirectoryError::NoSuchAlias`] when there is none within the actor's reach.
pub fn show(tx: &Tx<'_>, actor: &Actor, address: &EmailAddress) -> Result<Alias, ControlError> {
    find(tx, actor, address, Permission::AccountsRead)
}

/// Changes an alias. `stale` looks at what is there and refuses when it is not what the caller saw.
///
/// # Errors
/// As [`create`]; [`DirectoryError::NoSuchAlias`].
pub fn change(
    tx: &WriteTx<'_>,
    actor: &Actor,
    (address, form): (&EmailAddress, &AliasForm),
    stale: impl Fn(&Alias) -> Result<(), ControlError>,
) -> Result<Alias, ControlError> {
    let before = find(tx, actor, address, Permission::AccountsWrite)?;
    targets::lock(tx, before.id)?;
    let before = targets::find(tx, before.tenant, address)?;
    stale(&before)?;
    let kept = AliasSettings {
        targets: before.targets.iter().map(|shown| shown.target).collect(),
        state: before.state,
        expires_at: before.expires_at,
        note: before.note.clone(),
    };
    let settings = laid_over(tx, actor, form, kept)?;
    if form.expires_at.is_some() {
        in_the_future(tx, &settings)?;
    }
    targets::change(tx, before.tenant, address, &settings)?;
    let after = targets::find(tx, before.tenant, address)?;
    let act = act(&after, "alias.change");
    actor.log(tx, act.before(shown(&before)).after(shown(&after)))?;
    Ok(after)
}

/// Deletes an alias. `stale` as for [`change`].
///
/// # Errors
/// [`DirectoryError::NoSuchAlias`], [`ControlError::Forbidden`].
pub fn delete(
    tx: &WriteTx<'_>,
    actor: &Actor,
    address: &EmailAddress,
    stale: impl Fn(&Alias) -> Result<(), ControlError>,
) -> Result<(), ControlError> {
    let before = find(tx, actor, address, Permission::AccountsWrite)?;
    targets::lock(tx, before.id)?;
    stale(&before)?;
    hikyaku_directory::addresses::delete_alias(tx, before.tenant, address)?;
    actor.log(tx, act(&before, "alias.delete").before(shown(&before)))?;
    Ok(())
}

/// Which aliases to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AliasFilter {
    /// Only in this domain.
    pub domain: Option<DomainRef>,
    /// Only of this account.
    pub account: Option<AccountRef>,
}

/// Up to `limit` aliases that the actor may see, by address, behind `after`.
///
/// # Errors
/// [`ControlError::NotFound`], [`ControlError::Forbidden`].
pub fn list(
    tx: &Tx<'_>,
    actor: &Actor,
    filter: &AliasFilter,
    (after, limit): (Option<&EmailAddress>, u32),
) -> Result<Vec<Alias>, ControlError> {
    let permission = Permission::AccountsRead;
    let area = actor.area(permission)?;
    let account = match &filter.account {
        Some(which) => Some(which.find(tx, actor, permission)?.scope),
        None => None,
    };
    let mut wanted = AliasList {
        account,
        after,
        limit,
        ..AliasList::default()
    };
    if let Some(which) = &filter.domain {
        let domain = which.find(tx, actor, permission)?;
        let domains = [domain.id];
        wanted.domains = &domains;
        return Ok(targets::page(tx, domain.tenant, wanted)?);
    }
    Ok(match &area {
        Area::Platform(scope) => targets::page(tx, *scope, wanted)?,
        Area::Tenant(scope) => targets::page(tx, *scope, wanted)?,
        Area::Domains(scope, domains) => {
            wanted.domains = domains;
            targets::page(tx, *scope, wanted)?
        }
    })
}

/// An alias for an actor with that permission in its domain.
fn find(
    tx: &Tx<'_>,
    actor: &Actor,
    address: &EmailAddress,
    permission: Permission,
) -> Result<Alias, ControlError> {
    let found = targets::find(tx, PlatformScope::operator(), address)?;
    actor
        .in_domain(permission, found.tenant.tenant, found.domain, "alias")
        .map_err(|error| match error {
            ControlError::NotFound { .. } | ControlError::NoSuch { .. } => {
                DirectoryError::NoSuchAlias(address.clone()).into()
            }
            other => other,
        })?;
    Ok(found)
}

fn laid_over(
    tx: &Tx<'_>,
    actor: &Actor,
    form: &AliasForm,
    mut settings: AliasSettings,
) -> Result<AliasSettings, ControlError> {
    if let Some(targets) = &form.targets {
        settings.targets = targets
            .iter()
            .map(|target| to(tx, actor, target))
            .collect::<Result<_, _>>()?;
    }
    settings.state = form.state.unwrap_or(settings.state);
    settings.expires_at = form.expires_at.unwrap_or(settings.expires_at);
    if let Some(note) = &form.note {
        settings.note.clone_from(note);
    }
    Ok(settings)
}

/// A target that is not within reach is told as the address of nobody.
fn to(tx: &Tx<'_>, actor: &Actor, target: &NewTarget) -> Result<Target, ControlError> {
    match target.account.find(tx, actor, Permission::AccountsWrite) {
        Ok(account) => Ok(Target {
            scope: account.scope,
            may_send: target.may_send,
        }),
        Err(ControlError::NotFound { .. } | ControlError::NoSuch { .. }) => {
            let text = target.account.to_string();
            Err(match text.parse() {
                Ok(address) => DirectoryError::AliasTargetUnknown(address).into(),
                Err(_) => ControlError::invalid("targets", format!("there is no account {text}")),
            })
        }
        Err(error) => Err(error),
    }
}

fn in_the_future(tx: &Tx<'_>, settings: &AliasSettings) -> Result<(), ControlError> {
    match settings.expires_at {
        Some(end) if end <= tx.now() => Err(ControlError::invalid(
            "expires_at",
            "is in the past: switch the alias off or delete it",
        )),
        _ => Ok(()),
    }
}

fn act(alias: &Alias, action: &'static str) -> Act {
    let target = LogTarget::new("alias", alias.id, alias.address.to_string());
    Act::in_tenant(alias.tenant.tenant, action, target)
}

fn shown(alias: &Alias) -> serde_json::Value {
    let targets: Vec<_> = alias
        .targets
        .iter()
        .map(|shown| {
            serde_json::json!({
                "account": shown.address.to_string(),
                "may_send": shown.target.may_send == MaySend::Yes,
            })
        })
        .collect();
    serde_json::json!({
        "address": alias.address.to_string(),
        "targets": targets,
        "enabled": alias.state == AliasState::Enabled,
        "expires_at": alias.expires_at.map(|at| at.0),
        "note": alias.note,
    })
}

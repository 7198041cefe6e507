//! Templates of accounts (AD-04). A template is a tenant's: whoever changes one needs the
//! permission in the whole of it.

use hikyaku_db::{Tx, WriteTx};
use hikyaku_directory::{
    TenantScope,
    templates::{self, Template, TemplateSettings},
};
use hikyaku_oplog::Target;
use hikyaku_types::{Permission, TenantId};

use crate::{Act, Actor, ControlError, Principal, TenantRef};

/// The tenant whose templates are meant: the one that is named, else the actor's own.
///
/// # Errors
/// [`ControlError::Invalid`] for an actor of the platform that names none; as [`TenantRef::find`].
pub fn tenant(
    tx: &Tx<'_>,
    actor: &Actor,
    named: Option<&TenantRef>,
    permission: Permission,
) -> Result<TenantScope, ControlError> {
    let own: Option<TenantId> = match &actor.principal {
        Principal::Account { scope, .. } => Some(scope.tenant),
        Principal::ApiKey { tenant, .. } => *tenant,
        _ => None,
    };
    match (named, own) {
        (Some(which), _) => Ok(which.find(tx, actor, permission)?.scope),
        (None, Some(tenant)) => actor.in_tenant(permission, tenant),
        (None, None) => Err(ControlError::invalid(
            "tenant",
            "is missing: templates belong to a tenant",
        )),
    }
}

/// The templates of a tenant, `standard` first.
///
/// # Errors
/// As [`tenant`].
pub fn list(
    tx: &Tx<'_>,
    actor: &Actor,
    named: Option<&TenantRef>,
) -> Result<Vec<Template>, ControlError> {
    let tenant = tenant(tx, actor, named, Permission::AccountsRead)?;
    Ok(templates::list(tx, tenant)?)
}

/// One template, by id or name.
///
/// # Errors
/// As [`tenant`]; of the directory: there is no such template.
pub fn show(
    tx: &Tx<'_>,
    actor: &Actor,
    named: Option<&TenantRef>,
    which: &str,
) -> Result<Template, ControlError> {
    let tenant = tenant(tx, actor, named, Permission::AccountsRead)?;
    Ok(templates::find(tx, tenant, which)?)
}

/// Creates a template.
///
/// # Errors
/// As [`tenant`]; of the directory: the name is taken, a field is invalid.
pub fn create(
    tx: &WriteTx<'_>,
    actor: &Actor,
    named: Option<&TenantRef>,
    (name, settings): (&str, &TemplateSettings),
) -> Result<Template, ControlError> {
    let tenant = tenant(tx, actor, named, Permission::AccountsWrite)?;
    let id = templates::create(tx, tenant, name, settings)?;
    let made = templates::find(tx, tenant, &id.to_string())?;
    let act = act(tenant, &made, "template.create");
    actor.log(tx, act.after(&made.settings))?;
    Ok(made)
}

/// Changes a template. `change` makes the new name and settings of what is there; it also refuses
/// when that is not what the caller saw.
///
/// # Errors
/// As [`create`], and what `change` answers.
pub fn change(
    tx: &WriteTx<'_>,
    actor: &Actor,
    (named, which): (Option<&TenantRef>, &str),
    change: impl Fn(&Template) -> Result<(Option<String>, TemplateSettings), ControlError>,
) -> Result<Template, ControlError> {
    let tenant = tenant(tx, actor, named, Permission::AccountsWrite)?;
    templates::lock(tx, tenant)?;
    let before = templates::find(tx, tenant, which)?;
    let (name, settings) = change(&before)?;
    let id = templates::change(tx, tenant, which, (name.as_deref(), Some(&settings)))?;
    let after = templates::find(tx, tenant, &id.to_string())?;
    let act = act(tenant, &after, "template.change");
    actor.log(tx, act.before(&before.settings).after(&after.settings))?;
    Ok(after)
}

/// Deletes a template. `stale` refuses when it is not what the caller saw.
///
/// # Errors
/// As [`tenant`]; of the directory: there is no such template, it is built in.
pub fn delete(
    tx: &WriteTx<'_>,
    actor: &Actor,
    (named, which): (Option<&TenantRef>, &str),
    stale: impl Fn(&Template) -> Result<(), ControlError>,
) -> Result<Template, ControlError> {
    let tenant = tenant(tx, actor, named, Permission::AccountsWrite)?;
    templates::lock(tx, tenant)?;
    stale(&templates::find(tx, tenant, which)?)?;
    let gone = templates::delete(tx, tenant, which)?;
    let act = act(tenant, &gone, "template.delete");
    actor.log(tx, act.before(&gone.settings))?;
    Ok(gone)
}

fn act(tenant: TenantScope, template: &Template, action: &'static str) -> Act {
    let id = template.id.map(|id| id.to_string()).unwrap_or_default();
    Act::in_tenant(
        tenant.tenant,
        action,
        Target::new("template", id, &template.name),
    )
}

//! Defining, changing and deleting roles.

use hikyaku_db::{Value, WriteTx, params};
use hikyaku_directory::MAX_NAME_CHARS;
use hikyaku_oplog::Target;
use hikyaku_types::{Permission, RoleId, TenantId};
use serde_json::json;
use unicode_normalization::UnicodeNormalization;

use super::{PLATFORM_ONLY, Role, joined, must_have, store, unknown};
use crate::{Act, Actor, ControlError, Within};

/// Roles that one tenant, or the operator, defines at most: a choice that people can still read.
pub const MAX_ROLES: u32 = 100;
/// Characters of a note at most.
pub(crate) const MAX_NOTE_CHARS: usize = 500;

/// A role to define.
#[derive(Debug, Clone)]
pub struct NewRole {
    /// For which tenant; nothing for the operator's own people.
    pub tenant: Option<TenantId>,
    /// Its name, unique in the tenant.
    pub name: String,
    /// What it is for.
    pub note: String,
    /// What it allows.
    pub permissions: Vec<Permission>,
}

/// What to change of a role.
#[derive(Debug, Clone, Default)]
pub struct RoleChange {
    /// Its name.
    pub name: Option<String>,
    /// What it is for.
    pub note: Option<String>,
    /// What it allows: all of it, not what is added.
    pub permissions: Option<Vec<Permission>>,
}

/// Defines a role.
///
/// # Errors
/// [`ControlError::Forbidden`] for a permission that the actor has not; conflicts `role_exists`,
/// `too_many_roles`.
pub fn create(tx: &WriteTx<'_>, actor: &Actor, new: &NewRole) -> Result<Role, ControlError> {
    let within = place(actor, new.tenant)?;
    let name = valid_name(&new.name)?;
    let note = valid_note(&new.note)?;
    check(actor, &new.permissions, within)?;
    lock_tenant(tx, new.tenant)?;
    if store::list(tx, new.tenant)?.len() >= MAX_ROLES as usize {
        let detail = format!("there are {MAX_ROLES} roles already: delete one first");
        return Err(ControlError::conflict("too_many_roles", detail));
    }
    let id: RoleId = tx.new_id();
    let inserted = tx.execute(
        "INSERT INTO role (id, tenant_id, name, canonical, note, permissions, created_at,
             updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7) ON CONFLICT DO NOTHING",
        params![
            id,
            Value::from(new.tenant),
            &name,
            folded(&name),
            &note,
            joined(&new.permissions),
            tx.now()
        ],
    )?;
    if inserted == 0 {
        return Err(exists(&name));
    }
    let role = store::load(tx, id)?.ok_or_else(unknown)?;
    let act = act(&role, "role.create");
    actor.log(tx, act.after(logged(&role)))?;
    Ok(role)
}

/// Changes a role. Whoever has it has what it allows from the next request on.
///
/// # Errors
/// As [`create`]; [`ControlError::NotFound`].
pub fn change(
    tx: &WriteTx<'_>,
    actor: &Actor,
    id: RoleId,
    change: &RoleChange,
) -> Result<Role, ControlError> {
    let before = lock_for(tx, actor, id)?;
    let within = place(actor, before.tenant)?;
    let mut after = before.clone();
    if let Some(name) = &change.name {
        after.name = valid_name(name)?;
    }
    if let Some(note) = &change.note {
        after.note = valid_note(note)?;
    }
    if let Some(permissions) = &change.permissions {
        check(actor, permissions, within)?;
        after.permissions = super::words(&joined(permissions));
    }
    if after == before {
        return Ok(before);
    }
    let twin = tx.query_opt(
        "SELECT id FROM role WHERE canonical = ?1 AND id <> ?2
         AND (tenant_id = ?3 OR (tenant_id IS NULL AND ?3 = 0)) LIMIT 1",
        params![folded(&after.name), id, tenant_or_0(before.tenant)],
        |row| row.get::<RoleId>(0),
    )?;
    if twin.is_some() {
        return Err(exists(&after.name));
    }
    tx.execute(
        "UPDATE role SET name = ?2, canonical = ?3, note = ?4, permissions = ?5, updated_at = ?6
         WHERE id = ?1",
        params![
            id,
            &after.name,
            folded(&after.name),
            &after.note,
            joined(&after.permissions),
            tx.now()
        ],
    )?;
    after.updated_at = Some(tx.now());
    let act = act(&after, "role.change");
    actor.log(tx, act.before(logged(&before)).after(logged(&after)))?;
    Ok(after)
}

/// Deletes a role that nobody has.
///
/// # Errors
/// [`ControlError::NotFound`]; the conflict `role_in_use`.
pub fn delete(tx: &WriteTx<'_>, actor: &Actor, id: RoleId) -> Result<(), ControlError> {
    let role = lock_for(tx, actor, id)?;
    let used: i64 = tx.query_one(
        "SELECT COUNT(*) FROM role_grant WHERE role_id = ?1",
        params![id],
        |row| row.get(0),
    )?;
    if used > 0 {
        let detail = format!("{used} grants give this role: take them back first");
        return Err(ControlError::conflict("role_in_use", detail));
    }
    tx.execute("DELETE FROM role WHERE id = ?1", params![id])?;
    let act = act(&role, "role.delete");
    actor.log(tx, act.before(logged(&role)))?;
    Ok(())
}

/// The role, for somebody who may change it: who may define roles there, and has all of it.
fn lock_for(tx: &WriteTx<'_>, actor: &Actor, id: RoleId) -> Result<Role, ControlError> {
    let hidden = super::show(tx, actor, &id.to_string())?;
    lock_tenant(tx, hidden.tenant)?;
    let role = store::lock(tx, id)?.ok_or_else(unknown)?;
    let within = place(actor, role.tenant)?;
    must_have(actor, &role.permissions, within)?;
    Ok(role)
}

/// Where a role is defined, for somebody who may define roles there.
fn place(actor: &Actor, tenant: Option<TenantId>) -> Result<Within, ControlError> {
    if let Some(tenant) = tenant {
        actor.in_tenant(Permission::RolesWrite, tenant)?;
        Ok(Within::Tenant(tenant))
    } else {
        actor.on_platform(Permission::RolesWrite)?;
        Ok(Within::Platform)
    }
}

fn check(actor: &Actor, permissions: &[Permission], within: Within) -> Result<(), ControlError> {
    if permissions.is_empty() {
        let detail = "a role allows something: name at least one permission";
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

/// One at a time decides about the roles and grants of a tenant, until commit.
///
/// # Errors
/// [`ControlError::NotFound`] for a tenant that is gone.
pub fn lock_tenant(tx: &WriteTx<'_>, tenant: Option<TenantId>) -> Result<(), ControlError> {
    let Some(tenant) = tenant else {
        return Ok(());
    };
    tx.query_opt(
        "SELECT id FROM tenant WHERE id = ?1 FOR NO KEY UPDATE",
        params![tenant],
        |_| Ok(()),
    )?
    .ok_or(ControlError::NotFound { kind: "tenant" })
}

fn tenant_or_0(tenant: Option<TenantId>) -> i64 {
    use hikyaku_types::Id as _;
    tenant.map_or(0, TenantId::to_i64)
}

fn valid_name(text: &str) -> Result<String, ControlError> {
    let name: String = text.trim().nfc().collect();
    if name.is_empty() || name.chars().any(char::is_control) {
        let detail = "a name has at least one character, and no control characters";
        return Err(ControlError::invalid("name", detail));
    }
    if name.chars().count() > MAX_NAME_CHARS {
        let detail = format!("a name has at most {MAX_NAME_CHARS} characters");
        return Err(ControlError::invalid("name", detail));
    }
    Ok(name)
}

pub(crate) fn valid_note(text: &str) -> Result<String, ControlError> {
    let note = text.trim();
    if note.chars().count() > MAX_NOTE_CHARS || note.contains('\0') {
        let detail = format!("a note has at most {MAX_NOTE_CHARS} characters, none of them NUL");
        return Err(ControlError::invalid("note", detail));
    }
    Ok(note.to_owned())
}

fn folded(name: &str) -> String {
    name.nfkc().flat_map(char::to_lowercase).collect()
}

fn exists(name: &str) -> ControlError {
    let detail = format!("there is a role named \"{name}\" already");
    ControlError::conflict("role_exists", detail)
}

fn act(role: &Role, action: &'static str) -> Act {
    let target = Target::new("role", &role.role, &role.name);
    match role.tenant {
        Some(tenant) => Act::in_tenant(tenant, action, target),
        None => Act::on_platform(action, target),
    }
}

fn logged(role: &Role) -> serde_json::Value {
    json!({ "name": role.name, "note": role.note, "permissions": role.permissions })
}

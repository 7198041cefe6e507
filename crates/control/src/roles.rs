//! Roles: sets of permissions with a name (T-006, AD-26, OP-19). Some are part of the program,
//! others are defined by a tenant's administrators or by the operator for the own people.
//!
//! Invariant: nobody defines, changes or deletes a role that allows what they may not do there.

mod built_in;
mod change;
mod store;

use hikyaku_db::Tx;
use hikyaku_types::{Permission, RoleId, TenantId, Timestamp};
use serde::Serialize;

pub use built_in::{
    BUILT_IN, BuiltIn, COMPANY_ADMINISTRATOR, Level, MAX_ARCHIVE_MAIN, MAX_ARCHIVE_SUB,
    PLATFORM_ONLY, built_in,
};
pub use change::lock_tenant as hold;
pub use change::{MAX_ROLES, NewRole, RoleChange, change, create, delete};
pub(crate) use change::{lock_tenant, valid_note};
pub(crate) use store::{find_in, joined, words};

use crate::{Actor, ControlError, TenantRef, Within};

/// One role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Role {
    /// What it is called in requests: the word of a built-in one, or its id.
    pub role: String,
    /// Its name; of a built-in one in English.
    pub name: String,
    /// The Japanese name of a built-in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_ja: Option<String>,
    /// Whether it is part of the program and cannot be changed.
    pub built_in: bool,
    /// The tenant that defined it; nothing for built-in ones and those of the operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantId>,
    /// Whether it is for the operator's own people.
    pub platform: bool,
    /// What it is for.
    pub note: String,
    /// What it allows.
    pub permissions: Vec<Permission>,
    /// How many can have it in one tenant or domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<u32>,
    /// When somebody changed it last; nothing for built-in ones.
    #[serde(skip)]
    pub updated_at: Option<Timestamp>,
}

impl Role {
    fn of_built_in(role: &BuiltIn) -> Self {
        Self {
            role: role.word.to_owned(),
            name: role.en.to_owned(),
            name_ja: Some(role.ja.to_owned()),
            built_in: true,
            tenant: None,
            platform: role.level == Level::Platform,
            note: String::new(),
            permissions: role.permissions.to_vec(),
            most: role.most,
            updated_at: None,
        }
    }
}

/// The roles that can be given in a tenant, or without one on the platform: first the built-in
/// ones, then the others by name.
///
/// # Errors
/// [`ControlError::NotFound`] for a tenant out of reach.
pub fn list(
    tx: &Tx<'_>,
    actor: &Actor,
    tenant: Option<TenantId>,
) -> Result<Vec<Role>, ControlError> {
    let level = if let Some(tenant) = tenant {
        see(actor, tenant)?;
        Level::Tenant
    } else {
        actor.on_platform(Permission::RolesRead)?;
        Level::Platform
    };
    let built_in = BUILT_IN.iter().filter(|role| role.level == level);
    let mut roles: Vec<Role> = built_in.map(Role::of_built_in).collect();
    roles.extend(store::list(tx, tenant)?);
    Ok(roles)
}

/// One role, by its word or id.
///
/// # Errors
/// [`ControlError::NotFound`].
pub fn show(tx: &Tx<'_>, actor: &Actor, role: &str) -> Result<Role, ControlError> {
    if let Some(found) = built_in(role) {
        actor.area(Permission::RolesRead)?;
        return Ok(Role::of_built_in(found));
    }
    let id: RoleId = role.parse().map_err(|_| unknown())?;
    let found = store::load(tx, id)?.ok_or_else(unknown)?;
    match found.tenant {
        Some(tenant) => {
            if !actor.rights.know_tenant(tenant) {
                return Err(unknown());
            }
            see(actor, tenant)?;
        }
        None => {
            actor
                .on_platform(Permission::RolesRead)
                .map_err(|_| unknown())?;
        }
    }
    Ok(found)
}

/// Of whom something is to be listed: the named tenant; without a name the whole platform for
/// somebody who has the permission on it, and the own tenant for everybody else.
///
/// # Errors
/// [`ControlError::NotFound`] for a tenant out of reach.
pub fn whose(
    tx: &Tx<'_>,
    actor: &Actor,
    tenant: Option<&TenantRef>,
    permission: Permission,
) -> Result<Option<TenantId>, ControlError> {
    match tenant {
        Some(named) => Ok(Some(named.find(tx, actor, permission)?.scope.tenant)),
        None if actor.rights.on_platform(permission) => Ok(None),
        None => match (actor.area(permission)?, actor.home()) {
            (_, Some(home)) => Ok(Some(home)),
            (_, None) => Err(ControlError::Forbidden(permission)),
        },
    }
}

/// Whoever may see roles in a part of a tenant sees which there are in it.
pub(crate) fn see(actor: &Actor, tenant: TenantId) -> Result<(), ControlError> {
    if !actor.rights.know_tenant(tenant) {
        return Err(ControlError::NotFound { kind: "tenant" });
    }
    let mut places = actor.rights.iter();
    let sees = places.any(|(permission, places)| {
        permission == Permission::RolesRead
            && places.iter().any(|place| match place {
                Within::Platform => true,
                Within::Tenant(of) | Within::Domain(of, _) => *of == tenant,
            })
    });
    if sees {
        Ok(())
    } else {
        Err(ControlError::Forbidden(Permission::RolesRead))
    }
}

/// Nobody gives what they do not have.
///
/// # Errors
/// [`ControlError::Forbidden`] with the first permission that the actor lacks there.
pub(crate) fn must_have(
    actor: &Actor,
    permissions: &[Permission],
    within: Within,
) -> Result<(), ControlError> {
    let mut wanted = permissions.iter();
    match wanted.find(|permission| !actor.rights.hold(**permission, within)) {
        Some(lacking) => Err(ControlError::Forbidden(*lacking)),
        None => Ok(()),
    }
}

pub(crate) fn unknown() -> ControlError {
    ControlError::NotFound { kind: "role" }
}

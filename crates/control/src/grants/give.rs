//! Giving and taking roles.

use hikyaku_db::{WriteTx, params};
use hikyaku_directory::AccountScope;
use hikyaku_oplog::Target;
use hikyaku_types::{GrantId, Permission, RoleId, TenantId, Timestamp};
use serde_json::json;

use super::{Grant, RECOMMENDED_ADMINISTRATORS, last, must_not_be_last, store, unknown};
use crate::{
    Act, Actor, ControlError, Within, authenticate,
    roles::{
        self, COMPANY_ADMINISTRATOR, Level, MAX_ARCHIVE_MAIN, MAX_ARCHIVE_SUB, built_in,
        lock_tenant, must_have, valid_note,
    },
};

/// A role to give.
#[derive(Debug, Clone)]
pub struct NewGrant {
    /// To whom: an account that the actor sees.
    pub account: AccountScope,
    /// The word or id of the role.
    pub role: String,
    /// Where it is to hold.
    pub within: Within,
    /// Until when; nothing: for ever.
    pub expires_at: Option<Timestamp>,
    /// Why.
    pub note: String,
}

/// What is worth knowing about a grant that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// The tenant has fewer company administrators than it should.
    FewAdministrators,
}

/// A grant that was made.
#[derive(Debug, Clone)]
pub struct Given {
    /// The grant.
    pub grant: Grant,
    /// What is worth knowing.
    pub warnings: Vec<Warning>,
}

/// A role as it is given.
struct Role {
    id: Option<RoleId>,
    permissions: Vec<Permission>,
    most: Option<u32>,
}

/// Gives a role, or changes end and note of one that the account has there already.
///
/// # Errors
/// [`ControlError::Forbidden`] with a permission that the actor lacks there;
/// [`ControlError::NotFound`] for an account, domain or role out of reach; the conflicts
/// `role_limit` and `last_administrator`.
pub fn give(tx: &WriteTx<'_>, actor: &Actor, new: &NewGrant) -> Result<Given, ControlError> {
    see_account(tx, actor, new.account)?;
    match new.within {
        Within::Platform => actor.on_platform(Permission::RolesWrite).map(drop)?,
        Within::Tenant(tenant) => actor.in_tenant(Permission::RolesWrite, tenant).map(drop)?,
        Within::Domain(tenant, domain) => {
            let wanted = Permission::RolesWrite;
            actor
                .in_domain(wanted, tenant, domain, "domain")
                .map(drop)?;
        }
    }
    lock_tenant(tx, Some(new.account.tenant))?;
    let role = find_role(tx, new)?;
    must_have(actor, &role.permissions, new.within)?;
    write(tx, actor, new, &role)
}

/// Makes an account the first company administrator of its tenant: who may create tenants may do
/// this without having the role.
///
/// # Errors
/// The conflict `has_administrator` when there is one.
pub fn appoint_first(
    tx: &WriteTx<'_>,
    actor: &Actor,
    account: AccountScope,
) -> Result<Given, ControlError> {
    actor.on_platform(Permission::ContractsWrite)?;
    lock_tenant(tx, Some(account.tenant))?;
    if last::count(tx, account.tenant)? > 0 {
        return Err(ControlError::conflict(
            "has_administrator",
            "the tenant has a company administrator, who appoints the others",
        ));
    }
    let new = NewGrant {
        account,
        role: COMPANY_ADMINISTRATOR.to_owned(),
        within: Within::Tenant(account.tenant),
        expires_at: None,
        note: String::new(),
    };
    let role = find_role(tx, &new)?;
    write(tx, actor, &new, &role)
}

fn write(
    tx: &WriteTx<'_>,
    actor: &Actor,
    new: &NewGrant,
    role: &Role,
) -> Result<Given, ControlError> {
    let note = valid_note(&new.note)?;
    if new.expires_at.is_some_and(|end| end <= tx.now()) {
        let detail = "the end lies in the past: name a later one, or none";
        return Err(ControlError::invalid("expires_at", detail));
    }
    if is_administrator(&new.role, new.within) && new.expires_at.is_some() {
        must_not_be_last(tx, new.account)?;
    }
    must_have_room(tx, new, role)?;
    let id: GrantId = tx.new_id();
    let (place, domain) = match new.within {
        Within::Platform => ("platform".to_owned(), None),
        Within::Tenant(_) => ("tenant".to_owned(), None),
        Within::Domain(_, domain) => (domain.to_string(), Some(domain)),
    };
    let id: GrantId = tx.query_one(
        "INSERT INTO role_grant (id, tenant_id, account_id, role, role_id, place, domain_id,
             expires_at, note, granted_by, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
         ON CONFLICT (account_id, role, place) DO UPDATE
             SET expires_at = excluded.expires_at, note = excluded.note,
                 granted_by = excluded.granted_by
         RETURNING id",
        params![
            id,
            new.account.tenant,
            new.account.account,
            &new.role,
            role.id,
            &place,
            domain,
            new.expires_at,
            &note,
            actor.principal.logged().name,
            tx.now()
        ],
        |row| row.get(0),
    )?;
    let grant = store::load(tx, id)?.ok_or_else(unknown)?;
    let warnings = warnings(tx, &grant)?;
    actor.log(tx, act(&grant, "role.give").after(logged(&grant)))?;
    Ok(Given { grant, warnings })
}

/// Takes a role back, and tells what is worth knowing afterwards.
///
/// # Errors
/// [`ControlError::NotFound`]; [`ControlError::Forbidden`] with a permission of the role that the
/// actor lacks there; the conflict `last_administrator`.
pub fn take(tx: &WriteTx<'_>, actor: &Actor, id: GrantId) -> Result<Vec<Warning>, ControlError> {
    let seen = super::show(tx, actor, id)?;
    lock_tenant(tx, Some(seen.account.tenant))?;
    let grant = store::load(tx, id)?.ok_or_else(unknown)?;
    if !actor.rights.hold(Permission::RolesWrite, grant.within) {
        return Err(ControlError::Forbidden(Permission::RolesWrite));
    }
    must_have(actor, &permissions_of(tx, &grant)?, grant.within)?;
    if is_administrator(&grant.role, grant.within) {
        must_not_be_last(tx, grant.account)?;
    }
    tx.execute("DELETE FROM role_grant WHERE id = ?1", params![id])?;
    let warnings = warnings(tx, &grant)?;
    actor.log(tx, act(&grant, "role.take").before(logged(&grant)))?;
    Ok(warnings)
}

/// An account that the actor does not see is not there.
fn see_account(tx: &WriteTx<'_>, actor: &Actor, of: AccountScope) -> Result<(), ControlError> {
    let found = authenticate::living_address_of(tx, of.tenant, of.account)?;
    let (_, domain) = found.ok_or(ControlError::NotFound { kind: "account" })?;
    let wanted = Permission::AccountsRead;
    actor
        .in_domain(wanted, of.tenant, domain, "account")
        .map(drop)
}

fn find_role(tx: &WriteTx<'_>, new: &NewGrant) -> Result<Role, ControlError> {
    let on_platform = new.within == Within::Platform;
    match new.within {
        Within::Platform => {}
        Within::Tenant(tenant) | Within::Domain(tenant, _) if tenant == new.account.tenant => {}
        _ => return Err(ControlError::NotFound { kind: "account" }),
    }
    must_be_domain_of(tx, new)?;
    if let Some(role) = built_in(&new.role) {
        if (role.level == Level::Platform) != on_platform {
            let detail = match role.level {
                Level::Platform => "this role is for the whole platform",
                Level::Tenant => "this role is for a tenant or a domain",
            };
            return Err(ControlError::invalid("scope", detail));
        }
        return Ok(Role {
            id: None,
            permissions: role.permissions.to_vec(),
            most: role.most,
        });
    }
    let id: RoleId = new.role.parse().map_err(|_| roles::unknown())?;
    let tenant = (!on_platform).then_some(new.account.tenant);
    let role = roles::find_in(tx, tenant, id)?.ok_or_else(roles::unknown)?;
    Ok(Role {
        id: Some(id),
        permissions: role.permissions,
        most: None,
    })
}

fn must_be_domain_of(tx: &WriteTx<'_>, new: &NewGrant) -> Result<(), ControlError> {
    let Within::Domain(tenant, domain) = new.within else {
        return Ok(());
    };
    tx.query_opt(
        "SELECT id FROM domain WHERE tenant_id = ?1 AND id = ?2",
        params![tenant, domain],
        |_| Ok(()),
    )?
    .ok_or(ControlError::NotFound { kind: "domain" })
}

/// One main archive administrator and four others for each tenant and each domain (K-15).
fn must_have_room(tx: &WriteTx<'_>, new: &NewGrant, role: &Role) -> Result<(), ControlError> {
    let Some(most) = role.most else {
        return Ok(());
    };
    let place = match new.within {
        Within::Domain(_, domain) => domain.to_string(),
        _ => "tenant".to_owned(),
    };
    let have: i64 = tx.query_one(
        "SELECT COUNT(*) FROM role_grant g
         JOIN account acc ON acc.tenant_id = g.tenant_id AND acc.id = g.account_id
         WHERE g.tenant_id = ?1 AND g.role = ?2 AND g.place = ?3 AND g.account_id <> ?4
           AND (g.expires_at IS NULL OR g.expires_at > ?5) AND acc.deleted_at IS NULL",
        params![
            new.account.tenant,
            &new.role,
            &place,
            new.account.account,
            tx.now()
        ],
        |row| row.get(0),
    )?;
    if have < i64::from(most) {
        return Ok(());
    }
    let detail = format!(
        "at most {most} can have this role here (an archive has {MAX_ARCHIVE_MAIN} main and \
         {MAX_ARCHIVE_SUB} further administrators): take it from somebody first"
    );
    Err(ControlError::conflict("role_limit", detail))
}

fn permissions_of(tx: &WriteTx<'_>, grant: &Grant) -> Result<Vec<Permission>, ControlError> {
    if let Some(role) = built_in(&grant.role) {
        return Ok(role.permissions.to_vec());
    }
    let id: RoleId = grant.role.parse().map_err(|_| roles::unknown())?;
    let tenant = (grant.within != Within::Platform).then_some(grant.account.tenant);
    let role = roles::find_in(tx, tenant, id)?.ok_or_else(roles::unknown)?;
    Ok(role.permissions)
}

fn is_administrator(role: &str, within: Within) -> bool {
    role == COMPANY_ADMINISTRATOR && matches!(within, Within::Tenant(_))
}

fn warnings(tx: &WriteTx<'_>, grant: &Grant) -> Result<Vec<Warning>, ControlError> {
    if !is_administrator(&grant.role, grant.within) {
        return Ok(Vec::new());
    }
    let few = last::count(tx, grant.account.tenant)? < RECOMMENDED_ADMINISTRATORS;
    Ok(few
        .then_some(Warning::FewAdministrators)
        .into_iter()
        .collect())
}

fn act(grant: &Grant, action: &'static str) -> Act {
    let target = Target::new("account", grant.account.account, &grant.address);
    let tenant: TenantId = grant.account.tenant;
    match grant.within {
        Within::Platform => Act::on_platform(action, target),
        _ => Act::in_tenant(tenant, action, target),
    }
}

fn logged(grant: &Grant) -> serde_json::Value {
    json!({
        "grant": grant.id,
        "role": grant.role,
        "name": grant.role_name,
        "within": grant.within,
        "expires_at": grant.expires_at,
        "note": grant.note,
    })
}

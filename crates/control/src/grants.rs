//! Grants: who has which role, and where (T-006, AD-26, OP-19).
//!
//! Invariants:
//! - Nobody gives or takes what they do not have there themselves.
//! - A grant below the platform lies within the account's own tenant.
//! - The last company administrator of a tenant stays: the tenant's row is locked before anything
//!   about its administrators is decided.

mod give;
mod last;
mod store;

use hikyaku_db::Tx;
use hikyaku_directory::AccountScope;
use hikyaku_types::{AccountId, GrantId, Permission, TenantId, Timestamp};

pub use give::{Given, NewGrant, Warning, appoint_first, give, take};
pub use last::{RECOMMENDED_ADMINISTRATORS, must_not_be_last};

use crate::{Actor, ControlError, Within, roles};

/// Grants of one page at most.
pub const MAX_PAGE: u32 = 500;

/// One role that one account has.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// Whose it is.
    pub account: AccountScope,
    /// The account's address.
    pub address: String,
    /// The word or id of the role.
    pub role: String,
    /// Its name.
    pub role_name: String,
    /// Where it holds.
    pub within: Within,
    /// The name of the domain it is limited to.
    pub domain: Option<String>,
    /// Until when; nothing: for ever.
    pub expires_at: Option<Timestamp>,
    /// Why.
    pub note: String,
    /// Who gave it.
    pub granted_by: String,
    /// When.
    pub created_at: Timestamp,
}

/// One page of grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grants {
    /// The grants. A page may show fewer than asked for and still have a next one.
    pub items: Vec<Grant>,
    /// The last one that was looked at, when others follow.
    pub next: Option<GrantId>,
}

/// Which grants.
#[derive(Debug, Clone, Default)]
pub struct GrantQuery {
    /// Those of a tenant's accounts; nothing: those that hold on the whole platform.
    pub tenant: Option<TenantId>,
    /// Only of this account.
    pub account: Option<AccountId>,
    /// Only of this role.
    pub role: Option<String>,
    /// After this one.
    pub after: Option<GrantId>,
    /// At most so many, up to [`MAX_PAGE`].
    pub limit: u32,
}

/// Lists grants in the order in which they were given, also those that have expired. Of the grants
/// in a tenant an administrator of a domain sees those of that domain.
///
/// # Errors
/// [`ControlError::NotFound`] for a tenant out of reach.
pub fn list(tx: &Tx<'_>, actor: &Actor, query: &GrantQuery) -> Result<Grants, ControlError> {
    let mut items = if let Some(tenant) = query.tenant {
        roles::see(actor, tenant)?;
        store::list_of_tenant(tx, tenant, query)?
    } else {
        actor.on_platform(Permission::RolesRead)?;
        store::list_of_platform(tx, query)?
    };
    let is_full = items.len() >= query.limit.clamp(1, MAX_PAGE) as usize;
    let next = items.last().filter(|_| is_full).map(|last| last.id);
    items.retain(|grant| actor.rights.hold(Permission::RolesRead, grant.within));
    Ok(Grants { items, next })
}

/// Every grant of the own account.
pub fn own(tx: &Tx<'_>, actor: &Actor) -> Result<Vec<Grant>, ControlError> {
    let own = actor.own_account();
    let own = own.ok_or(ControlError::NotFound { kind: "account" })?;
    let query = GrantQuery {
        account: Some(own.account),
        limit: MAX_PAGE,
        ..Default::default()
    };
    Ok(store::list_of_tenant(tx, own.tenant, &query)?)
}

/// One grant.
///
/// # Errors
/// [`ControlError::NotFound`].
pub fn show(tx: &Tx<'_>, actor: &Actor, id: GrantId) -> Result<Grant, ControlError> {
    let found = store::load(tx, id)?.ok_or_else(unknown)?;
    if actor.rights.hold(Permission::RolesRead, found.within) {
        Ok(found)
    } else {
        Err(unknown())
    }
}

pub(crate) fn unknown() -> ControlError {
    ControlError::NotFound { kind: "grant" }
}

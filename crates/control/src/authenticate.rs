//! From who somebody is to what they may do: the [`Actor`] of a person, of a program, and of an
//! administrator who acts as somebody else.
//!
//! Invariants:
//! - Rights are read anew for every request, in the transaction's snapshot: what was taken away is
//!   gone with the next one.
//! - Nobody has rights without a grant; one that has expired counts nothing.
//! - Who may not sign in is nobody: a deleted or suspended account, or one whose tenant is not in
//!   service.
//! - What holds on the whole platform holds over the network only after a second factor (OP-19).
//! - A permission that makes sense on the whole platform only is never held in a tenant, whatever
//!   a row says.

use std::net::IpAddr;

use hikyaku_db::{DbError, Row, Tx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::{AccountId, DomainId, Permission, RequestId, TenantId};

use crate::{
    Actor, ControlError, Principal, Rights, Within,
    roles::{self, PLATFORM_ONLY},
};

/// What somebody showed beside who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// A password alone.
    Password,
    /// A second factor too, in this session.
    SecondFactor,
}

/// The request that somebody makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Origin {
    /// From where.
    pub address: Option<IpAddr>,
    /// Which.
    pub request: Option<RequestId>,
}

/// A person as they are now.
struct Person {
    address: String,
    rights: Rights,
}

/// The actor of a person who signed in; nothing when the person may not act any more. One query.
pub fn person(
    tx: &Tx<'_>,
    scope: AccountScope,
    proof: Proof,
    origin: Origin,
) -> Result<Option<Actor>, DbError> {
    let Some(person) = load(tx, scope, proof)? else {
        return Ok(None);
    };
    Ok(Some(Actor {
        principal: Principal::Account {
            scope,
            address: person.address,
        },
        impersonator: None,
        rights: person.rights,
        address: origin.address,
        request: origin.request,
    }))
}

/// What an account may do at most, with a second factor, whether or not it may sign in now.
pub(crate) fn rights_of(tx: &Tx<'_>, scope: AccountScope) -> Result<Rights, DbError> {
    let sql =
        format!("{GRANTS} WHERE acc.tenant_id = ?1 AND acc.id = ?2 AND acc.deleted_at IS NULL");
    let mut rights = Rights::default();
    tx.query(
        &sql,
        params![scope.tenant, scope.account, tx.now()],
        |row| add(row, scope.tenant, Proof::SecondFactor, &mut rights),
    )?;
    Ok(rights)
}

/// Nobody acts for somebody who may do more: who can set a password, take a second factor away or
/// act as somebody has that person's rights too.
///
/// # Errors
/// [`ControlError::Forbidden`] with the first permission that the actor lacks.
pub fn must_cover(tx: &Tx<'_>, actor: &Actor, target: AccountScope) -> Result<(), ControlError> {
    if actor.own_account() == Some(target) {
        return Ok(());
    }
    match actor.rights.lack(&rights_of(tx, target)?) {
        Some((lacking, _)) => Err(ControlError::Forbidden(lacking)),
        None => Ok(()),
    }
}

/// An account with its grants in force: a row each, or one without a role.
const GRANTS: &str = "SELECT own.local_part, d.name, g.role, r.permissions, g.place, g.domain_id
     FROM account acc
     JOIN tenant t ON t.id = acc.tenant_id
     JOIN address own ON own.account_id = acc.id AND own.kind = 'account'
     JOIN domain d ON d.id = acc.domain_id
     LEFT JOIN role_grant g ON g.tenant_id = acc.tenant_id AND g.account_id = acc.id
         AND (g.expires_at IS NULL OR g.expires_at > ?3)
     LEFT JOIN role r ON r.id = g.role_id";

fn load(tx: &Tx<'_>, scope: AccountScope, proof: Proof) -> Result<Option<Person>, DbError> {
    let mut found: Option<Person> = None;
    let parameters = params![scope.tenant, scope.account, tx.now()];
    tx.query(&person_statement(), parameters, |row| {
        if found.is_none() {
            found = Some(Person {
                address: format!("{}@{}", row.text(0)?, row.text(1)?),
                rights: Rights::default(),
            });
        }
        match &mut found {
            Some(person) => add(row, scope.tenant, proof, &mut person.rights),
            None => Ok(()),
        }
    })?;
    Ok(found)
}

/// Somebody of a tenant that is being prepared may sign in: its administrators have much to do
/// before the service begins.
fn person_statement() -> String {
    format!(
        "{GRANTS} WHERE acc.tenant_id = ?1 AND acc.id = ?2 AND acc.deleted_at IS NULL
         AND acc.status = 'active' AND t.status IN ('active', 'preparing')"
    )
}

/// What one grant allows.
fn add(row: &Row<'_>, tenant: TenantId, proof: Proof, rights: &mut Rights) -> Result<(), DbError> {
    let Some(role) = row.get::<Option<String>>(2)? else {
        return Ok(());
    };
    let defined: Option<String> = row.get(3)?;
    let permissions = match roles::built_in(&role) {
        Some(role) => role.permissions.to_vec(),
        None => roles::words(defined.as_deref().unwrap_or_default()),
    };
    let domain: Option<DomainId> = row.get(5)?;
    let within = match (row.text(4)?, domain) {
        ("platform", _) if proof == Proof::Password => return Ok(()),
        ("platform", _) => Within::Platform,
        (_, Some(domain)) => Within::Domain(tenant, domain),
        (_, None) => Within::Tenant(tenant),
    };
    grant(rights, &permissions, within);
    Ok(())
}

/// Adds permissions, but none that makes no sense at the place.
pub(crate) fn grant(rights: &mut Rights, permissions: &[Permission], within: Within) {
    for permission in permissions {
        if within == Within::Platform || !PLATFORM_ONLY.contains(permission) {
            rights.grant(*permission, within);
        }
    }
}

/// The address and the domain of an account that is there and not deleted.
pub(crate) fn living_address_of(
    tx: &Tx<'_>,
    tenant: TenantId,
    account: AccountId,
) -> Result<Option<(String, DomainId)>, DbError> {
    tx.query_opt(
        "SELECT own.local_part, d.name, acc.domain_id FROM account acc
         JOIN address own ON own.account_id = acc.id AND own.kind = 'account'
         JOIN domain d ON d.id = acc.domain_id
         WHERE acc.tenant_id = ?1 AND acc.id = ?2 AND acc.deleted_at IS NULL",
        params![tenant, account],
        |row| Ok((format!("{}@{}", row.text(0)?, row.text(1)?), row.get(2)?)),
    )
}

#[cfg(test)]
mod tests {
    use hikyaku_db::testing::assert_only_searches;

    use super::*;

    #[tokio::test]
    async fn a_person_is_found_along_indexes() {
        assert_only_searches(person_statement(), 3).await;
    }

    #[test]
    fn what_needs_the_platform_is_not_held_in_a_tenant() {
        use hikyaku_types::Id as _;
        let tenant = TenantId::from_i64(1);
        let mut rights = Rights::default();
        let wanted = [Permission::PlansWrite, Permission::AccountsRead];
        grant(&mut rights, &wanted, Within::Tenant(tenant));
        assert!(!rights.in_tenant(Permission::PlansWrite, tenant));
        assert!(rights.in_tenant(Permission::AccountsRead, tenant));
    }
}

//! How callers name tenants, domains and accounts: by id or by name. What is found is checked
//! against the actor's rights before anybody sees it.

use hikyaku_db::Tx;
use hikyaku_directory::{
    Account, DirectoryError, PlatformScope, accounts,
    domains::{self, HostedDomain},
    tenants::{self, Tenant},
};
use hikyaku_types::{Domain, EmailAddress, Permission, TenantId};
use serde::Deserialize;

use crate::{Actor, ControlError};

/// An account by its id (only digits) or its own address.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct AccountRef(String);

/// A domain by its id (only digits) or its name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct DomainRef(String);

/// A tenant by its id (only digits) or its name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct TenantRef(String);

/// Every lookup covers the whole platform; the actor's rights decide what of it is there.
const EVERYWHERE: PlatformScope = PlatformScope::operator();

impl AccountRef {
    /// The account, for an actor with that permission in its domain.
    ///
    /// # Errors
    /// [`ControlError::NoSuch`] when there is none within the actor's reach,
    /// [`ControlError::Forbidden`] when the actor sees it and may not do this.
    pub fn find(
        &self,
        tx: &Tx<'_>,
        actor: &Actor,
        permission: Permission,
    ) -> Result<Account, ControlError> {
        let found = self.find_unnamed(tx, actor, permission);
        found.map_err(|error| error.naming(&self.0))
    }

    fn find_unnamed(
        &self,
        tx: &Tx<'_>,
        actor: &Actor,
        permission: Permission,
    ) -> Result<Account, ControlError> {
        let unknown = || ControlError::NotFound { kind: "account" };
        let found = if is_id(&self.0) {
            let id = self.0.parse().map_err(|_| unknown())?;
            accounts::find_by_id(tx, EVERYWHERE, id)
        } else {
            let address: EmailAddress = self.0.parse().map_err(|_| unknown())?;
            accounts::find_by_address(tx, EVERYWHERE, &address)
        };
        let account = found.map_err(|error| match error {
            DirectoryError::NoSuchAccount(_) => unknown(),
            other => other.into(),
        })?;
        actor.in_domain(permission, account.scope.tenant, account.domain, "account")?;
        Ok(account)
    }
}

impl DomainRef {
    /// The domain, for an actor with that permission in it.
    ///
    /// # Errors
    /// As [`AccountRef::find`].
    pub fn find(
        &self,
        tx: &Tx<'_>,
        actor: &Actor,
        permission: Permission,
    ) -> Result<HostedDomain, ControlError> {
        let found = self.find_unnamed(tx, actor, permission);
        found.map_err(|error| error.naming(&self.0))
    }

    fn find_unnamed(
        &self,
        tx: &Tx<'_>,
        actor: &Actor,
        permission: Permission,
    ) -> Result<HostedDomain, ControlError> {
        let unknown = || ControlError::NotFound { kind: "domain" };
        let domain = if is_id(&self.0) {
            let id = self.0.parse().map_err(|_| unknown())?;
            domains::find_by_id(tx, EVERYWHERE, id)?.ok_or_else(unknown)?
        } else {
            let name: Domain = self.0.parse().map_err(|_| unknown())?;
            let found = domains::find(tx, EVERYWHERE, &name);
            found.map_err(|error| match error {
                DirectoryError::NoSuchDomain(_) => unknown(),
                other => other.into(),
            })?
        };
        actor.in_domain(permission, domain.tenant.tenant, domain.id, "domain")?;
        Ok(domain)
    }
}

impl TenantRef {
    /// The tenant, for an actor with that permission in the whole of it.
    ///
    /// # Errors
    /// As [`AccountRef::find`].
    pub fn find(
        &self,
        tx: &Tx<'_>,
        actor: &Actor,
        permission: Permission,
    ) -> Result<Tenant, ControlError> {
        let found = self.find_unnamed(tx, actor, permission);
        found.map_err(|error| {
            if is_id(&self.0) {
                error.naming(&self.0)
            } else {
                error.naming(&format!("named \"{}\"", self.0))
            }
        })
    }

    fn find_unnamed(
        &self,
        tx: &Tx<'_>,
        actor: &Actor,
        permission: Permission,
    ) -> Result<Tenant, ControlError> {
        let unknown = || ControlError::NotFound { kind: "tenant" };
        let found = if is_id(&self.0) {
            let tenant: TenantId = self.0.parse().map_err(|_| unknown())?;
            tenants::find(tx, EVERYWHERE, tenant)
        } else {
            tenants::find_by_name(tx, EVERYWHERE, &self.0)
        };
        let tenant = found.map_err(|error| match error {
            DirectoryError::NoSuchTenant(_) => unknown(),
            other => other.into(),
        })?;
        actor.in_tenant(permission, tenant.scope.tenant)?;
        Ok(tenant)
    }
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

macro_rules! from_text {
    ($($name:ident),+) => {$(
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}
from_text!(AccountRef, DomainRef, TenantRef);

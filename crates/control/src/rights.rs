//! What somebody may do, and where.

use std::collections::BTreeMap;

use hikyaku_directory::{PlatformScope, TenantScope};
use hikyaku_types::{DomainId, Permission, TenantId};
use serde::{Deserialize, Serialize};

/// Where a permission holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Within {
    /// Everywhere.
    Platform,
    /// In one tenant.
    Tenant(TenantId),
    /// In one domain of a tenant, and for the accounts in it.
    Domain(TenantId, DomainId),
}

/// The permissions of somebody, each with where it holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rights(BTreeMap<Permission, Vec<Within>>);

/// What a list may show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Area {
    /// Everything.
    Platform(PlatformScope),
    /// What belongs to one tenant.
    Tenant(TenantScope),
    /// What belongs to some domains of a tenant.
    Domains(TenantScope, Vec<DomainId>),
}

impl Rights {
    /// Every permission, everywhere: the operator at the console.
    pub fn everything() -> Self {
        let all = Permission::ALL.iter();
        Self(
            all.map(|permission| (*permission, vec![Within::Platform]))
                .collect(),
        )
    }

    /// Adds a permission.
    pub fn grant(&mut self, permission: Permission, within: Within) {
        let places = self.0.entry(permission).or_default();
        if !places.contains(&within) {
            places.push(within);
        }
    }

    /// Each permission with its places.
    pub fn iter(&self) -> impl Iterator<Item = (Permission, &[Within])> {
        self.0
            .iter()
            .map(|(permission, places)| (*permission, places.as_slice()))
    }

    /// Whether a permission holds everywhere.
    pub fn on_platform(&self, permission: Permission) -> bool {
        self.places(permission).contains(&Within::Platform)
    }

    /// Whether a permission holds in the whole of a tenant.
    pub fn in_tenant(&self, permission: Permission, tenant: TenantId) -> bool {
        self.on_platform(permission) || self.places(permission).contains(&Within::Tenant(tenant))
    }

    /// Whether a permission holds in a domain.
    pub fn in_domain(&self, permission: Permission, tenant: TenantId, domain: DomainId) -> bool {
        self.in_tenant(permission, tenant)
            || self
                .places(permission)
                .contains(&Within::Domain(tenant, domain))
    }

    /// Whether any permission at all holds in a tenant or a part of it: then its existence is no
    /// secret.
    pub fn know_tenant(&self, tenant: TenantId) -> bool {
        self.0.values().flatten().any(|place| match place {
            Within::Platform => true,
            Within::Tenant(of) | Within::Domain(of, _) => *of == tenant,
        })
    }

    /// Whether a permission holds at a place, or at one that contains it.
    pub fn hold(&self, permission: Permission, within: Within) -> bool {
        match within {
            Within::Platform => self.on_platform(permission),
            Within::Tenant(tenant) => self.in_tenant(permission, tenant),
            Within::Domain(tenant, domain) => self.in_domain(permission, tenant, domain),
        }
    }

    /// A permission that others have and these have not, at the place where they have it: nobody
    /// acts for somebody who may do more.
    pub fn lack(&self, others: &Self) -> Option<(Permission, Within)> {
        let mut held = others.iter().flat_map(|(permission, places)| {
            places.iter().map(move |within| (permission, *within))
        });
        held.find(|(permission, within)| !self.hold(*permission, *within))
    }

    /// Where a permission holds, for a list; nothing when it holds nowhere. Nobody has a
    /// permission in two tenants and not on the platform: grants are given in the account's own.
    pub fn area(&self, permission: Permission) -> Option<Area> {
        if self.on_platform(permission) {
            return Some(Area::Platform(PlatformScope::operator()));
        }
        let mut domains = Vec::new();
        let mut scope = None;
        for place in self.places(permission) {
            match *place {
                Within::Tenant(tenant) => return Some(Area::Tenant(TenantScope { tenant })),
                Within::Domain(tenant, domain) if scope.is_none_or(|of| of == tenant) => {
                    scope = Some(tenant);
                    domains.push(domain);
                }
                Within::Platform | Within::Domain(..) => {}
            }
        }
        scope.map(|tenant| Area::Domains(TenantScope { tenant }, domains))
    }

    fn places(&self, permission: Permission) -> &[Within] {
        self.0.get(&permission).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use hikyaku_types::Id;

    use super::*;

    #[test]
    fn a_domain_is_part_of_its_tenant_and_of_no_other() {
        let (mine, other) = (TenantId::from_i64(1), TenantId::from_i64(2));
        let (one, two) = (DomainId::from_i64(10), DomainId::from_i64(11));
        let mut rights = Rights::default();
        rights.grant(Permission::AccountsRead, Within::Domain(mine, one));
        assert!(rights.in_domain(Permission::AccountsRead, mine, one));
        assert!(!rights.in_domain(Permission::AccountsRead, mine, two));
        assert!(!rights.in_tenant(Permission::AccountsRead, mine));
        assert!(!rights.in_domain(Permission::AccountsWrite, mine, one));
        assert!(rights.know_tenant(mine));
        assert!(!rights.know_tenant(other));
        let area = Area::Domains(TenantScope { tenant: mine }, vec![one]);
        assert_eq!(rights.area(Permission::AccountsRead), Some(area));
        assert_eq!(rights.area(Permission::AccountsWrite), None);
    }

    #[test]
    fn the_console_may_do_everything() {
        let rights = Rights::everything();
        for permission in Permission::ALL {
            assert!(rights.on_platform(*permission));
        }
    }
}

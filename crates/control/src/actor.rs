//! Who acts.

use std::net::IpAddr;

use hikyaku_db::{DbError, WriteTx};
use hikyaku_directory::{AccountScope, PlatformScope, TenantScope};
use hikyaku_oplog::{ActorKind, Chain, NewEntry, Target};
use hikyaku_types::{ApiKeyId, DomainId, Permission, RequestId, TenantId};
use serde::Serialize;

use crate::{Area, ControlError, Rights};

/// Who somebody is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Principal {
    /// The operator at the machine's own command line, by the name of the user.
    Console(String),
    /// A person who signed in.
    Account {
        /// Whose data is the person's own.
        scope: AccountScope,
        /// The own address.
        address: String,
    },
    /// A program.
    ApiKey {
        /// The key.
        id: ApiKeyId,
        /// Its label.
        label: String,
        /// The tenant it belongs to; none for a key of the platform.
        tenant: Option<TenantId>,
    },
    /// The house itself: a timer, a job of its own.
    System(&'static str),
}

impl Principal {
    /// As the operation log names it.
    pub fn logged(&self) -> hikyaku_oplog::Actor {
        let (kind, id, name) = match self {
            Self::Console(user) => (ActorKind::Console, String::new(), user.clone()),
            Self::Account { scope, address } => (
                ActorKind::Account,
                scope.account.to_string(),
                address.clone(),
            ),
            Self::ApiKey { id, label, .. } => (ActorKind::ApiKey, id.to_string(), label.clone()),
            Self::System(what) => (ActorKind::System, String::new(), (*what).to_owned()),
        };
        hikyaku_oplog::Actor { kind, id, name }
    }
}

/// Who asks for an act, with which rights, from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Who it is. While an administrator acts as somebody else: the somebody else.
    pub principal: Principal,
    /// The administrator who acts as the principal.
    pub impersonator: Option<Principal>,
    /// What the principal may do. Impersonation adds nothing to it (F-44).
    pub rights: Rights,
    /// From where.
    pub address: Option<IpAddr>,
    /// The request.
    pub request: Option<RequestId>,
}

impl Actor {
    /// The operator at the machine's own command line, who may do everything.
    pub fn console(user: impl Into<String>) -> Self {
        Self {
            principal: Principal::Console(user.into()),
            impersonator: None,
            rights: Rights::everything(),
            address: None,
            request: None,
        }
    }

    /// The house itself.
    pub fn system(what: &'static str) -> Self {
        Self {
            principal: Principal::System(what),
            ..Self::console("")
        }
    }

    /// The account of a person who signed in.
    pub fn own_account(&self) -> Option<AccountScope> {
        match &self.principal {
            Principal::Account { scope, .. } => Some(*scope),
            _ => None,
        }
    }

    /// The whole platform, for an actor with that permission on all of it.
    pub fn on_platform(&self, permission: Permission) -> Result<PlatformScope, ControlError> {
        if self.rights.on_platform(permission) {
            Ok(PlatformScope::operator())
        } else {
            Err(ControlError::Forbidden(permission))
        }
    }

    /// A tenant, for an actor with that permission in the whole of it. To somebody who has nothing
    /// to do with the tenant it does not exist.
    pub fn in_tenant(
        &self,
        permission: Permission,
        tenant: TenantId,
    ) -> Result<TenantScope, ControlError> {
        if self.rights.in_tenant(permission, tenant) {
            Ok(TenantScope { tenant })
        } else if self.rights.know_tenant(tenant) {
            Err(ControlError::Forbidden(permission))
        } else {
            Err(ControlError::NotFound { kind: "tenant" })
        }
    }

    /// The tenant of a domain, for an actor with that permission in the domain. `kind` is what does
    /// not exist for anybody else: `domain`, or `account` when it is about one in the domain.
    pub fn in_domain(
        &self,
        permission: Permission,
        tenant: TenantId,
        domain: DomainId,
        kind: &'static str,
    ) -> Result<TenantScope, ControlError> {
        if self.rights.in_domain(permission, tenant, domain) {
            Ok(TenantScope { tenant })
        } else if self.rights.in_domain(sight_of(kind), tenant, domain) {
            Err(ControlError::Forbidden(permission))
        } else {
            Err(ControlError::NotFound { kind })
        }
    }

    /// What a list may show.
    pub fn area(&self, permission: Permission) -> Result<Area, ControlError> {
        let area = self.rights.area(permission);
        area.ok_or(ControlError::Forbidden(permission))
    }

    /// Writes what was done into the operation log. Comes last in the transaction: it locks the
    /// chain until commit.
    pub fn log(&self, tx: &WriteTx<'_>, act: Act) -> Result<(), DbError> {
        let (actor, on_behalf_of) = match &self.impersonator {
            Some(impersonator) => (impersonator.logged(), Some(self.principal.logged())),
            None => (self.principal.logged(), None),
        };
        let entry = NewEntry {
            chain: act.chain,
            actor,
            on_behalf_of,
            action: act.action,
            target: act.target,
            before: act.before,
            after: act.after,
            reason: act.reason,
            address: self.address,
            request: self.request,
        };
        hikyaku_oplog::append(tx, &entry).map(|_| ())
    }
}

/// The permission with which one sees a kind of thing.
fn sight_of(kind: &'static str) -> Permission {
    match kind {
        "domain" => Permission::DomainsRead,
        _ => Permission::AccountsRead,
    }
}

/// What was done, for the operation log.
#[derive(Debug, Clone)]
pub struct Act {
    chain: Chain,
    action: &'static str,
    target: Target,
    before: serde_json::Value,
    after: serde_json::Value,
    reason: Option<String>,
}

impl Act {
    /// An act that concerns a tenant; `action` is of the form `account.create`.
    pub fn in_tenant(tenant: TenantId, action: &'static str, target: Target) -> Self {
        Self::new(Chain::Tenant(tenant), action, target)
    }

    /// An act that concerns no tenant.
    pub fn on_platform(action: &'static str, target: Target) -> Self {
        Self::new(Chain::Platform, action, target)
    }

    fn new(chain: Chain, action: &'static str, target: Target) -> Self {
        Self {
            chain,
            action,
            target,
            before: serde_json::Value::Null,
            after: serde_json::Value::Null,
            reason: None,
        }
    }

    /// What of it was before: only what changed, and never a secret.
    #[must_use]
    pub fn before(mut self, before: impl Serialize) -> Self {
        self.before = serde_json::to_value(before).unwrap_or_default();
        self
    }

    /// What of it is now: only what changed, and never a secret.
    #[must_use]
    pub fn after(mut self, after: impl Serialize) -> Self {
        self.after = serde_json::to_value(after).unwrap_or_default();
        self
    }

    /// Why.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}

//! Who acts.

use std::net::IpAddr;

use hikyaku_db::{DbError, WriteTx};
use hikyaku_directory::{AccountScope, PlatformScope, TenantScope};
use hikyaku_oplog::{ActorKind, Chain, NewEntry, Target};
use hikyaku_types::{
    AccountId, ApiKeyId, DomainId, ImpersonationId, Permission, RequestId, TenantId,
};
use serde::{Deserialize, Serialize};

use crate::{Area, ControlError, Rights};

/// Who somebody is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Principal {
    /// The operator at the machine's own command line, by the name of the user.
    Console(String),
    /// A person who signed in.
    Account {
        /// Whose data is the person's own.
        #[serde(with = "scope_as_ids")]
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
    System(String),
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
            Self::System(what) => (ActorKind::System, String::new(), what.clone()),
        };
        hikyaku_oplog::Actor { kind, id, name }
    }
}

/// Whether whoever acts as somebody else may read that person's mail (F-44).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContentAccess {
    /// Settings only: the default.
    #[default]
    Closed,
    /// Mail too: a permission of its own, and the consent of the tenant.
    Open,
}

/// The administrator who acts as somebody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impersonator {
    /// Who it is.
    pub principal: Principal,
    /// The time that this act belongs to.
    pub impersonation: ImpersonationId,
    /// Whether mail may be read.
    pub content: ContentAccess,
}

/// Who asks for an act, with which rights, from where. Jobs carry it as it was when they were
/// submitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Who it is. While an administrator acts as somebody else: the somebody else.
    pub principal: Principal,
    /// The administrator who acts as the principal.
    pub impersonator: Option<Impersonator>,
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
            principal: Principal::System(what.to_owned()),
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

    /// The tenant that the actor belongs to; nothing for the operator at the machine and for keys
    /// of the platform.
    pub fn home(&self) -> Option<TenantId> {
        match &self.principal {
            Principal::Account { scope, .. } => Some(scope.tenant),
            Principal::ApiKey { tenant, .. } => *tenant,
            _ => None,
        }
    }

    /// The own account, for what only its owner in person may do: passwords, second factors, app
    /// passwords, sessions, recovery addresses. An administrator who acts as somebody else could
    /// otherwise leave a way in behind.
    ///
    /// # Errors
    /// [`ControlError::NotFound`] for actors without an account; the conflict `impersonating`.
    pub fn own_credentials(&self) -> Result<AccountScope, ControlError> {
        let own = self.own_account();
        let own = own.ok_or(ControlError::NotFound { kind: "account" })?;
        match &self.impersonator {
            None => Ok(own),
            Some(_) => Err(ControlError::conflict(
                "impersonating",
                "only the person in person can do this: end the impersonation first",
            )),
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
            Some(impersonator) => (
                impersonator.principal.logged(),
                Some(self.principal.logged()),
            ),
            None => (self.principal.logged(), None),
        };
        let impersonated = self.impersonator.as_ref().and(self.own_account());
        let entry = NewEntry {
            chain: act.chain,
            actor,
            on_behalf_of,
            action: act.action,
            target: act.target,
            before: act.before,
            after: act.after,
            reason: act.reason,
            shown_to: act.shown_to.or(impersonated.map(|own| own.account)),
            address: self.address,
            request: self.request,
        };
        hikyaku_oplog::append(tx, &entry).map(|_| ())
    }

    /// Writes down that mail of an account was read: deleted messages, the archive, held mail. Its
    /// owner sees the entry. Nothing is written when it is the owner who reads. `what` is of the
    /// form `deleted_messages.read`; `details` say which mail, never what is in it.
    pub fn log_reading(
        &self,
        tx: &WriteTx<'_>,
        what: &'static str,
        read: Reading<'_>,
    ) -> Result<(), DbError> {
        if self.impersonator.is_none() && self.own_account() == Some(read.of) {
            return Ok(());
        }
        let target = Target::new("account", read.of.account, read.address);
        let act = Act::in_tenant(read.of.tenant, what, target);
        self.log(tx, act.after(read.details).shown_to(read.of.account))
    }
}

/// Whose mail was read.
#[derive(Debug, Clone)]
pub struct Reading<'a> {
    /// The account.
    pub of: AccountScope,
    /// Its address.
    pub address: &'a str,
    /// Which mail: folders, ids, the words searched for.
    pub details: serde_json::Value,
}

/// [`AccountScope`] in stored actors. The type itself cannot be read from outside, so that no
/// request can bring its own.
mod scope_as_ids {
    use hikyaku_directory::AccountScope;
    use hikyaku_types::{AccountId, TenantId};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Ids {
        tenant: TenantId,
        account: AccountId,
    }

    pub(super) fn serialize<S: Serializer>(scope: &AccountScope, to: S) -> Result<S::Ok, S::Error> {
        let (tenant, account) = (scope.tenant, scope.account);
        Ids { tenant, account }.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<AccountScope, D::Error> {
        let Ids { tenant, account } = Ids::deserialize(from)?;
        Ok(AccountScope { tenant, account })
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
    shown_to: Option<AccountId>,
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
            shown_to: None,
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

    /// Whose owner sees the entry among the own settings, beside the administrators.
    #[must_use]
    pub fn shown_to(mut self, account: AccountId) -> Self {
        self.shown_to = Some(account);
        self
    }

    /// Why.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}

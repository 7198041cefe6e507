//! Whose data a function may touch, as types (design §1.3): there is no unscoped lookup.

use hikyaku_types::{AccountId, TenantId};

/// The whole platform: the operator's own functions (command line, operator's console, jobs of the
/// system itself). Every place that makes one is a place where tenancy does not protect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlatformScope(());

impl PlatformScope {
    /// The operator acts. Only for callers that have checked that it is the operator.
    pub const fn operator() -> Self {
        Self(())
    }
}

/// One tenant: what its administrators may see and change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TenantScope {
    /// The tenant.
    pub tenant: TenantId,
}

/// One account of one tenant: obtained by sign-in, by routing, or by an operator's lookup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountScope {
    /// The tenant whose account it is.
    pub tenant: TenantId,
    /// The account.
    pub account: AccountId,
}

impl AccountScope {
    /// The scope of the account's tenant.
    pub const fn tenant_scope(self) -> TenantScope {
        TenantScope {
            tenant: self.tenant,
        }
    }
}

/// How far an administrative function reaches: [`PlatformScope`] or [`TenantScope`]. What lies
/// outside looks as if it did not exist.
pub trait Reach: Copy + sealed::Sealed {
    /// The only tenant within reach; `None` when all are.
    fn tenant(self) -> Option<TenantId>;

    /// Whether a row of this tenant is within reach.
    fn covers(self, tenant: TenantId) -> bool {
        self.tenant().is_none_or(|only| only == tenant)
    }
}

impl Reach for PlatformScope {
    fn tenant(self) -> Option<TenantId> {
        None
    }
}

impl Reach for TenantScope {
    fn tenant(self) -> Option<TenantId> {
        Some(self.tenant)
    }
}

mod sealed {
    /// No other type can claim a reach.
    pub trait Sealed {}
    impl Sealed for super::PlatformScope {}
    impl Sealed for super::TenantScope {}
}

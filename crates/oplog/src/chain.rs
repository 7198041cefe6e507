//! The chains: one per tenant, one for the platform.

use hikyaku_types::{Id, TenantId};

/// In whose log an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Chain {
    /// The operator's: contracts, plans, nodes.
    Platform,
    /// A tenant's: everything that concerns its people and mail, whoever did it.
    Tenant(TenantId),
}

impl Chain {
    /// The number that stands for it in the tables: 0 is the platform, and no id.
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Platform => 0,
            Self::Tenant(tenant) => tenant.to_i64(),
        }
    }
}

//! What a tenant lets its people do about their own mailboxes.

use hikyaku_db::{Tx, WriteTx, params};

use crate::{DirectoryError, TenantScope};

/// What people may do about their own mailboxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsagePolicy {
    /// Whether they may delete all of their mail at once (U-008). Default: they may.
    pub own_initialise: bool,
}

impl Default for UsagePolicy {
    fn default() -> Self {
        Self {
            own_initialise: true,
        }
    }
}

/// What a tenant has decided, or the default.
pub fn policy(tx: &Tx<'_>, scope: TenantScope) -> Result<UsagePolicy, DirectoryError> {
    let found = tx.query_opt(
        "SELECT own_initialise FROM usage_policy WHERE tenant_id = ?1",
        params![scope.tenant],
        |row| {
            Ok(UsagePolicy {
                own_initialise: row.get(0)?,
            })
        },
    )?;
    Ok(found.unwrap_or_default())
}

/// Decides.
pub fn set_policy(
    tx: &WriteTx<'_>,
    scope: TenantScope,
    policy: UsagePolicy,
) -> Result<(), DirectoryError> {
    tx.execute(
        "INSERT INTO usage_policy (tenant_id, own_initialise) VALUES (?1, ?2) \
         ON CONFLICT (tenant_id) DO UPDATE SET own_initialise = excluded.own_initialise",
        params![scope.tenant, policy.own_initialise],
    )?;
    Ok(())
}

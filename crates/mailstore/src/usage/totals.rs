//! Adding up the counters of accounts.

use std::collections::HashMap;

use hikyaku_db::{DbError, Tx, params};
use hikyaku_directory::{PlatformScope, pools::Totals};
use hikyaku_types::{DomainId, Id, TenantId};

use crate::error::MailError;

/// What the domains of some tenants hold.
#[derive(Debug, Clone, Default)]
pub struct Totalled {
    domains: HashMap<(TenantId, DomainId), Totals>,
    tenants: HashMap<TenantId, Totals>,
}

impl Totalled {
    /// What a domain holds, or all domains of a tenant.
    pub fn of(&self, tenant: TenantId, domain: Option<DomainId>) -> Totals {
        let found = match domain {
            Some(domain) => self.domains.get(&(tenant, domain)),
            None => self.tenants.get(&tenant),
        };
        found.copied().unwrap_or_default()
    }
}

/// What is there of the tenants after one, up to and with another: accounts that are not deleted,
/// by the counters that are exact at any time.
pub fn totals(
    tx: &Tx<'_>,
    _operator: PlatformScope,
    after: Option<TenantId>,
    last: TenantId,
) -> Result<Totalled, MailError> {
    let after = after.map_or(0, Id::to_i64);
    let mut totalled = Totalled::default();
    let rows = tx.query(TOTALS, params![after, last], |row| {
        let totals = Totals {
            accounts: row.get(2)?,
            used: row.get(3)?,
            messages: row.get(4)?,
            allocated: row.get(5)?,
            unlimited: row.get(6)?,
        };
        Ok::<_, DbError>(((row.get(0)?, row.get(1)?), totals))
    })?;
    for (key, totals) in rows {
        let (tenant, _): (TenantId, DomainId) = key;
        *totalled.tenants.entry(tenant).or_default() += totals;
        totalled.domains.insert(key, totals);
    }
    Ok(totalled)
}

const TOTALS: &str = "SELECT a.tenant_id, a.domain_id, COUNT(*), \
     CAST(SUM(m.used_bytes) AS BIGINT), CAST(SUM(m.used_messages) AS BIGINT), \
     CAST(SUM(m.quota_bytes) AS BIGINT), \
     CAST(SUM(CASE WHEN m.quota_bytes = 0 THEN 1 ELSE 0 END) AS BIGINT) \
     FROM account a JOIN mail_account m ON m.account_id = a.id \
     WHERE a.tenant_id > ?1 AND a.tenant_id <= ?2 AND a.deleted_at IS NULL \
     GROUP BY a.tenant_id, a.domain_id";

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_accounts_of_a_tenant_are_searched_for() {
        hikyaku_db::testing::assert_only_searches(TOTALS.to_owned(), 2).await;
    }
}

//! What contracts say about pools, for many at once.

use hikyaku_db::{DbError, Row, Tx, WriteTx, params};
use hikyaku_types::{ByteSize, DomainId, Id, TenantId};

use super::PoolKey;
use crate::{
    DirectoryError, PlatformScope, TenantScope, TimeZoneName,
    plans::{OverAction, OverQuotaReply, Terms},
    stored::from_json,
};

/// A pool and what was agreed about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contracted {
    /// Which one.
    pub key: PoolKey,
    /// The name of the tenant or domain.
    pub name: String,
    /// What it may hold; 0: no limit.
    pub limit: ByteSize,
    /// Hours above 100 % until it is locked.
    pub grace_hours: u32,
    /// What the lock does.
    pub over_action: OverAction,
    /// What senders are told.
    pub reply: OverQuotaReply,
    /// Where the tenant's days begin.
    pub time_zone: TimeZoneName,
}

/// The pools of up to `limit` tenants after one, ascending: of each tenant its own, then those of
/// its domains. Domains without a limit of their own are among them: they are measured for charts.
pub fn contracted(
    tx: &Tx<'_>,
    _operator: PlatformScope,
    after: Option<TenantId>,
    limit: u32,
) -> Result<Vec<Contracted>, DirectoryError> {
    let after = after.map_or(0, Id::to_i64);
    let tenants = tx.query(TENANTS, params![after, limit], tenant)?;
    with_domains(tx, after, tenants)
}

/// The same for one tenant; empty when there is none.
pub fn contracted_of(tx: &Tx<'_>, scope: TenantScope) -> Result<Vec<Contracted>, DirectoryError> {
    let before = scope.tenant.to_i64() - 1;
    let tenants = tx.query(TENANTS, params![before, 1], tenant)?;
    let found = tenants.into_iter().filter(|one| one.key.tenant == scope);
    with_domains(tx, before, found.collect())
}

const TENANTS: &str = "SELECT t.id, t.name, t.time_zone, c.in_force FROM tenant t \
     LEFT JOIN contract c ON c.tenant_id = t.id WHERE t.id > ?1 ORDER BY t.id LIMIT ?2";

const DOMAINS: &str = "SELECT tenant_id, id, name, pool_bytes FROM domain \
     WHERE tenant_id > ?1 AND tenant_id <= ?2 ORDER BY tenant_id, id";

fn with_domains(
    tx: &Tx<'_>,
    after: i64,
    tenants: Vec<Contracted>,
) -> Result<Vec<Contracted>, DirectoryError> {
    let Some(last) = tenants.last().map(|one| one.key.tenant.tenant) else {
        return Ok(Vec::new());
    };
    let domains = tx.query(DOMAINS, params![after, last], |row| {
        Ok(DomainPool {
            tenant: row.get(0)?,
            id: row.get(1)?,
            name: row.get(2)?,
            limit: row.get::<Option<ByteSize>>(3)?.unwrap_or_default(),
        })
    })?;
    let mut domains = domains.into_iter().peekable();
    let mut pools = Vec::new();
    for tenant in tenants {
        let scope = tenant.key.tenant;
        let own = tenant.clone();
        pools.push(tenant);
        while let Some(domain) = domains.next_if(|domain| domain.tenant <= scope.tenant) {
            if domain.tenant == scope.tenant {
                pools.push(domain.within(&own));
            }
        }
    }
    Ok(pools)
}

struct DomainPool {
    tenant: TenantId,
    id: DomainId,
    name: String,
    limit: ByteSize,
}

impl DomainPool {
    /// What the tenant's contract says holds for its domains too.
    fn within(self, tenant: &Contracted) -> Contracted {
        Contracted {
            key: PoolKey {
                tenant: tenant.key.tenant,
                domain: Some(self.id),
            },
            name: self.name,
            limit: self.limit,
            ..tenant.clone()
        }
    }
}

fn tenant(row: &Row<'_>) -> Result<Contracted, DbError> {
    let terms = match row.get::<Option<String>>(3)? {
        Some(_) => from_json::<Terms>(row, 3, "terms of a contract")?,
        None => Terms::standard(),
    };
    Ok(Contracted {
        key: PoolKey::of_tenant(TenantScope {
            tenant: row.get(0)?,
        }),
        name: row.get(1)?,
        limit: terms.pool_bytes.unwrap_or_default(),
        grace_hours: u32::from(terms.lock_grace_hours),
        over_action: terms.over_action,
        reply: terms.over_quota_reply,
        time_zone: TimeZoneName::from_storage(row.get(2)?),
    })
}

/// Gives a domain a pool of its own within the tenant's, or takes it away. In force with the next
/// measurement. Returns what it was.
///
/// # Errors
/// [`DirectoryError::Db`] with `NotFound` when the tenant has no such domain.
pub fn set_domain_pool(
    tx: &WriteTx<'_>,
    scope: TenantScope,
    domain: DomainId,
    limit: Option<ByteSize>,
) -> Result<Option<ByteSize>, DirectoryError> {
    let before = tx.query_one(
        "SELECT pool_bytes FROM domain WHERE tenant_id = ?1 AND id = ?2 FOR UPDATE",
        params![scope.tenant, domain],
        |row| row.get(0),
    )?;
    let limit = limit.filter(|limit| limit.bytes() > 0);
    tx.execute(
        "UPDATE domain SET pool_bytes = ?3, updated_at = ?4 WHERE tenant_id = ?1 AND id = ?2",
        params![scope.tenant, domain, limit, tx.now()],
    )?;
    Ok(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pages_are_searched_for() {
        hikyaku_db::testing::assert_only_searches(TENANTS.to_owned(), 2).await;
        hikyaku_db::testing::assert_only_searches(DOMAINS.to_owned(), 2).await;
    }
}

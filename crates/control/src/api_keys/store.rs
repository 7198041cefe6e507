//! The rows of keys.

use hikyaku_db::{DbError, Row, Tx, params};
use hikyaku_types::{ApiKeyId, DomainId, Id as _, Secret, TenantId};

use super::{ApiKey, token};
use crate::{Within, roles};

const SELECT: &str = "SELECT k.id, k.tenant_id, k.domain_id, d.name, k.label, k.shown,
         k.permissions, k.networks, k.made_by, k.created_at, k.expires_at, k.used_at, k.used_from,
         t.status
     FROM api_key k
     LEFT JOIN tenant t ON t.id = k.tenant_id
     LEFT JOIN domain d ON d.id = k.domain_id";

/// A key with what decides whether it works.
pub(super) struct Found {
    pub(super) key: ApiKey,
    /// Whether its tenant is in service.
    pub(super) in_service: bool,
}

pub(super) fn find_by_token(tx: &Tx<'_>, token: &Secret) -> Result<Option<Found>, DbError> {
    let sql = format!("{SELECT} WHERE k.hash = ?1");
    tx.query_opt(&sql, params![token::hash(token)], |row| {
        let status: Option<String> = row.get(13)?;
        let in_service = status.is_none_or(|word| matches!(word.as_str(), "active" | "preparing"));
        Ok(Found {
            key: read(row)?,
            in_service,
        })
    })
}

pub(super) fn load(tx: &Tx<'_>, id: ApiKeyId) -> Result<Option<ApiKey>, DbError> {
    tx.query_opt(&format!("{SELECT} WHERE k.id = ?1"), params![id], read)
}

pub(super) fn lock(tx: &Tx<'_>, id: ApiKeyId) -> Result<Option<ApiKey>, DbError> {
    let sql = format!("{SELECT} WHERE k.id = ?1 FOR UPDATE OF k");
    tx.query_opt(&sql, params![id], read)
}

pub(super) fn count(tx: &Tx<'_>, tenant: Option<TenantId>) -> Result<i64, DbError> {
    let sql = match tenant {
        Some(_) => "SELECT COUNT(*) FROM api_key WHERE tenant_id = ?1",
        None => "SELECT COUNT(*) FROM api_key WHERE tenant_id IS NULL AND ?1 = 0",
    };
    let tenant = tenant.map_or(0, TenantId::to_i64);
    tx.query_one(sql, params![tenant], |row| row.get(0))
}

pub(super) fn list_of_tenant(
    tx: &Tx<'_>,
    tenant: TenantId,
    after: Option<ApiKeyId>,
    limit: u32,
) -> Result<Vec<ApiKey>, DbError> {
    let after = after.map_or(0, ApiKeyId::to_i64);
    tx.query(&of_tenant(), params![tenant, after, limit], read)
}

pub(super) fn list_of_platform(
    tx: &Tx<'_>,
    after: Option<ApiKeyId>,
    limit: u32,
) -> Result<Vec<ApiKey>, DbError> {
    let after = after.map_or(0, ApiKeyId::to_i64);
    tx.query(&of_platform(), params![after, limit], read)
}

fn of_tenant() -> String {
    format!("{SELECT} WHERE k.tenant_id = ?1 AND k.id > ?2 ORDER BY k.id LIMIT ?3")
}

fn of_platform() -> String {
    format!("{SELECT} WHERE k.tenant_id IS NULL AND k.id > ?1 ORDER BY k.id LIMIT ?2")
}

fn read(row: &Row<'_>) -> Result<ApiKey, DbError> {
    let (tenant, domain): (Option<TenantId>, Option<DomainId>) = (row.get(1)?, row.get(2)?);
    let within = match (tenant, domain) {
        (Some(tenant), Some(domain)) => Within::Domain(tenant, domain),
        (Some(tenant), None) => Within::Tenant(tenant),
        (None, _) => Within::Platform,
    };
    let mut networks = Vec::new();
    for text in row.text(7)?.split(' ').filter(|text| !text.is_empty()) {
        // A key whose limits cannot be read must not become one without limits.
        networks.push(text.parse().map_err(|_| DbError::Conversion {
            index: 7,
            expected: "networks",
            found: "another text",
        })?);
    }
    Ok(ApiKey {
        id: row.get(0)?,
        within,
        domain: row.get(3)?,
        label: row.get(4)?,
        shown: row.get(5)?,
        permissions: roles::words(row.text(6)?),
        networks,
        made_by: row.get(8)?,
        created_at: row.get(9)?,
        expires_at: row.get(10)?,
        used_at: row.get(11)?,
        used_from: row.get(12)?,
    })
}

#[cfg(test)]
mod tests {
    use hikyaku_db::testing::assert_only_searches;

    use super::*;

    #[tokio::test]
    async fn lists_run_along_indexes() {
        assert_only_searches(of_tenant(), 3).await;
        assert_only_searches(of_platform(), 2).await;
        assert_only_searches(format!("{SELECT} WHERE k.hash = ?1"), 1).await;
    }
}

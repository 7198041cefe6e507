//! Looking at pools.

use hikyaku_db::{DbError, Row, Tx, params};
use hikyaku_types::{AccountId, ByteSize, DomainId, Id, TenantId};

use super::{
    Pool, PoolKey,
    row::{COLUMNS, read_named},
};
use crate::{AccountScope, DirectoryError, PlatformScope, TenantScope};

/// A pool as it was measured last. Nothing when it never was.
pub fn load(tx: &Tx<'_>, key: PoolKey) -> Result<Option<Pool>, DirectoryError> {
    let sql = format!("{} WHERE p.tenant_id = ?1 AND p.domain_id = ?2", select());
    let parameters = params![key.tenant.tenant, key.domain_number()];
    Ok(tx.query_opt(&sql, parameters, read_named)?)
}

/// Up to `limit` pools of a tenant from after a domain on: first its own, then its domains'.
pub fn of_tenant(
    tx: &Tx<'_>,
    scope: TenantScope,
    after: Option<DomainId>,
    limit: u32,
) -> Result<Vec<Pool>, DirectoryError> {
    let after = after.map_or(-1, Id::to_i64);
    Ok(tx.query(
        &list_of_tenant(),
        params![scope.tenant, after, limit],
        read_named,
    )?)
}

fn list_of_tenant() -> String {
    format!(
        "{} WHERE p.tenant_id = ?1 AND p.domain_id > ?2 ORDER BY p.domain_id LIMIT ?3",
        select()
    )
}

/// Up to `limit` pools that are at 80 % or more, of all tenants, from after one on (OP-13).
pub fn troubled(
    tx: &Tx<'_>,
    _operator: PlatformScope,
    after: Option<(TenantId, DomainId)>,
    limit: u32,
) -> Result<Vec<Pool>, DirectoryError> {
    let (tenant, domain) = after.map_or((0, -1), |(tenant, domain)| {
        (tenant.to_i64(), domain.to_i64())
    });
    Ok(tx.query(&list_troubled(), params![tenant, domain, limit], read_named)?)
}

fn list_troubled() -> String {
    format!(
        "{} WHERE p.band > 0 AND (p.tenant_id, p.domain_id) > (?1, ?2) \
         ORDER BY p.tenant_id, p.domain_id LIMIT ?3",
        select()
    )
}

fn select() -> String {
    format!(
        "SELECT {COLUMNS}, COALESCE(d.name, t.name) FROM pool p \
         JOIN tenant t ON t.id = p.tenant_id \
         LEFT JOIN domain d ON d.tenant_id = p.tenant_id AND d.id = p.domain_id"
    )
}

/// All tenants together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Tenants that were measured.
    pub tenants: u64,
    /// Their mailboxes.
    pub accounts: u64,
    /// What they hold.
    pub used: ByteSize,
    /// How many messages that is.
    pub messages: u64,
    /// What the contracts allow, added up over tenants that have a limit.
    pub contracted: ByteSize,
    /// Pools of tenants and domains at 80 to 89 %.
    pub warning: u64,
    /// At 90 to 99 %.
    pub critical: u64,
    /// At 100 % or more.
    pub full: u64,
    /// Locked.
    pub locked: u64,
}

/// Adds all pools up. Reads one row per domain.
pub fn summary(tx: &Tx<'_>, _operator: PlatformScope) -> Result<Summary, DirectoryError> {
    let sum = |column: &str, condition: &str| {
        format!("CAST(COALESCE(SUM(CASE WHEN {condition} THEN {column} ELSE 0 END), 0) AS BIGINT)")
    };
    let tenant = |column: &str| sum(column, "domain_id = 0");
    let sql = format!(
        "SELECT {}, {}, {}, {}, {}, {}, {}, {}, {} FROM pool",
        tenant("1"),
        tenant("accounts"),
        tenant("used_bytes"),
        tenant("used_messages"),
        tenant("limit_bytes"),
        sum("1", "band = 80"),
        sum("1", "band = 90"),
        sum("1", "band = 100"),
        sum("1", "locked_at IS NOT NULL"),
    );
    Ok(tx.query_one(&sql, &[], |row: &Row<'_>| {
        Ok::<_, DbError>(Summary {
            tenants: row.get(0)?,
            accounts: row.get(1)?,
            used: row.get(2)?,
            messages: row.get(3)?,
            contracted: row.get(4)?,
            warning: row.get(5)?,
            critical: row.get(6)?,
            full: row.get(7)?,
            locked: row.get(8)?,
        })
    })?)
}

/// Whether the people of a tenant may send, as far as its pools are concerned (C-01).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendingOf {
    /// They may.
    Open,
    /// Nobody may: the tenant's pool is locked, and the contract then blocks sending too.
    Blocked,
    /// Not those of some domains; ask for each account ([`is_sending_blocked`]).
    BlockedInDomains,
}

/// Whether the people of a tenant may send.
pub fn sending_of(tx: &Tx<'_>, scope: TenantScope) -> Result<SendingOf, DirectoryError> {
    let first = tx.query_opt(SENDING_OF, params![scope.tenant], |row| row.get::<i64>(0))?;
    Ok(match first {
        None => SendingOf::Open,
        Some(0) => SendingOf::Blocked,
        Some(_) => SendingOf::BlockedInDomains,
    })
}

const SENDING_OF: &str = "SELECT domain_id FROM pool_lock \
     WHERE tenant_id = ?1 AND blocks_sending = 1 ORDER BY domain_id LIMIT 1";

/// Whether an account is among those who may not send.
pub fn is_sending_blocked(tx: &Tx<'_>, scope: AccountScope) -> Result<bool, DirectoryError> {
    let found = tx.query_opt(SENDING, params![scope.tenant, scope.account], |row| {
        row.get::<AccountId>(0)
    })?;
    Ok(found.is_some())
}

const SENDING: &str = "SELECT a.id FROM account a JOIN pool_lock l ON l.tenant_id = a.tenant_id \
     AND l.domain_id IN (0, a.domain_id) \
     WHERE a.tenant_id = ?1 AND a.id = ?2 AND l.blocks_sending = 1 LIMIT 1";

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pools_are_searched_for() {
        hikyaku_db::testing::assert_only_searches(list_of_tenant(), 3).await;
        hikyaku_db::testing::assert_only_searches(list_troubled(), 3).await;
        hikyaku_db::testing::assert_only_searches(SENDING.to_owned(), 2).await;
        hikyaku_db::testing::assert_only_searches(SENDING_OF.to_owned(), 1).await;
    }
}

//! What an operator does to a pool (OP-13).

use hikyaku_db::{DbError, Hint, Tx, WriteTx, params};
use hikyaku_types::Id;

use super::{
    MAX_EXTRA_HOURS, Pool, PoolKey,
    record::{unlock, upsert},
    row::{COLUMNS, read, read_named, values},
};
use crate::{DirectoryError, PlatformScope};

/// The pool that an id names: a tenant's, or a domain's. Nothing when it was never measured.
pub fn find(
    tx: &Tx<'_>,
    _operator: PlatformScope,
    id: i64,
) -> Result<Option<Pool>, DirectoryError> {
    Ok(tx.query_opt(&by_id(), params![id], read_named)?)
}

fn by_id() -> String {
    format!(
        "SELECT {COLUMNS}, t.name FROM pool p JOIN tenant t ON t.id = p.tenant_id \
         WHERE p.tenant_id = ?1 AND p.domain_id = 0 \
         UNION ALL SELECT {COLUMNS}, d.name FROM domain d \
         JOIN pool p ON p.tenant_id = d.tenant_id AND p.domain_id = d.id WHERE d.id = ?1"
    )
}

/// Adds hours to the grace of a pool that is above 100 % and not locked, up to
/// [`MAX_EXTRA_HOURS`]. Nothing when it is not such a pool.
pub fn extend(tx: &WriteTx<'_>, key: PoolKey, hours: u32) -> Result<Option<Pool>, DirectoryError> {
    let Some(mut pool) = lock(tx, key)? else {
        return Ok(None);
    };
    if pool.standing.over.is_none() || pool.standing.locked_at.is_some() {
        return Ok(None);
    }
    let extra = pool.standing.extra_hours.saturating_add(hours);
    pool.standing.extra_hours = extra.min(MAX_EXTRA_HOURS);
    upsert(tx, vec![values(&pool)])?;
    Ok(Some(pool))
}

/// Ends the lock of a pool although it is above 100 %; its grace begins anew. Nothing when it is
/// not locked.
pub fn release(tx: &WriteTx<'_>, key: PoolKey) -> Result<Option<Pool>, DirectoryError> {
    let Some(mut pool) = lock(tx, key)? else {
        return Ok(None);
    };
    if pool.standing.locked_at.is_none() {
        return Ok(None);
    }
    pool.standing = pool.standing.released(tx.now());
    // The time until the next measurement is the first that counts.
    pool.measured_at = pool.measured_at.max(tx.now());
    upsert(tx, vec![values(&pool)])?;
    unlock(tx, key)?;
    tx.hint(Hint::Tenant(key.tenant.tenant));
    Ok(Some(pool))
}

fn lock(tx: &WriteTx<'_>, key: PoolKey) -> Result<Option<Pool>, DbError> {
    tx.query_opt(
        &format!(
            "SELECT {COLUMNS} FROM pool p WHERE p.tenant_id = ?1 AND p.domain_id = ?2 FOR UPDATE"
        ),
        params![key.tenant.tenant, key.domain.map_or(0, Id::to_i64)],
        read,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_id_is_searched_for() {
        hikyaku_db::testing::assert_only_searches(by_id(), 1).await;
    }
}

//! The row of a pool.

use std::time::Duration;

use hikyaku_db::{DbError, Row, Value};
use hikyaku_types::{DomainId, Id as _};

use super::{Band, Over, Pool, PoolKey, Standing, Totals};
use crate::{TenantScope, stored::unreadable};

/// The columns of [`read`], of a table named `p`.
pub(super) const COLUMNS: &str = "p.tenant_id, p.domain_id, p.limit_bytes, p.used_bytes, \
     p.used_messages, p.accounts, p.allocated_bytes, p.unlimited, p.band, p.band_since, \
     p.over_since, p.over_ms, p.grace_hours, p.extra_hours, p.locked_at, p.noticed, p.measured_at";

/// How many there are.
pub(super) const COUNT: usize = 17;

/// A pool; its name is in the column behind the others, if the statement has it there.
pub(super) fn read(row: &Row<'_>) -> Result<Pool, DbError> {
    let domain: DomainId = row.get(1)?;
    let over_ms: u64 = row.get(11)?;
    let over = row.get::<Option<_>>(10)?.map(|since| Over {
        since,
        counted: Duration::from_millis(over_ms),
    });
    Ok(Pool {
        key: PoolKey {
            tenant: TenantScope {
                tenant: row.get(0)?,
            },
            domain: Some(domain).filter(|domain| domain.to_i64() != 0),
        },
        name: String::new(),
        limit: row.get(2)?,
        totals: Totals {
            used: row.get(3)?,
            messages: row.get(4)?,
            accounts: row.get(5)?,
            allocated: row.get(6)?,
            unlimited: row.get(7)?,
        },
        grace_hours: row.get(12)?,
        standing: Standing {
            band: Band::from_floor(row.get(8)?).ok_or(unreadable(8, "a band"))?,
            band_since: row.get(9)?,
            over,
            extra_hours: row.get(13)?,
            locked_at: row.get(14)?,
            noticed: row.get(15)?,
        },
        measured_at: row.get(16)?,
    })
}

/// A pool with its name.
pub(super) fn read_named(row: &Row<'_>) -> Result<Pool, DbError> {
    Ok(Pool {
        name: row.get(COUNT)?,
        ..read(row)?
    })
}

/// The values of a pool's columns.
pub(super) fn values(pool: &Pool) -> [Value<'static>; COUNT] {
    let (totals, standing) = (&pool.totals, &pool.standing);
    let counted = standing.over.map_or(Duration::ZERO, |over| over.counted);
    [
        pool.key.tenant.tenant.into(),
        pool.key.domain_number().into(),
        pool.limit.into(),
        totals.used.into(),
        count(totals.messages),
        count(totals.accounts),
        totals.allocated.into(),
        count(totals.unlimited),
        standing.band.floor().into(),
        standing.band_since.into(),
        standing.over.map(|over| over.since).into(),
        count(u64::try_from(counted.as_millis()).unwrap_or(u64::MAX)),
        pool.grace_hours.into(),
        standing.extra_hours.into(),
        standing.locked_at.into(),
        standing.noticed.into(),
        pool.measured_at.into(),
    ]
}

fn count(number: u64) -> Value<'static> {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

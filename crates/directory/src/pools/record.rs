//! Writing down what was measured.

use std::collections::HashMap;

use hikyaku_db::{
    DbError, Hint, Value, WriteTx, params,
    sql::{in_list, values_list},
};
use hikyaku_types::{Id, TenantId, Timestamp};

use super::{
    Contracted, Event, Found, Gap, Pool, PoolKey, Standing, Totals, elapsed,
    row::{COLUMNS, COUNT, read, values},
};
use crate::{
    DirectoryError, PlatformScope,
    plans::{OverAction, OverQuotaReply},
};

/// Rows that one statement writes, largest first.
const ROWS: [usize; 3] = [64, 8, 1];
/// Tenants that one statement looks up, smallest first.
const TENANTS: [usize; 2] = [1, 64];

/// A pool after a measurement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The pool.
    pub pool: Pool,
    /// What happened to it.
    pub events: Vec<Event>,
    /// When it was measured before.
    pub previous: Option<Timestamp>,
}

/// Writes down what a few pools hold, and locks and unlocks them. `gap` is how the time since their
/// last measurement went by. All pools of a tenant come in one call.
pub fn record(
    tx: &WriteTx<'_>,
    _operator: PlatformScope,
    measured: &[(Contracted, Totals)],
    gap: Gap,
) -> Result<Vec<Recorded>, DirectoryError> {
    let mut before = locked(tx, measured)?;
    let mut recorded = Vec::with_capacity(measured.len());
    for (contracted, totals) in measured {
        let old = before.remove(&contracted.key);
        recorded.push(advance(contracted, *totals, old, (tx.now(), gap)));
    }
    let rows: Vec<_> = recorded.iter().map(|one| values(&one.pool)).collect();
    upsert(tx, rows)?;
    for (one, (contracted, _)) in recorded.iter().zip(measured) {
        set_lock(tx, one, contracted)?;
    }
    Ok(recorded)
}

/// Removes pools whose domain is gone.
pub fn forget_gone(tx: &WriteTx<'_>, _operator: PlatformScope) -> Result<u64, DirectoryError> {
    let mut gone = 0;
    for table in ["pool", "pool_lock"] {
        gone += tx.execute(
            &format!(
                "DELETE FROM {table} WHERE domain_id > 0 AND NOT EXISTS (SELECT 1 FROM domain d \
                 WHERE d.tenant_id = {table}.tenant_id AND d.id = {table}.domain_id)"
            ),
            &[],
        )?;
    }
    Ok(gone)
}

/// The rows there are, locked.
fn locked(
    tx: &WriteTx<'_>,
    measured: &[(Contracted, Totals)],
) -> Result<HashMap<PoolKey, Pool>, DbError> {
    let tenants: Vec<TenantId> = measured
        .iter()
        .filter(|(contracted, _)| contracted.key.domain.is_none())
        .map(|(contracted, _)| contracted.key.tenant.tenant)
        .collect();
    let mut found = HashMap::new();
    let [.., most] = TENANTS;
    for chunk in tenants.chunks(most) {
        let size = TENANTS.into_iter().find(|size| chunk.len() <= *size);
        let size = size.unwrap_or(most);
        let padded = chunk
            .iter()
            .chain(chunk.last().into_iter().cycle())
            .take(size);
        let parameters: Vec<Value<'_>> = padded.map(|tenant| Value::from(*tenant)).collect();
        let sql = format!(
            "SELECT {COLUMNS} FROM pool p WHERE p.tenant_id IN ({}) \
             ORDER BY p.tenant_id, p.domain_id FOR UPDATE",
            in_list(1, size)
        );
        for pool in tx.query(&sql, &parameters, read)? {
            found.insert(pool.key, pool);
        }
    }
    Ok(found)
}

fn advance(
    contracted: &Contracted,
    totals: Totals,
    old: Option<Pool>,
    (now, gap): (Timestamp, Gap),
) -> Recorded {
    let found = Found {
        used: totals.used,
        limit: contracted.limit,
        grace_hours: contracted.grace_hours,
    };
    let measured_at = old.as_ref().map(|pool| pool.measured_at);
    let standing = old.map_or(Standing::new(now), |pool| pool.standing);
    let (standing, events) = standing.after(found, elapsed(measured_at, now, gap), now);
    Recorded {
        pool: Pool {
            key: contracted.key,
            name: contracted.name.clone(),
            totals,
            limit: contracted.limit,
            grace_hours: contracted.grace_hours,
            standing,
            measured_at: now,
        },
        events,
        previous: measured_at,
    }
}

/// Writes whole rows.
pub(super) fn upsert(tx: &WriteTx<'_>, rows: Vec<[Value<'static>; COUNT]>) -> Result<(), DbError> {
    let names = COLUMNS.replace("p.", "");
    let set: Vec<String> = names
        .split(", ")
        .skip(2)
        .map(|name| format!("{name} = excluded.{name}"))
        .collect();
    let mut rows = rows.into_iter();
    while rows.len() > 0 {
        let fitting = ROWS.iter().find(|count| **count <= rows.len());
        let count = fitting.copied().unwrap_or(1);
        let parameters: Vec<Value<'_>> = rows.by_ref().take(count).flatten().collect();
        let sql = format!(
            "INSERT INTO pool ({names}) VALUES {} \
             ON CONFLICT (tenant_id, domain_id) DO UPDATE SET {}",
            values_list(1, count, COUNT),
            set.join(", ")
        );
        tx.execute(&sql, &parameters)?;
    }
    Ok(())
}

/// What routing and submission read of it. A lock that goes on is written again only when the
/// contract changed what it does.
fn set_lock(tx: &WriteTx<'_>, recorded: &Recorded, contracted: &Contracted) -> Result<(), DbError> {
    let key = contracted.key;
    let changed = if recorded.pool.standing.locked_at.is_some() {
        let reply = number_of(contracted.reply);
        let blocks = contracted.over_action == OverAction::RejectInboundAndBlockSend;
        tx.execute(
            "INSERT INTO pool_lock (tenant_id, domain_id, reply, blocks_sending) \
             VALUES (?1, ?2, ?3, ?4) ON CONFLICT (tenant_id, domain_id) \
             DO UPDATE SET reply = excluded.reply, blocks_sending = excluded.blocks_sending \
             WHERE pool_lock.reply <> excluded.reply \
             OR pool_lock.blocks_sending <> excluded.blocks_sending",
            params![key.tenant.tenant, key.domain_number(), reply, blocks],
        )?
    } else if recorded.events.contains(&Event::Unlocked) {
        unlock(tx, key)?
    } else {
        0
    };
    if changed > 0 {
        tx.hint(Hint::Tenant(key.tenant.tenant));
    }
    Ok(())
}

/// What senders are told, as it is stored; the lower number wins over the higher one.
fn number_of(reply: OverQuotaReply) -> i64 {
    match reply {
        OverQuotaReply::Temporary => 1,
        OverQuotaReply::Permanent => 2,
    }
}

/// The reply that is stored so.
pub(crate) fn reply_of(number: i64) -> OverQuotaReply {
    if number == number_of(OverQuotaReply::Temporary) {
        OverQuotaReply::Temporary
    } else {
        OverQuotaReply::Permanent
    }
}

/// Lets mail in again.
pub(super) fn unlock(tx: &WriteTx<'_>, key: PoolKey) -> Result<u64, DbError> {
    tx.execute(
        "DELETE FROM pool_lock WHERE tenant_id = ?1 AND domain_id = ?2",
        params![key.tenant.tenant, key.domain.map_or(0, Id::to_i64)],
    )
}

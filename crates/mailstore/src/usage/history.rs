//! The history of usage, for charts.

use std::time::Duration;

use hikyaku_db::{DbError, Tx, Value, WriteTx, params};
use hikyaku_directory::{
    PlatformScope,
    pools::{PoolKey, Totals},
};
use hikyaku_types::{ByteSize, Timestamp};

use crate::{error::MailError, list::insert_rows};

/// How long the points of hours are kept (48 hours).
pub const HOURS_KEPT: Duration = Duration::from_hours(48);
/// How long the points of days are kept (400 days, as the operation log).
pub const DAYS_KEPT: Duration = Duration::from_hours(400 * 24);
/// Rows that one statement removes at most (500).
pub const PURGE_CHUNK: u32 = 500;

/// What was measured of a pool, and to which hour and day it belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// Which pool.
    pub key: PoolKey,
    /// The beginning of the hour.
    pub hour: Timestamp,
    /// The beginning of the day, in the tenant's time zone.
    pub day: Timestamp,
    /// What it holds.
    pub totals: Totals,
    /// What it may hold; 0: no limit.
    pub limit: ByteSize,
}

/// The points of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// One for each hour.
    Hours,
    /// One for each day.
    Days,
}

/// One point of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// The beginning of the hour or day.
    pub at: Timestamp,
    /// What was used at its end.
    pub used: ByteSize,
    /// The most that was measured within it.
    pub peak: ByteSize,
    /// Messages.
    pub messages: u64,
    /// Mailboxes.
    pub accounts: u64,
    /// What might be used; 0: no limit.
    pub limit: ByteSize,
}

/// Writes the points of the present hour and day; the last measurement of each stays.
pub fn record(
    tx: &WriteTx<'_>,
    _operator: PlatformScope,
    measured: &[Measured],
) -> Result<(), DbError> {
    let count = |number: u64| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
    let hours = measured.iter().map(|one| -> [Value<'_>; 7] {
        [
            one.key.tenant.tenant.into(),
            one.key.domain_number().into(),
            one.hour.into(),
            one.totals.used.into(),
            count(one.totals.messages),
            count(one.totals.accounts),
            one.limit.into(),
        ]
    });
    insert_rows(
        tx,
        "INSERT INTO usage_hour (tenant_id, domain_id, at, used_bytes, used_messages, accounts, \
         limit_bytes)",
        hours.collect(),
        " ON CONFLICT (tenant_id, domain_id, at) DO UPDATE SET used_bytes = excluded.used_bytes, \
         used_messages = excluded.used_messages, accounts = excluded.accounts, \
         limit_bytes = excluded.limit_bytes",
    )?;
    let days = measured.iter().map(|one| -> [Value<'_>; 8] {
        [
            one.key.tenant.tenant.into(),
            one.key.domain_number().into(),
            one.day.into(),
            one.totals.used.into(),
            one.totals.used.into(),
            count(one.totals.messages),
            count(one.totals.accounts),
            one.limit.into(),
        ]
    });
    insert_rows(
        tx,
        "INSERT INTO usage_day (tenant_id, domain_id, at, used_bytes, peak_bytes, used_messages, \
         accounts, limit_bytes)",
        days.collect(),
        " ON CONFLICT (tenant_id, domain_id, at) DO UPDATE SET used_bytes = excluded.used_bytes, \
         peak_bytes = CASE WHEN usage_day.peak_bytes > excluded.peak_bytes \
         THEN usage_day.peak_bytes ELSE excluded.peak_bytes END, \
         used_messages = excluded.used_messages, accounts = excluded.accounts, \
         limit_bytes = excluded.limit_bytes",
    )?;
    Ok(())
}

/// The points of a pool from an instant on, ascending: at most 49 hours or 401 days.
pub fn series(
    tx: &Tx<'_>,
    key: PoolKey,
    resolution: Resolution,
    since: Timestamp,
) -> Result<Vec<Point>, MailError> {
    let sql = match resolution {
        Resolution::Hours => HOURS,
        Resolution::Days => DAYS,
    };
    let parameters = params![key.tenant.tenant, key.domain_number(), since];
    Ok(tx.query(sql, parameters, |row| {
        Ok(Point {
            at: row.get(0)?,
            used: row.get(1)?,
            peak: row.get(2)?,
            messages: row.get(3)?,
            accounts: row.get(4)?,
            limit: row.get(5)?,
        })
    })?)
}

const HOURS: &str = "SELECT at, used_bytes, used_bytes, used_messages, accounts, limit_bytes \
     FROM usage_hour WHERE tenant_id = ?1 AND domain_id = ?2 AND at >= ?3 ORDER BY at LIMIT 49";
const DAYS: &str = "SELECT at, used_bytes, peak_bytes, used_messages, accounts, limit_bytes \
     FROM usage_day WHERE tenant_id = ?1 AND domain_id = ?2 AND at >= ?3 ORDER BY at LIMIT 401";

/// Removes a chunk of what is past its time, and says how many rows: 0 when there is no more.
pub fn purge(tx: &WriteTx<'_>, _operator: PlatformScope) -> Result<u64, MailError> {
    let mut removed = 0;
    for (table, key, kept) in PAST {
        let sql = past(table, key);
        removed += tx.execute(&sql, params![tx.now().minus(kept), PURGE_CHUNK])?;
    }
    Ok(removed)
}

const PAST: [(&str, &str, Duration); 3] = [
    ("usage_hour", "tenant_id, domain_id, at", HOURS_KEPT),
    ("usage_day", "tenant_id, domain_id, at", DAYS_KEPT),
    ("usage_top", "tenant_id, at, place", DAYS_KEPT),
];

fn past(table: &str, key: &str) -> String {
    format!(
        "DELETE FROM {table} WHERE ({key}) IN \
         (SELECT {key} FROM {table} WHERE at < ?1 ORDER BY at LIMIT ?2)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn points_are_searched_for() {
        for sql in [HOURS, DAYS] {
            hikyaku_db::testing::assert_only_searches(sql.to_owned(), 3).await;
        }
        for (table, key, _) in PAST {
            hikyaku_db::testing::assert_only_searches(past(table, key), 2).await;
        }
    }
}

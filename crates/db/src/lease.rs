//! The lease of a node number: taken at the start, renewed by a thread, given back at the end.
//!
//! What keeps ids unique is the recorded range (see [`crate::ids`]), not the lease's time. The time
//! only says which numbers nobody seems to use any more, so wrong clocks cost at worst a number
//! that changes hands.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use hikyaku_types::Timestamp;

use crate::{
    error::DbError,
    ids::{Lease, NODES, RANGE_MS, since_epoch},
    params,
    tx::WriteTx,
};

/// A number whose holder has not renewed for this long may be taken over (default 30 minutes).
const LEASE: Duration = Duration::from_mins(30);
/// How often the lease is renewed (default 5 minutes: half of the recorded range).
pub(crate) const RENEW_EVERY: Duration = Duration::from_millis(RANGE_MS as u64 / 2);
/// How soon a failed renewal is tried again (default 1 s).
pub(crate) const RETRY_EVERY: Duration = Duration::from_secs(1);
/// How often a race for a new number is run before it is given up (default 64).
const RACES: u32 = 64;

/// A name that no other process has.
pub(crate) fn holder_name() -> String {
    let random = || RandomState::new().hash_one(0_u8);
    format!("{}-{:016x}{:016x}", std::process::id(), random(), random())
}

/// Takes a node number: a free one, else a new one, else the one that was renewed longest ago.
pub(crate) fn acquire(tx: &WriteTx<'_>, holder: &str, last_ms: i64) -> Result<Lease, DbError> {
    for _ in 0..RACES {
        if let Some((node, mark)) = candidate(tx)? {
            let lease = range_after(node, tx.now(), last_ms.max(mark));
            tx.execute(
                "UPDATE node SET holder = ?2, id_mark = ?3, leased_until = ?4 WHERE number = ?1",
                params![node, holder, lease.mark_ms, tx.now().plus(LEASE)],
            )?;
            return Ok(lease);
        }
        let node = tx.query_one(
            "SELECT CAST(COALESCE(MAX(number) + 1, 0) AS BIGINT) FROM node",
            params![],
            |row| row.get::<i64>(0),
        )?;
        let lease = range_after(node, tx.now(), last_ms);
        let taken = tx.execute(
            "INSERT INTO node (number, holder, id_mark, leased_until) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO NOTHING",
            params![node, holder, lease.mark_ms, tx.now().plus(LEASE)],
        )?;
        if taken == 1 {
            return Ok(lease);
        }
    }
    Err(DbError::unavailable("no node number could be leased"))
}

/// Records a further range for a lease. Nothing when the number belongs to somebody else now.
pub(crate) fn renew(
    tx: &WriteTx<'_>,
    holder: &str,
    lease: Lease,
    last_ms: i64,
) -> Result<Option<Lease>, DbError> {
    let mark_ms = lease
        .mark_ms
        .max(since_epoch(tx.now()).max(last_ms) + RANGE_MS);
    let renewed = tx.execute(
        "UPDATE node SET id_mark = ?3, leased_until = ?4 WHERE number = ?1 AND holder = ?2",
        params![lease.node, holder, mark_ms, tx.now().plus(LEASE)],
    )?;
    Ok((renewed == 1).then_some(Lease { mark_ms, ..lease }))
}

/// Gives the number back, with the mark at the last id that was given.
pub(crate) fn release(
    tx: &WriteTx<'_>,
    holder: &str,
    lease: Lease,
    last_ms: i64,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE node SET holder = NULL, id_mark = ?3 WHERE number = ?1 AND holder = ?2",
        params![lease.node, holder, last_ms.min(lease.mark_ms)],
    )?;
    Ok(())
}

/// A number to take over: one that is free, or, when all exist, the one renewed longest ago.
fn candidate(tx: &WriteTx<'_>) -> Result<Option<(i64, i64)>, DbError> {
    let number_and_mark = |row: &crate::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let free = tx.query_opt(
        "SELECT number, id_mark FROM node WHERE holder IS NULL
         ORDER BY id_mark LIMIT 1 FOR UPDATE SKIP LOCKED",
        params![],
        number_and_mark,
    )?;
    if free.is_some() {
        return Ok(free);
    }
    tx.query_opt(
        "SELECT number, id_mark FROM node
         WHERE leased_until < ?1 OR (SELECT COUNT(*) FROM node) >= ?2
         ORDER BY leased_until LIMIT 1 FOR UPDATE SKIP LOCKED",
        params![tx.now(), NODES],
        number_and_mark,
    )
}

/// The range that begins above `mark_ms` and not before now.
fn range_after(node: i64, now: Timestamp, mark_ms: i64) -> Lease {
    let from_ms = since_epoch(now).max(mark_ms + 1);
    Lease {
        node,
        from_ms,
        mark_ms: from_ms + RANGE_MS,
    }
}

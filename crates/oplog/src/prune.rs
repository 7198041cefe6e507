//! Removing what is past its time.

use std::time::Duration;

use hikyaku_db::{Database, DbError, Lane, WriteTx, params};
use hikyaku_types::Timestamp;
use serde_json::json;

use crate::{Actor, ActorKind, Chain, NewEntry, Target, append, chain, key};

/// How long entries are kept (OP-21), unless the operator says otherwise: 400 days.
pub const RETENTION: Duration = Duration::from_hours(400 * 24);
/// Entries that are removed within one transaction.
pub const PRUNE_CHUNK: i64 = 500;
/// A chain is pruned when its oldest entry is this much older than it must be: pruning writes an
/// entry itself, and need not do so at every round.
pub const PRUNE_STEP: Duration = Duration::from_hours(7 * 24);

/// Removes the entries of a chain from before an instant, and says how many. What it leaves is a
/// checkpoint (the last removed number and hash, with a keyed MAC) and an entry that says so.
pub async fn prune(db: &Database, chain: Chain, before: Timestamp) -> Result<u64, DbError> {
    let candidate: [u8; 32] = rand::random();
    let announced = db
        .write(Lane::Background, move |tx| announce(tx, chain, before))
        .await?;
    let Some(through) = announced else {
        return Ok(0);
    };
    let mut removed = 0;
    loop {
        let step = db
            .write(Lane::Background, move |tx| {
                remove(tx, chain, through, &candidate)
            })
            .await?;
        if step == 0 {
            return Ok(removed);
        }
        removed += step;
    }
}

/// The last entry to be removed, if there is enough to remove; with an entry that says so.
fn announce(tx: &WriteTx<'_>, chain: Chain, before: Timestamp) -> Result<Option<i64>, DbError> {
    let Some(ends) = chain::lock(tx, chain)? else {
        return Ok(None);
    };
    let oldest: Option<Timestamp> = tx.query_opt(
        "SELECT at FROM oplog_entry WHERE chain = ?1 ORDER BY at, seq LIMIT 1",
        params![chain.number()],
        |row| row.get(0),
    )?;
    if oldest.is_none_or(|oldest| oldest >= before.minus(PRUNE_STEP)) {
        return Ok(None);
    }
    let last: Option<(i64, String)> = tx.query_opt(
        "SELECT seq, hash FROM oplog_entry WHERE chain = ?1 AND at < ?2
         ORDER BY at DESC, seq DESC LIMIT 1",
        params![chain.number(), before],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let Some((through, hash)) = last else {
        return Ok(None);
    };
    let entry = NewEntry {
        chain,
        actor: Actor {
            kind: ActorKind::System,
            id: String::new(),
            name: "retention".to_owned(),
        },
        on_behalf_of: None,
        action: "operation_log.prune",
        target: Target::new("operation_log", chain.number(), chain),
        before: serde_json::Value::Null,
        after: json!({ "first": ends.pruned_seq + 1, "through": through, "hash": hash }),
        reason: None,
        shown_to: None,
        address: None,
        request: None,
    };
    append(tx, &entry)?;
    Ok(Some(through))
}

/// One chunk: first the checkpoint, which is what lets the database give the entries up.
fn remove(
    tx: &WriteTx<'_>,
    chain: Chain,
    through: i64,
    candidate: &[u8; 32],
) -> Result<u64, DbError> {
    let Some(ends) = chain::lock(tx, chain)? else {
        return Ok(0);
    };
    let last = through.min(ends.pruned_seq + PRUNE_CHUNK);
    if last <= ends.pruned_seq {
        return Ok(0);
    }
    let hash: String = tx.query_one(
        "SELECT hash FROM oplog_entry WHERE chain = ?1 AND seq = ?2",
        params![chain.number(), last],
        |row| row.get(0),
    )?;
    let mac = key::load_or_make(tx, candidate)?.mac(chain, last, &hash);
    tx.execute(
        "UPDATE oplog_chain SET pruned_seq = ?2, pruned_hash = ?3, pruned_mac = ?4
         WHERE chain = ?1",
        params![chain.number(), last, &hash, &mac],
    )?;
    tx.execute(
        "DELETE FROM oplog_entry WHERE chain = ?1 AND seq <= ?2",
        params![chain.number(), last],
    )
}

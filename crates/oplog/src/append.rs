//! Appending.

use hikyaku_db::{DbError, WriteTx, params};
use hikyaku_types::{Id, LogEntryId};
use serde_json::json;

use crate::NewEntry;

/// Writes an entry within the transaction of the act. Locks the chain until that is committed, so
/// it comes last.
pub fn append(tx: &WriteTx<'_>, entry: &NewEntry) -> Result<LogEntryId, DbError> {
    let id: LogEntryId = tx.new_id();
    let chain = entry.chain.number();
    tx.execute(
        "INSERT INTO oplog_chain (chain, seq, hash) VALUES (?1, 0, '')
         ON CONFLICT (chain) DO NOTHING",
        params![chain],
    )?;
    let (seq, before): (i64, String) = tx.query_one(
        "SELECT seq, hash FROM oplog_chain WHERE chain = ?1 FOR UPDATE",
        params![chain],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let seq = seq + 1;
    let body = json!({
        "seq": seq,
        "id": id,
        "at": tx.now(),
        "actor": entry.actor,
        "on_behalf_of": entry.on_behalf_of,
        "action": entry.action,
        "target": entry.target,
        "before": entry.before,
        "after": entry.after,
        "reason": entry.reason,
        "address": entry.address,
        "request": entry.request,
    })
    .to_string();
    let hash = link(&before, &body);
    tx.execute(
        "INSERT INTO oplog_entry (chain, seq, id, at, action, actor_id, actor_name, target_kind,
             target_id, target_name, body, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            chain,
            seq,
            id.to_i64(),
            tx.now(),
            entry.action,
            &entry.actor.id,
            &entry.actor.name,
            &entry.target.kind,
            &entry.target.id,
            &entry.target.name,
            &body,
            &hash,
        ],
    )?;
    tx.execute(
        "UPDATE oplog_chain SET seq = ?2, hash = ?3 WHERE chain = ?1",
        params![chain, seq, &hash],
    )?;
    Ok(id)
}

/// The hash of an entry: over that of the one before it and its own text.
fn link(before: &str, body: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(before.as_bytes());
    hasher.update(b"\n");
    hasher.update(body.as_bytes());
    hasher.finalize().to_hex().to_string()
}

//! Appending.

use hikyaku_db::{DbError, WriteTx, params};
use hikyaku_types::{Id, LogEntryId, Timestamp};

use crate::{NewEntry, body::Body, chain::link, words};

/// Writes an entry within the transaction of the act. Locks the chain until that is committed, so
/// it comes last. An act that stands in two logs writes into the platform's first: transactions
/// that took the two in different orders would wait for one another.
pub fn append(tx: &WriteTx<'_>, entry: &NewEntry) -> Result<LogEntryId, DbError> {
    let id: LogEntryId = tx.new_id();
    let chain = entry.chain.number();
    // One statement makes the chain or locks it; the hash is still that of the entry before.
    let (seq, before, last): (i64, String, Timestamp) = tx.query_one(
        "INSERT INTO oplog_chain (chain, seq, hash, at) VALUES (?1, 1, '', ?2)
         ON CONFLICT (chain) DO UPDATE SET seq = oplog_chain.seq + 1
         RETURNING seq, hash, at",
        params![chain, tx.now()],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    // A transaction that began earlier may come later: instants never go back within a chain.
    let at = tx.now().max(last);
    let body = Body::new(entry, seq, id, at);
    let text = body.to_text();
    let hash = link(&before, &text);
    tx.execute(
        "INSERT INTO oplog_entry (chain, seq, id, at, action, actor_id, actor_name, target_kind,
             target_id, target_name, words, shown_to, body, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        params![
            chain,
            seq,
            id.to_i64(),
            at,
            entry.action,
            &body.actor.id,
            &body.actor.name,
            &body.target.kind,
            &body.target.id,
            &body.target.name,
            words::of(&body),
            entry.shown_to,
            &text,
            &hash,
        ],
    )?;
    tx.execute(
        "UPDATE oplog_chain SET hash = ?2, at = ?3 WHERE chain = ?1",
        params![chain, &hash, at],
    )?;
    Ok(id)
}

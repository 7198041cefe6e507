//! What the API remembers of requests that create something, so that the same request sent again
//! has no second effect.
//!
//! Invariants: a key belongs to its principal and is taken before the work begins, in a transaction
//! of its own; whoever comes second is told so. Answers with secrets that are shown once are never
//! kept. A key is forgotten [`KEPT`] after it was first used.

use std::time::Duration;

use hikyaku_db::{DbError, Tx, WriteTx, params};
use hikyaku_types::Timestamp;

/// How long a key is remembered: a day, longer than any client repeats a request by itself.
pub const KEPT: Duration = Duration::from_hours(24);
/// How long work may take before it counts as lost: no request of the API lives longer.
pub const LOST_AFTER: Duration = Duration::from_mins(10);
/// Rows that one transaction removes at most.
const PURGED_AT_ONCE: u32 = 1000;

/// Whose request, under which key, saying what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    /// The principal by a name that nobody else has.
    pub principal: String,
    /// What the client sent as its key.
    pub key: String,
    /// A hash of method, path and body.
    pub request: [u8; 32],
}

/// An answer that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The HTTP status.
    pub status: u16,
    /// The JSON document.
    pub body: String,
}

/// What is known of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Nothing: the key is taken now, and the caller does the work.
    New,
    /// The work is being done.
    Running,
    /// The work began and nobody knows how it ended: the process died.
    Lost,
    /// The key was used for another request.
    OtherRequest,
    /// The work is done; its answer held secrets and was not kept.
    DoneOnce,
    /// The work is done.
    Done(Kept),
}

const RUNNING: i64 = 0;
const DONE: i64 = 1;
const DONE_ONCE: i64 = 2;

/// Takes a key, or tells what happened to the request that has it.
pub fn begin(tx: &WriteTx<'_>, of: &RequestKey) -> Result<Begun, DbError> {
    let expired = tx.now().minus(KEPT);
    tx.execute(
        "DELETE FROM api_idempotency WHERE principal = ?1 AND key = ?2 AND begun_at < ?3",
        params![&of.principal, &of.key, expired],
    )?;
    let taken = tx.execute(
        "INSERT INTO api_idempotency (principal, key, request, state, begun_at)
         VALUES (?1, ?2, ?3, 0, ?4) ON CONFLICT (principal, key) DO NOTHING",
        params![&of.principal, &of.key, of.request.as_slice(), tx.now()],
    )?;
    if taken == 1 {
        return Ok(Begun::New);
    }
    let found = tx.query_opt(
        "SELECT request, state, begun_at, status, answer FROM api_idempotency
         WHERE principal = ?1 AND key = ?2",
        params![&of.principal, &of.key],
        |row| {
            let request: Vec<u8> = row.get(0)?;
            let (state, begun_at): (i64, Timestamp) = (row.get(1)?, row.get(2)?);
            let (status, body): (Option<i64>, Option<String>) = (row.get(3)?, row.get(4)?);
            Ok(if request != of.request {
                Begun::OtherRequest
            } else if state == DONE {
                Begun::Done(Kept {
                    status: status.and_then(|s| u16::try_from(s).ok()).unwrap_or(200),
                    body: body.unwrap_or_default(),
                })
            } else if state == DONE_ONCE {
                Begun::DoneOnce
            } else if begun_at < tx.now().minus(LOST_AFTER) {
                Begun::Lost
            } else {
                Begun::Running
            })
        },
    )?;
    // Gone between the two statements: the first request failed, this one may be tried again.
    Ok(found.unwrap_or(Begun::Running))
}

/// Keeps the answer of a request that succeeded; without one, only that it did.
pub fn finish(tx: &WriteTx<'_>, of: &RequestKey, answer: Option<&Kept>) -> Result<(), DbError> {
    let state = if answer.is_some() { DONE } else { DONE_ONCE };
    tx.execute(
        "UPDATE api_idempotency SET state = ?3, status = ?4, answer = ?5
         WHERE principal = ?1 AND key = ?2 AND state = ?6",
        params![
            &of.principal,
            &of.key,
            state,
            answer.map(|kept| i64::from(kept.status)),
            answer.map(|kept| kept.body.as_str()),
            RUNNING
        ],
    )?;
    Ok(())
}

/// Gives a key back: the request had no effect, and may be repeated.
pub fn give_back(tx: &WriteTx<'_>, of: &RequestKey) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM api_idempotency WHERE principal = ?1 AND key = ?2 AND state = ?3",
        params![&of.principal, &of.key, RUNNING],
    )?;
    Ok(())
}

/// Forgets keys that are past their time; tells how many. Call it until it finds none.
pub fn purge(tx: &WriteTx<'_>) -> Result<u64, DbError> {
    let expired = tx.now().minus(KEPT);
    tx.execute(
        "DELETE FROM api_idempotency WHERE (principal, key) IN
         (SELECT principal, key FROM api_idempotency WHERE begun_at < ?1
          ORDER BY begun_at LIMIT ?2)",
        params![expired, PURGED_AT_ONCE],
    )
}

/// How many keys are remembered, for tests and metrics.
pub fn remembered(tx: &Tx<'_>) -> Result<i64, DbError> {
    tx.query_one("SELECT COUNT(*) FROM api_idempotency", params![], |row| {
        row.get(0)
    })
}

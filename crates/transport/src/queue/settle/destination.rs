//! What is remembered of destinations that cannot be reached: none of their mail is tried for a
//! while, by any process, and one attempt then finds out for all.

use hikyaku_db::{DbError, WriteTx, params};
use hikyaku_types::{Domain, Timestamp};

use super::{News, wake};
use crate::queue::{Trouble, schedule};

/// Remembers or forgets.
pub(super) fn record(tx: &WriteTx<'_>, domain: &Domain, news: &News) -> Result<(), DbError> {
    match news {
        News::Reached => reached(tx, domain),
        News::Unreachable(trouble) => unreachable(tx, domain, trouble),
    }
}

fn reached(tx: &WriteTx<'_>, domain: &Domain) -> Result<(), DbError> {
    let known = tx.execute(
        "DELETE FROM queue_destination WHERE destination = ?1",
        params![domain.as_str()],
    )?;
    if known > 0 {
        wake(tx, domain, tx.now())?;
    }
    Ok(())
}

/// Attempts that ran at the same time count as one failure.
fn unreachable(tx: &WriteTx<'_>, domain: &Domain, trouble: &Trouble) -> Result<(), DbError> {
    let known = tx.query_opt(
        "SELECT failures, until_at FROM queue_destination WHERE destination = ?1 FOR UPDATE",
        params![domain.as_str()],
        |row| Ok((row.get::<u32>(0)?, row.get::<Timestamp>(1)?)),
    )?;
    let failures = match known {
        Some((_, until)) if until > tx.now() => return Ok(()),
        Some((failures, _)) => failures.saturating_add(1),
        None => 1,
    };
    let until = tx.now().plus(schedule::back_off(failures));
    tx.execute(
        "INSERT INTO queue_destination \
         (destination, failures, until_at, trouble, status, remote_host, reply) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (destination) DO UPDATE SET \
         failures = excluded.failures, until_at = excluded.until_at, trouble = excluded.trouble, \
         status = excluded.status, remote_host = excluded.remote_host, reply = excluded.reply",
        params![
            domain.as_str(),
            failures,
            until,
            trouble.kind.as_str(),
            trouble.status.as_str(),
            trouble.host.as_deref(),
            trouble.reply.as_deref(),
        ],
    )
    .map(drop)
}

//! What can be sent now, and when there is something to do again.
//!
//! The index leads from one destination to the next, so the look costs a few steps for each
//! destination that has mail, however much mail that is, and keeps only what can be started.

use std::{
    collections::{BinaryHeap, HashSet},
    ops::ControlFlow,
};

use hikyaku_db::{DbError, Tx, params};
use hikyaku_types::{Domain, Timestamp};

use super::{
    claim::{self, Owner},
    message::domain,
};

/// What a scheduler has room for.
#[derive(Debug, Clone)]
pub(super) struct Room {
    pub(super) owner: Owner,
    /// Attempts that may begin.
    pub(super) free: usize,
    /// Destinations that have as many attempts as they may have.
    pub(super) full: HashSet<Domain>,
}

/// A destination with mail that is due.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ready {
    /// Since when.
    pub(super) since: Timestamp,
    pub(super) destination: String,
    /// Whether it could not be reached the last time.
    pub(super) failures: u32,
}

/// What the look found.
#[derive(Debug, Default)]
pub(super) struct Outlook {
    /// Longest due first.
    pub(super) ready: Vec<Ready>,
    /// When there is something to do again, beside what is ready.
    pub(super) next: Option<Timestamp>,
    /// When the first message expires, or its sender is to hear of its delay.
    pub(super) watch: Option<Timestamp>,
    /// When the first lease of somebody else is over.
    pub(super) lease: Option<Timestamp>,
}

const DESTINATIONS: &str = "WITH RECURSIVE d(name) AS (\
     SELECT (SELECT q.destination FROM queue_recipient q WHERE q.state = 1 AND q.held = 0 \
     ORDER BY q.destination LIMIT 1) \
     UNION ALL \
     SELECT (SELECT q.destination FROM queue_recipient q WHERE q.state = 1 AND q.held = 0 \
     AND q.destination > d.name ORDER BY q.destination LIMIT 1) FROM d WHERE d.name IS NOT NULL) \
     SELECT d.name, (SELECT q.due_at FROM queue_recipient q WHERE q.state = 1 AND q.held = 0 \
     AND q.destination = d.name ORDER BY q.due_at LIMIT 1), b.failures, b.until_at \
     FROM d LEFT JOIN queue_destination b ON b.destination = d.name WHERE d.name IS NOT NULL";

/// Looks at all destinations that have mail waiting.
pub(super) fn look(tx: &Tx<'_>, room: &Room) -> Result<Outlook, DbError> {
    let now = tx.now();
    let mut ready: BinaryHeap<Ready> = BinaryHeap::new();
    let mut next: Option<Timestamp> = None;
    tx.for_each(DESTINATIONS, params![], |row| {
        let due: Timestamp = row.get(1)?;
        let until: Option<Timestamp> = row.get(3)?;
        let since = until.map_or(due, |until| due.max(until));
        if since > now {
            next = earlier(next, Some(since));
        } else if !room.full.contains(&domain(row, 0)?) && room.free > 0 {
            ready.push(Ready {
                since,
                destination: row.get(0)?,
                failures: row.get::<Option<u32>>(2)?.unwrap_or(0),
            });
            if ready.len() > room.free {
                ready.pop();
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    let (watch, lease) = (first_watch(tx)?, claim::first_over(tx, room.owner)?);
    Ok(Outlook {
        ready: ready.into_sorted_vec(),
        next: earlier(next, earlier(watch, lease)),
        watch,
        lease,
    })
}

const FIRST_WATCH: &str = "SELECT watch_at FROM queue_recipient WHERE state = 1 AND held = 0 \
     ORDER BY watch_at LIMIT 1";

/// When the first message expires, or its sender is to hear of its delay.
fn first_watch(tx: &Tx<'_>) -> Result<Option<Timestamp>, DbError> {
    tx.query_opt(FIRST_WATCH, params![], |row| row.get(0))
}

fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

//! The id generator: 41 bits of time, 10 bits of node, 12 bits of counter.
//!
//! A process may only give ids whose time lies in the range that is recorded for its node number in
//! the table `node` (up to `id_mark`), and whoever leases a number begins above the mark of its
//! predecessor. So two processes never give the same id, whatever their clocks show and however
//! late one of them learns that its lease is lost; and a clock that was set back changes nothing,
//! because the generator goes on from its last id.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use hikyaku_types::Timestamp;

use crate::error::DbError;

/// The instant from which ids count: 2025-01-01T00:00:00Z, in milliseconds since 1970.
pub(crate) const EPOCH_MS: i64 = 1_735_689_600_000;
/// Bits of the counter within one millisecond.
const COUNTER_BITS: u32 = 12;
/// Bits of the node number.
const NODE_BITS: u32 = 10;
/// How many node numbers there are.
pub(crate) const NODES: i64 = 1 << NODE_BITS;
/// The last millisecond that 41 bits can hold (September 2094).
const LAST_MS: i64 = (1 << 41) - 1;
/// How far ahead of use a range of ids is recorded, in milliseconds (10 minutes: one small write in
/// five minutes, and a crash moves the ids at most ten minutes into the future).
pub(crate) const RANGE_MS: i64 = 10 * 60 * 1000;

/// A node number and the range of time in which ids may be given with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lease {
    /// The node number, below [`NODES`].
    pub(crate) node: i64,
    /// The first millisecond (since [`EPOCH_MS`]) of this lease.
    pub(crate) from_ms: i64,
    /// The last millisecond that is recorded for it.
    pub(crate) mark_ms: i64,
}

/// Gives ids within the leased range.
#[derive(Debug, Default)]
pub(crate) struct IdGenerator {
    state: Mutex<State>,
    wanted: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lease: Option<Lease>,
    /// The last id without its node: milliseconds and counter.
    last_tick: i64,
    /// The keeper of the lease should extend the range now.
    extend: bool,
    /// The keeper of the lease should end.
    closed: bool,
}

/// Why the keeper of the lease woke up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wake {
    /// Time to renew, or the range runs out.
    Renew,
    /// The database closes.
    Close,
}

impl IdGenerator {
    /// The next id, and whether it may be stored.
    pub(crate) fn next(&self, now: Timestamp) -> (i64, Result<(), DbError>) {
        let now_ms = since_epoch(now);
        let mut state = self.lock();
        let Some(lease) = state.lease else {
            return (
                0,
                Err(DbError::unavailable("this process has no node number")),
            );
        };
        let tick = (state.last_tick + 1).max(now_ms.min(lease.mark_ms) << COUNTER_BITS);
        let tick_ms = tick >> COUNTER_BITS;
        if !state.extend && now_ms.max(tick_ms) > lease.mark_ms - RANGE_MS / 2 {
            state.extend = true;
            self.wanted.notify_all();
        }
        if tick_ms > lease.mark_ms {
            return (
                0,
                Err(DbError::unavailable("the recorded range of ids is used up")),
            );
        }
        state.last_tick = tick;
        drop(state);
        let counter = tick & ((1 << COUNTER_BITS) - 1);
        let id = (tick_ms << (NODE_BITS + COUNTER_BITS)) | (lease.node << COUNTER_BITS) | counter;
        (id, Ok(()))
    }

    /// Goes on with a lease that was just recorded.
    pub(crate) fn install(&self, lease: Lease) {
        let mut state = self.lock();
        state.last_tick = state.last_tick.max((lease.from_ms << COUNTER_BITS) - 1);
        state.lease = Some(lease);
        state.extend = false;
    }

    /// The lease, if there is one, and the millisecond of the last id.
    pub(crate) fn standing(&self) -> (Option<Lease>, i64) {
        let state = self.lock();
        (state.lease, state.last_tick >> COUNTER_BITS)
    }

    /// Stops giving ids for good, and tells the lease and the millisecond of the last id.
    pub(crate) fn end(&self) -> (Option<Lease>, i64) {
        let mut state = self.lock();
        (state.lease.take(), state.last_tick >> COUNTER_BITS)
    }

    /// Stops giving ids: the lease belongs to somebody else, or ends.
    pub(crate) fn revoke(&self) {
        self.lock().lease = None;
    }

    /// Waits until the lease is to be renewed, at most for `patience`.
    pub(crate) fn wait(&self, patience: std::time::Duration) -> Wake {
        let guard = self.lock();
        let (mut state, _) = self
            .wanted
            .wait_timeout_while(guard, patience, |state| !state.extend && !state.closed)
            .unwrap_or_else(PoisonError::into_inner);
        state.extend = false;
        if state.closed {
            Wake::Close
        } else {
            Wake::Renew
        }
    }

    /// Waits for all of `time`, whatever is wanted meanwhile: a renewal has just failed.
    pub(crate) fn pause(&self, time: std::time::Duration) -> Wake {
        let (state, _) = self
            .wanted
            .wait_timeout_while(self.lock(), time, |state| !state.closed)
            .unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            Wake::Close
        } else {
            Wake::Renew
        }
    }

    /// Ends the keeper of the lease.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.wanted.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Milliseconds since the epoch of ids, within what 41 bits can hold.
pub(crate) fn since_epoch(now: Timestamp) -> i64 {
    now.millis().saturating_sub(EPOCH_MS).clamp(0, LAST_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp(EPOCH_MS + ms)
    }

    fn generator(node: i64, from_ms: i64, mark_ms: i64) -> IdGenerator {
        let ids = IdGenerator::default();
        ids.install(Lease {
            node,
            from_ms,
            mark_ms,
        });
        ids
    }

    #[test]
    fn an_id_holds_time_node_and_counter() {
        let ids = generator(5, 0, 1_000_000);
        assert_eq!(ids.next(at(7)), ((7 << 22) | (5 << 12), Ok(())));
        assert_eq!(ids.next(at(7)), ((7 << 22) | (5 << 12) | 1, Ok(())));
        assert_eq!(ids.next(at(8)), ((8 << 22) | (5 << 12), Ok(())));
    }

    #[test]
    fn ids_rise_when_the_clock_goes_back_or_stands_still() {
        let ids = generator(1, 0, 1_000_000);
        let mut last = ids.next(at(500)).0;
        for ms in std::iter::repeat_n(500, 10_000).chain([3, 2, 1]) {
            let (id, standing) = ids.next(at(ms));
            assert!(id > last && standing.is_ok(), "{id} after {last}");
            last = id;
        }
    }

    #[test]
    fn a_clock_beyond_the_mark_uses_the_recorded_range_and_asks_for_more() {
        let ids = generator(1, 0, RANGE_MS);
        let (id, standing) = ids.next(at(RANGE_MS * 50));
        assert_eq!((id >> 22, standing), (RANGE_MS, Ok(())));
        assert_eq!(ids.wait(std::time::Duration::from_mins(1)), Wake::Renew);
        // One millisecond of the range is left: 4096 ids, one of them used.
        for _ in 1..4096 {
            assert!(ids.next(at(RANGE_MS * 50)).1.is_ok());
        }
        let refused = ids.next(at(RANGE_MS * 50)).1;
        assert!(
            matches!(refused, Err(DbError::Unavailable { .. })),
            "{refused:?}"
        );
        ids.install(Lease {
            node: 1,
            from_ms: RANGE_MS + 1,
            mark_ms: RANGE_MS * 52,
        });
        assert!(ids.next(at(RANGE_MS * 50)).0 > id);
    }

    #[test]
    fn without_a_lease_there_are_no_ids() {
        let ids = generator(1, 0, RANGE_MS);
        ids.revoke();
        assert!(ids.next(at(1)).1.is_err());
    }
}

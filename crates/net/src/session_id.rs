//! Names of sessions, for logs and traces.

use std::{
    sync::{
        LazyLock,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use hikyaku_types::{Id as _, SessionId};

/// Bits below the start time: four million sessions per millisecond of uptime never collide with
/// the names a later process gives.
const COUNTER_BITS: u32 = 22;
/// Bits of the start time in milliseconds (until 2039 within 41 bits, then it wraps).
const TIME_MASK: i64 = (1 << 41) - 1;

static NEXT: LazyLock<AtomicI64> = LazyLock::new(|| {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(1, |elapsed| elapsed.as_millis());
    let millis = i64::try_from(now).unwrap_or(1) & TIME_MASK;
    AtomicI64::new((millis << COUNTER_BITS) | 1)
});

/// A name no other session of this process has, nor one of an earlier process.
pub(crate) fn next() -> SessionId {
    SessionId::from_i64(NEXT.fetch_add(1, Relaxed) & i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_positive_and_distinct() {
        let (first, second) = (next(), next());
        assert!(first.to_i64() > 0);
        assert!(second > first);
    }
}

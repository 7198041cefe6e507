//! When to try again.

use std::time::Duration;

use hikyaku_types::{Id as _, QueuedId};

/// Minutes from one attempt to the next; the last one repeats. The first serves greylisting, which
/// asks for minutes; RFC 5321 §4.5.4.1 asks for 30 minutes and more later on.
const RETRY_MINUTES: [u64; 7] = [5, 10, 20, 40, 60, 120, 180];

/// Minutes for which a destination that cannot be reached gets no mail; the last one repeats. One
/// message then tries whether it can be reached again.
const BACK_OFF_MINUTES: [u64; 6] = [1, 2, 5, 10, 20, 30];

/// An attempt is up to this much earlier or later than the schedule says, in thousandths, so that
/// what was refused at once does not come back at once.
const JITTER: u64 = 100;

/// How long a message waits after so many failed attempts. The same for all recipients of a
/// message, so that they stay together.
pub(super) fn retry_after(attempts: u32, message: QueuedId) -> Duration {
    let base = step(&RETRY_MINUTES, attempts);
    let seed = message.to_i64().unsigned_abs() ^ (u64::from(attempts) << 48);
    // Fibonacci hashing: neighbours are spread over the whole range.
    let spread = (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) % (2 * JITTER + 1);
    Duration::from_millis(base.as_secs() * (1000 - JITTER + spread))
}

/// How long a destination rests after so many failures in a row.
pub(super) fn back_off(failures: u32) -> Duration {
    step(&BACK_OFF_MINUTES, failures)
}

fn step(minutes: &[u64], count: u32) -> Duration {
    let place = (count.max(1) as usize - 1).min(minutes.len().saturating_sub(1));
    Duration::from_mins(minutes.get(place).copied().unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_stay_within_their_range() {
        for (attempts, minutes) in [(1, 5), (2, 10), (5, 60), (7, 180), (60, 180)] {
            for id in 1..200 {
                let after = retry_after(attempts, QueuedId::from_i64(id << 12)).as_secs();
                let (low, high) = (minutes * 54, minutes * 66);
                assert!((low..=high).contains(&after), "{attempts}: {after}");
            }
        }
        assert_eq!(back_off(1), Duration::from_mins(1));
        assert_eq!(back_off(6), Duration::from_mins(30));
        assert_eq!(back_off(100), Duration::from_mins(30));
    }

    #[test]
    fn what_failed_together_does_not_come_back_together() {
        let waits: std::collections::BTreeSet<Duration> = (1..100)
            .map(|id| retry_after(1, QueuedId::from_i64(id)))
            .collect();
        assert!(waits.len() > 50, "{}", waits.len());
        let again = retry_after(1, QueuedId::from_i64(7));
        assert_eq!(again, retry_after(1, QueuedId::from_i64(7)), "no dice");
    }
}

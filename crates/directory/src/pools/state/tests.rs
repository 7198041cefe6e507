//! Bands, grace and lock, with a clock that runs and jumps.

use super::*;

const LIMIT: ByteSize = ByteSize(1000);
const STEP: Duration = Duration::from_mins(5);

/// A pool that is measured every five minutes.
struct Pool {
    standing: Standing,
    measured: Option<Timestamp>,
    now: Timestamp,
    grace_hours: u32,
}

impl Pool {
    fn new() -> Self {
        let now = Timestamp(1_700_000_000_000);
        Self {
            standing: Standing::new(now),
            measured: None,
            now,
            grace_hours: 24,
        }
    }

    fn measure(&mut self, used: u64) -> Vec<Event> {
        self.measure_with(used, Gap::Running)
    }

    fn measure_with(&mut self, used: u64, gap: Gap) -> Vec<Event> {
        let found = Found {
            used: ByteSize(used),
            limit: LIMIT,
            grace_hours: self.grace_hours,
        };
        let elapsed = elapsed(self.measured, self.now, gap);
        let (standing, events) = self.standing.after(found, elapsed, self.now);
        self.standing = standing;
        self.measured = Some(self.now);
        self.now = self.now.plus(STEP);
        events
    }

    /// Measures until something happens, and says after how many steps.
    fn until_event(&mut self, used: u64) -> (usize, Vec<Event>) {
        for steps in 0..10_000 {
            let events = self.measure(used);
            if !events.is_empty() {
                return (steps, events);
            }
        }
        panic!("nothing happens");
    }
}

#[test]
fn the_bands_are_those_of_the_sources() {
    for (used, band) in [
        (0, Band::Normal),
        (799, Band::Normal),
        (800, Band::Warning),
        (899, Band::Warning),
        (900, Band::Critical),
        (999, Band::Critical),
        (1000, Band::Full),
        (1001, Band::Full),
        (u64::MAX, Band::Full),
    ] {
        assert_eq!(Band::of(ByteSize(used), LIMIT), band, "{used}");
        assert_eq!(Band::from_floor(band.floor()), Some(band));
    }
    assert_eq!(Band::of(ByteSize(u64::MAX), ByteSize(0)), Band::Normal);
}

#[test]
fn ninety_percent_is_told_once_and_again_after_it_was_well_below() {
    let mut pool = Pool::new();
    assert_eq!(pool.measure(899), []);
    assert_eq!(pool.measure(900), [Event::Reached90]);
    assert_eq!(pool.standing.band_since, pool.measured.unwrap());
    // Up and down around the mark.
    for used in [899, 901, 880, 950] {
        assert_eq!(pool.measure(used), [], "{used}");
    }
    assert_eq!(pool.measure(879), []);
    assert_eq!(pool.measure(900), [Event::Reached90]);
}

#[test]
fn above_a_hundred_for_a_day_is_locked_and_at_a_hundred_it_is_open_again() {
    let mut pool = Pool::new();
    assert_eq!(pool.measure(1001), [Event::Reached90]);
    assert_eq!(pool.standing.left(24), Some(Duration::from_hours(24)));
    let (steps, events) = pool.until_event(1001);
    assert_eq!((steps + 1, events), (24 * 12, vec![Event::Locked]));
    assert_eq!(pool.standing.left(24), None);
    assert_eq!(pool.measure(1001), []);
    assert_eq!(pool.measure(1000), [Event::Unlocked]);
    assert_eq!(pool.standing.over, None);
    assert_eq!(pool.standing.locked_at, None);
}

#[test]
fn the_time_begins_anew_at_a_hundred() {
    let mut pool = Pool::new();
    pool.measure(1001);
    for _ in 0..23 * 12 {
        assert_eq!(pool.measure(1001), []);
    }
    assert_eq!(pool.measure(1000), []);
    pool.measure(1001);
    let (steps, _) = pool.until_event(1001);
    assert_eq!(steps + 1, 24 * 12);
}

#[test]
fn without_grace_the_lock_comes_at_once() {
    let mut pool = Pool::new();
    pool.grace_hours = 0;
    assert_eq!(pool.measure(1001), [Event::Reached90, Event::Locked]);
}

#[test]
fn a_clock_that_jumps_forward_takes_an_hour_of_grace_at_most() {
    let mut pool = Pool::new();
    pool.measure(1001);
    pool.now = pool.now.plus(Duration::from_hours(24 * 365));
    assert_eq!(pool.measure(1001), []);
    assert_eq!(pool.standing.left(24), Some(Duration::from_hours(23)));
}

#[test]
fn a_clock_that_goes_back_takes_none_and_gives_none() {
    let mut pool = Pool::new();
    pool.measure(1001);
    pool.measure(1001);
    let left = pool.standing.left(24);
    pool.now = pool.now.minus(Duration::from_hours(24 * 365));
    assert_eq!(pool.measure(1001), []);
    assert_eq!(pool.standing.left(24), left);
    assert!(pool.standing.over.unwrap().since <= pool.now);
    let (steps, events) = pool.until_event(1001);
    assert_eq!((steps + 1, events), (24 * 12 - 1, vec![Event::Locked]));
}

#[test]
fn a_restart_across_the_deadline_locks_at_the_first_measurement() {
    let mut pool = Pool::new();
    pool.measure(1001);
    pool.now = pool.now.plus(Duration::from_hours(25));
    assert_eq!(pool.measure_with(1001, Gap::Started), [Event::Locked]);
    // And a restart with room again does not.
    let mut pool = Pool::new();
    pool.measure(1001);
    pool.now = pool.now.plus(Duration::from_hours(25));
    assert_eq!(pool.measure_with(1000, Gap::Started), []);
}

#[test]
fn a_released_pool_has_its_grace_anew() {
    let mut pool = Pool::new();
    pool.grace_hours = 1;
    pool.measure(1001);
    pool.until_event(1001);
    pool.standing = pool.standing.released(pool.now);
    assert_eq!(pool.standing.left(1), Some(Duration::from_hours(1)));
    let (_, events) = pool.until_event(1001);
    assert_eq!(events, [Event::Locked]);
}

#[test]
fn a_limit_that_is_gone_opens_the_pool() {
    let mut pool = Pool::new();
    pool.grace_hours = 0;
    pool.measure(1001);
    let found = Found {
        used: ByteSize(1001),
        limit: ByteSize(0),
        grace_hours: 0,
    };
    let (standing, events) = pool.standing.after(found, STEP, pool.now);
    assert_eq!(events, [Event::Unlocked]);
    assert_eq!(standing.band, Band::Normal);
}

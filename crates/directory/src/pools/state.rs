//! What becomes of a pool from one measurement to the next: bands, grace, lock. Pure.
//!
//! Grace is counted, not looked up on the clock: each measurement adds the time since the one
//! before. A clock that goes back adds nothing; one that jumps forward adds an hour at most,
//! because a running house measures every few minutes. Only the first measurement after a start
//! takes the whole time: the house was down, and the mail stayed what it was.

use std::time::Duration;

use hikyaku_types::{ByteSize, Timestamp};

/// The most that one measurement of a running house adds to the time above 100 % (1 hour): what is
/// more is a clock that was set.
pub const LONGEST_STEP: Duration = Duration::from_hours(1);

/// Percent below 90 to which a pool has to fall before reaching 90 is told again (2): usage that
/// goes up and down around the mark is told once.
pub const NOTICE_HYSTERESIS_PERCENT: u64 = 2;

/// Hours of grace that an operator can add at most (30 days).
pub const MAX_EXTRA_HOURS: u32 = 720;

/// How full a pool is (K-11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Band {
    /// 0 to 79 %, and whatever has no limit.
    #[default]
    Normal,
    /// 80 to 89 %: a banner.
    Warning,
    /// 90 to 99 %: a banner and a notice.
    Critical,
    /// 100 % and more.
    Full,
}

impl Band {
    /// The band of a usage; without a limit (0) nothing is ever full.
    pub fn of(used: ByteSize, limit: ByteSize) -> Self {
        match percent(used, limit) {
            0..80 => Self::Normal,
            80..90 => Self::Warning,
            90..100 => Self::Critical,
            _ => Self::Full,
        }
    }

    /// The percent at which it begins.
    pub const fn floor(self) -> i64 {
        match self {
            Self::Normal => 0,
            Self::Warning => 80,
            Self::Critical => 90,
            Self::Full => 100,
        }
    }

    /// The band that begins there.
    pub(crate) const fn from_floor(floor: i64) -> Option<Self> {
        match floor {
            0 => Some(Self::Normal),
            80 => Some(Self::Warning),
            90 => Some(Self::Critical),
            100 => Some(Self::Full),
            _ => None,
        }
    }

    /// The word in answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Warning => "warning",
            Self::Critical => "critical",
            Self::Full => "full",
        }
    }
}

/// Full percents of a limit that are used; 0 without a limit.
pub fn percent(used: ByteSize, limit: ByteSize) -> u64 {
    let whole = u128::from(limit.bytes());
    let used = u128::from(used.bytes()) * 100;
    used.checked_div(whole)
        .map_or(0, |percent| u64::try_from(percent).unwrap_or(u64::MAX))
}

/// A pool that is above 100 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Over {
    /// Since when, by the first measurement that saw it.
    pub since: Timestamp,
    /// How much of the grace is gone.
    pub counted: Duration,
}

/// Where a pool stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// How full it is.
    pub band: Band,
    /// Since when.
    pub band_since: Timestamp,
    /// Whether it is above 100 %.
    pub over: Option<Over>,
    /// Hours of grace that an operator added.
    pub extra_hours: u32,
    /// Since when new mail is refused.
    pub locked_at: Option<Timestamp>,
    /// Whether reaching 90 % was told, and the usage has not fallen well below since.
    pub noticed: bool,
}

/// What a measurement found, and what the contract says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Bytes of all mailboxes.
    pub used: ByteSize,
    /// What they may hold; 0: no limit.
    pub limit: ByteSize,
    /// Hours above 100 % until new mail is refused (C-03).
    pub grace_hours: u32,
}

/// How the time between two measurements went by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// This process has measured before.
    Running,
    /// This is the first measurement of this process.
    Started,
}

/// What a measurement changed that somebody wants to hear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// 90 % is reached (N-01).
    Reached90,
    /// New mail is refused from now on (N-02).
    Locked,
    /// New mail is taken again (N-02b).
    Unlocked,
}

impl Standing {
    /// A pool that was never measured.
    pub const fn new(now: Timestamp) -> Self {
        Self {
            band: Band::Normal,
            band_since: now,
            over: None,
            extra_hours: 0,
            locked_at: None,
            noticed: false,
        }
    }

    /// Where the pool stands after a measurement `elapsed` after the one before.
    pub fn after(&self, found: Found, elapsed: Duration, now: Timestamp) -> (Self, Vec<Event>) {
        let mut events = Vec::new();
        let mut next = *self;
        let band = Band::of(found.used, found.limit);
        if band != self.band {
            next.band = band;
            next.band_since = now;
        }
        let reached = percent(found.used, found.limit);
        if !self.noticed && reached >= 90 {
            next.noticed = true;
            events.push(Event::Reached90);
        } else if reached < 90 - NOTICE_HYSTERESIS_PERCENT {
            next.noticed = false;
        }
        if found.limit.bytes() > 0 && found.used > found.limit {
            let over = match self.over {
                Some(over) => Over {
                    since: over.since.min(now),
                    counted: over.counted.saturating_add(elapsed),
                },
                None => Over {
                    since: now,
                    counted: Duration::ZERO,
                },
            };
            next.over = Some(over);
            if next.locked_at.is_none() && over.counted >= next.grace(found.grace_hours) {
                next.locked_at = Some(now);
                events.push(Event::Locked);
            }
        } else {
            // At 100 % the time begins anew, and a lock ends (C-20).
            next.over = None;
            next.extra_hours = 0;
            if next.locked_at.take().is_some() {
                events.push(Event::Unlocked);
            }
        }
        (next, events)
    }

    /// Takes a lock away although the pool is above 100 %: the grace begins anew.
    #[must_use]
    pub fn released(mut self, now: Timestamp) -> Self {
        self.locked_at = None;
        self.extra_hours = 0;
        self.over = Some(Over {
            since: now,
            counted: Duration::ZERO,
        });
        self
    }

    /// How long it stays open while nothing changes; nothing when it is locked or not above 100 %.
    pub fn left(&self, grace_hours: u32) -> Option<Duration> {
        let over = self.over.filter(|_| self.locked_at.is_none())?;
        Some(self.grace(grace_hours).saturating_sub(over.counted))
    }

    fn grace(&self, grace_hours: u32) -> Duration {
        Duration::from_hours(u64::from(grace_hours) + u64::from(self.extra_hours))
    }
}

/// How much time a measurement adds.
pub fn elapsed(before: Option<Timestamp>, now: Timestamp, gap: Gap) -> Duration {
    let passed = before.map_or(0, |before| now.millis().saturating_sub(before.millis()));
    let passed = Duration::from_millis(u64::try_from(passed).unwrap_or(0));
    match gap {
        Gap::Running => passed.min(LONGEST_STEP),
        Gap::Started => passed,
    }
}

#[cfg(test)]
mod tests;

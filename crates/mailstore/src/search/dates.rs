//! Days as instants, and days as they are written.

use hikyaku_types::{OffsetTimestamp, Timestamp};
use jiff::{civil::Date, tz::TimeZone};

use crate::query::DateTest;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const MINUTE_MS: i64 = 60 * 1000;

/// A span of instants: from the first one up to, but not including, the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    from: i64,
    until: i64,
}

impl Span {
    /// The instants that a test on days means in a time zone. `None` at the end of the calendar.
    pub(super) fn of_days(test: DateTest, zone: &TimeZone) -> Option<Self> {
        let begin = |day: Date| {
            let zoned = day.to_zoned(zone.clone()).ok()?;
            Some(zoned.timestamp().as_millisecond())
        };
        let after = |day: Date| begin(day.tomorrow().ok()?);
        let (from, until) = match test {
            DateTest::Before(day) => (i64::MIN, begin(day.date())?),
            DateTest::On(day) => (begin(day.date())?, after(day.date())?),
            DateTest::Since(day) => (begin(day.date())?, i64::MAX),
        };
        Some(Self { from, until })
    }

    /// At this instant or later.
    pub(super) fn since(at: Timestamp) -> Self {
        Self {
            from: at.millis(),
            until: i64::MAX,
        }
    }

    /// At this instant or earlier.
    pub(super) fn until(at: Timestamp) -> Self {
        Self {
            from: i64::MIN,
            until: at.millis().saturating_add(1),
        }
    }

    pub(super) fn contains(self, at: Timestamp) -> bool {
        (self.from..self.until).contains(&at.millis())
    }
}

/// A test on the day as it is written in a date with an offset, whatever instant that is
/// (RFC 9051 §6.4.4: "disregarding time and timezone").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WrittenDay {
    from: i64,
    until: i64,
}

impl WrittenDay {
    pub(super) fn new(test: DateTest) -> Self {
        let number = |day: Date| {
            let since = day.since(Date::constant(1970, 1, 1));
            since.map_or(i64::MAX - 1, |span| i64::from(span.get_days()))
        };
        let (from, until) = match test {
            DateTest::Before(day) => (i64::MIN, number(day.date())),
            DateTest::On(day) => (number(day.date()), number(day.date()) + 1),
            DateTest::Since(day) => (number(day.date()), i64::MAX),
        };
        Self { from, until }
    }

    pub(super) fn contains(self, date: OffsetTimestamp) -> bool {
        let offset = i64::from(date.offset_minutes) * MINUTE_MS;
        let day = date.at.millis().saturating_add(offset).div_euclid(DAY_MS);
        (self.from..self.until).contains(&day)
    }
}

#[cfg(test)]
mod tests {
    use crate::query::Day;

    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn days_begin_at_midnight_of_the_time_zone() {
        let tokyo = TimeZone::get("Asia/Tokyo").unwrap();
        let day = Day::new(2026, 1, 5).unwrap();
        let on = Span::of_days(DateTest::On(day), &tokyo).unwrap();
        assert!(on.contains(at("2026-01-04T15:00:00Z")));
        assert!(on.contains(at("2026-01-05T14:59:59.999Z")));
        assert!(!on.contains(at("2026-01-04T14:59:59.999Z")));
        assert!(!on.contains(at("2026-01-05T15:00:00Z")));
        let before = Span::of_days(DateTest::Before(day), &tokyo).unwrap();
        assert!(before.contains(at("2026-01-04T14:59:59.999Z")));
        assert!(!before.contains(at("2026-01-04T15:00:00Z")));
        let since = Span::of_days(DateTest::Since(day), &tokyo).unwrap();
        assert!(since.contains(at("2026-01-04T15:00:00Z")));
        assert!(since.contains(at("2036-01-01T00:00:00Z")));
    }

    #[test]
    fn a_written_day_does_not_care_for_the_instant() {
        // 2026-01-05 01:00 +0900 is still 4 January in UTC.
        let written = OffsetTimestamp {
            at: at("2026-01-04T16:00:00Z"),
            offset_minutes: 540,
        };
        let day = |day| Day::new(2026, 1, day).unwrap();
        assert!(WrittenDay::new(DateTest::On(day(5))).contains(written));
        assert!(!WrittenDay::new(DateTest::On(day(4))).contains(written));
        assert!(WrittenDay::new(DateTest::Since(day(5))).contains(written));
        assert!(WrittenDay::new(DateTest::Before(day(6))).contains(written));
        assert!(!WrittenDay::new(DateTest::Before(day(5))).contains(written));
        let old = OffsetTimestamp::utc(at("1969-12-31T23:00:00Z"));
        assert!(WrittenDay::new(DateTest::On(Day::new(1969, 12, 31).unwrap())).contains(old));
        let distant = Day::new(2199, 1, 1).unwrap();
        assert!(WrittenDay::new(DateTest::Before(distant)).contains(written));
    }
}

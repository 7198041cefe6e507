//! Dates and INTERNALDATE date-times.

use hikyaku_types::{OffsetTimestamp, Timestamp};

use crate::parse::{Cursor, Parsed};

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A day of the Gregorian calendar, without a time zone.
///
/// ```abnf
/// date = date-text / DQUOTE date-text DQUOTE
/// date-text = date-day "-" date-month "-" date-year
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// The year, 0 to 9999.
    pub year: u16,
    /// The month, 1 to 12.
    pub month: u8,
    /// The day, 1 to 31 as the month allows.
    pub day: u8,
}

/// A text is no date-time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a date-time: expected a form like \"17-Jul-1996 02:44:25 -0700\"")]
pub struct DateTimeError;

impl Date {
    pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        let start = cursor.clone();
        let quoted = cursor.take(b'"');
        let text = cursor.take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let date = Reader(text).whole(Reader::date);
        if quoted && !cursor.take(b'"') {
            return start.expected("a date in quotes");
        }
        date.map_or_else(|| start.expected("a date like 1-Feb-1994"), Ok)
    }

    /// Days since 1970-01-01.
    pub fn days(self) -> i64 {
        // Years begin in March here, so that the leap day is the last of its year.
        let month = i64::from(self.month);
        let year = i64::from(self.year) - i64::from(month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(self.day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }

    /// The day that is `days` after 1970-01-01. Days outside the years 0 to 9999 become the
    /// nearest that can be written.
    pub fn from_days(days: i64) -> Self {
        let days = days.clamp(-719_528, 2_932_896) + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let month = (shifted_month + 2) % 12 + 1;
        Self {
            year: (era * 400 + year_of_era + i64::from(month <= 2)) as u16,
            month: month as u8,
            day: (day_of_year - (153 * shifted_month + 2) / 5 + 1) as u8,
        }
    }

    fn is_valid(self) -> bool {
        (1..=12).contains(&self.month)
            && self.day >= 1
            && self.year <= 9999
            && Self::from_days(self.days()) == self
    }
}

/// Reads `date-time` without its quotes.
///
/// ```abnf
/// date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE
/// ```
/// A day of one digit without the leading space is let pass.
pub(crate) fn date_time(text: &[u8]) -> Result<OffsetTimestamp, DateTimeError> {
    let text = text.strip_prefix(b" ").unwrap_or(text);
    Reader(text).whole(Reader::date_time).ok_or(DateTimeError)
}

/// Reads text from the left; nothing as soon as it does not fit.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn whole<T>(mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<T> {
        read(&mut self).filter(|_| self.0.is_empty())
    }

    fn byte(&mut self, wanted: u8) -> Option<()> {
        self.0 = self.0.strip_prefix(&[wanted])?;
        Some(())
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn digits(&mut self, length: usize) -> Option<u16> {
        let digits = self.take(length)?;
        digits.iter().try_fold(0, |number, digit| {
            digit
                .is_ascii_digit()
                .then(|| number * 10 + u16::from(digit - b'0'))
        })
    }

    /// Two digits, at most `highest`.
    fn pair(&mut self, highest: u16) -> Option<i64> {
        self.digits(2)
            .filter(|number| *number <= highest)
            .map(i64::from)
    }

    fn date(&mut self) -> Option<Date> {
        let length = self
            .0
            .iter()
            .position(|byte| *byte == b'-')
            .filter(|at| *at <= 2)?;
        let day = self.digits(length)? as u8;
        self.byte(b'-')?;
        let name = self.take(3)?;
        let month = MONTHS
            .iter()
            .position(|month| name.eq_ignore_ascii_case(month.as_bytes()))?;
        self.byte(b'-')?;
        let year = self.digits(4)?;
        let month = month as u8 + 1;
        Some(Date { year, month, day }).filter(|date| date.is_valid())
    }

    fn date_time(&mut self) -> Option<OffsetTimestamp> {
        let date = self.date()?;
        self.byte(b' ')?;
        let hours = self.pair(23)?;
        self.byte(b':')?;
        let minutes = self.pair(59)?;
        self.byte(b':')?;
        // 60 is a leap second, counted as the next one.
        let seconds = self.pair(60)?;
        self.byte(b' ')?;
        let sign = match self.take(1)? {
            b"+" => 1,
            b"-" => -1,
            _ => return None,
        };
        let offset = sign * (self.pair(23)? * 60 + self.pair(59)?);
        let local = date.days() * 86_400 + hours * 3600 + minutes * 60 + seconds;
        Some(OffsetTimestamp {
            at: Timestamp::from_seconds(local - offset * 60),
            offset_minutes: offset as i16,
        })
    }
}

/// Writes a date: `1-Feb-1994`.
pub fn write_date(date: Date, out: &mut Vec<u8>) {
    crate::sequence::write_number(date.day, out);
    write_month_and_year(date, out);
}

/// Writes a date-time with its quotes: `"17-Jul-1996 02:44:25 -0700"`. Milliseconds are dropped.
pub fn write_date_time(when: OffsetTimestamp, out: &mut Vec<u8>) {
    // An offset that cannot be written shows the same instant in UTC.
    let offset = match i64::from(when.offset_minutes) {
        offset if offset.abs() < 24 * 60 => offset,
        _ => 0,
    };
    let local = when.at.seconds().saturating_add(offset * 60);
    let date = Date::from_days(local.div_euclid(86_400));
    let second = local.rem_euclid(86_400);
    out.push(b'"');
    match date.day {
        day @ 0..=9 => out.extend_from_slice(&[b' ', b'0' + day]),
        day => write_pair(day.into(), out),
    }
    write_month_and_year(date, out);
    out.push(b' ');
    write_pair(second / 3600, out);
    out.push(b':');
    write_pair(second / 60 % 60, out);
    out.push(b':');
    write_pair(second % 60, out);
    out.extend_from_slice(if offset < 0 { b" -" } else { b" +" });
    write_pair(offset.abs() / 60, out);
    write_pair(offset.abs() % 60, out);
    out.push(b'"');
}

fn write_month_and_year(date: Date, out: &mut Vec<u8>) {
    let month = MONTHS
        .get(usize::from(date.month).saturating_sub(1))
        .copied();
    out.push(b'-');
    out.extend_from_slice(month.unwrap_or("Jan").as_bytes());
    out.push(b'-');
    write_pair(i64::from(date.year) / 100, out);
    write_pair(i64::from(date.year) % 100, out);
}

fn write_pair(number: i64, out: &mut Vec<u8>) {
    out.push(b'0' + (number / 10 % 10) as u8);
    out.push(b'0' + (number % 10) as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    fn date(text: &str) -> Option<Date> {
        let limits = Limits::default();
        let mut cursor = Cursor::over(text.as_bytes(), &limits);
        Date::parse(&mut cursor)
            .ok()
            .filter(|_| cursor.end().is_ok())
    }

    fn written(when: OffsetTimestamp) -> String {
        let mut out = Vec::new();
        write_date_time(when, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn dates_are_read() {
        for (text, year, month, day) in [
            ("1-Feb-1994", 1994, 2, 1),
            ("\"29-feb-2000\"", 2000, 2, 29),
            ("01-JAN-0000", 0, 1, 1),
            ("31-Dec-9999", 9999, 12, 31),
        ] {
            assert_eq!(date(text), Some(Date { year, month, day }), "{text}");
        }
        for text in [
            "",
            "0-Feb-1994",
            "29-Feb-2001",
            "31-Apr-2020",
            "1-Foo-2020",
            "1-Feb-94",
            "-Feb-1994",
            "001-Feb-1994",
            "1-Feb-19940",
            "\"1-Feb-1994",
            "1-Feb-1994\"",
            "1 Feb 1994",
        ] {
            assert_eq!(date(text), None, "{text:?}");
        }
    }

    #[test]
    fn days_count_both_ways() {
        assert_eq!(date("1-Jan-1970").unwrap().days(), 0);
        assert_eq!(date("29-Feb-2000").unwrap().days(), 11_016);
        for days in (-719_528..=2_932_896).step_by(13) {
            let date = Date::from_days(days);
            assert_eq!(date.days(), days, "{date:?}");
            assert!(date.is_valid(), "{date:?}");
        }
        assert_eq!(Date::from_days(i64::MAX).year, 9999);
        assert_eq!(Date::from_days(i64::MIN).year, 0);
    }

    #[test]
    fn date_times_are_written_as_they_are_read() {
        for (text, seconds, offset) in [
            ("17-Jul-1996 02:44:25 -0700", 837_596_665, -420),
            (" 1-Jan-1970 09:00:00 +0900", 0, 540),
            ("31-Dec-9999 23:59:59 +0000", 253_402_300_799, 0),
            (" 5-Mar-2024 00:00:00 -0330", 1_709_609_400, -210),
        ] {
            let when = date_time(text.as_bytes()).unwrap();
            assert_eq!(
                (when.at.seconds(), when.offset_minutes),
                (seconds, offset),
                "{text}"
            );
            assert_eq!(written(when), format!("\"{text}\""));
        }
        assert_eq!(
            date_time(b"1-Jan-1970 00:00:60 +0000").unwrap().at,
            Timestamp::from_seconds(60)
        );
        for text in [
            "",
            "17-Jul-1996",
            "17-Jul-1996 02:44:25",
            "17-Jul-1996 24:00:00 +0000",
            "17-Jul-1996 02:44:25 0700",
            "17-Jul-1996 02:44:25 +0790",
            "17-Jul-1996 02:44:25 JST",
            "17-Jul-1996 02:44:25 +0700 ",
            "17-Jul-1996  02:44:25 +0700",
            "  1-Jul-1996 02:44:25 +0700",
        ] {
            assert_eq!(date_time(text.as_bytes()), Err(DateTimeError), "{text:?}");
        }
    }

    #[test]
    fn what_cannot_be_written_is_written_near() {
        let odd = OffsetTimestamp {
            at: Timestamp(i64::MAX),
            offset_minutes: i16::MIN,
        };
        assert!(written(odd).starts_with("\"31-Dec-9999 "));
    }
}

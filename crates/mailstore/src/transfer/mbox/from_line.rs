//! The line before each message: `From taro@example.jp Mon Jan  5 09:00:00 2026`.

use hikyaku_types::{OffsetTimestamp, Timestamp};
use jiff::{civil::DateTime, tz::TimeZone};

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// A `From ` line that was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FromLine {
    /// Its date. Read as UTC unless it names an offset (RFC 4155 wants UTC).
    pub(super) date: OffsetTimestamp,
    /// Whether it names an offset, so that the date can be trusted.
    pub(super) has_offset: bool,
}

/// Reads a line. Only a line with a whole date is one: `From the beginning` in a message is not.
pub(super) fn parse(line: &[u8]) -> Option<FromLine> {
    let line = std::str::from_utf8(line.strip_prefix(b"From ")?).ok()?;
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    // The sender may be missing or hold blanks, so the date is looked for.
    (0..words.len()).find_map(|at| parse_date(words.get(at..)?))
}

fn parse_date(words: &[&str]) -> Option<FromLine> {
    let [weekday, rest @ ..] = words else {
        return None;
    };
    let weekday = weekday.trim_end_matches(',');
    WEEKDAYS
        .iter()
        .find(|name| name.eq_ignore_ascii_case(weekday))?;
    match rest {
        // As asctime writes it. Zones stand before or after the year, as names or as offsets.
        [month, day, time, rest @ ..] if month_of(month).is_some() => {
            let is_year = |word: &&&str| word.len() == 4 && word.parse::<u16>().is_ok();
            let year = rest.iter().take(3).find(is_year)?;
            let zone = rest.iter().take(4).find_map(|word| parse_offset(word));
            let zone = zone.or_else(|| rest.iter().take(3).find_map(|word| zone_of(word)));
            date_of([day, month, year, time], zone)
        }
        // As header fields have it (some versions of Eudora and of Apple's and Sun's mailers).
        [day, month, year, time, rest @ ..] => {
            let zone = rest.first();
            let zone = zone.and_then(|word| parse_offset(word).or_else(|| zone_of(word)));
            date_of([day, month, year, time], zone)
        }
        _ => None,
    }
}

fn month_of(word: &str) -> Option<i8> {
    let number = MONTHS
        .iter()
        .position(|name| name.eq_ignore_ascii_case(word))?;
    i8::try_from(number + 1).ok()
}

/// The date for a day, a month, a year and a time, in a zone of so many minutes.
fn date_of([day, month, year, time]: [&str; 4], zone: Option<i16>) -> Option<FromLine> {
    let day: i8 = day.trim_end_matches(',').parse().ok()?;
    let year: i16 = (year.len() == 4).then(|| year.parse().ok())??;
    let mut parts = time.split(':');
    let hour: i8 = parts.next()?.parse().ok()?;
    let minute: i8 = parts.next()?.parse().ok()?;
    let second: i8 = parts.next().map_or(Ok(0), str::parse).ok()?;
    let second = second.min(59);
    let civil = DateTime::new(year, month_of(month)?, day, hour, minute, second, 0).ok()?;
    let utc = civil
        .to_zoned(TimeZone::UTC)
        .ok()?
        .timestamp()
        .as_millisecond();
    let minutes = zone.unwrap_or(0);
    Some(FromLine {
        date: OffsetTimestamp {
            at: Timestamp(utc - i64::from(minutes) * 60_000),
            offset_minutes: minutes,
        },
        has_offset: zone.is_some(),
    })
}

/// Zones whose names mean one thing, and those of RFC 5322 §4.3.
const ZONES: [(&str, i16); 14] = [
    ("JST", 540),
    ("KST", 540),
    ("UTC", 0),
    ("UT", 0),
    ("GMT", 0),
    ("EST", -300),
    ("EDT", -240),
    ("CST", -360),
    ("CDT", -300),
    ("MST", -420),
    ("MDT", -360),
    ("PST", -480),
    ("PDT", -420),
    ("CET", 60),
];

fn zone_of(word: &str) -> Option<i16> {
    let known = ZONES.iter().find(|(name, _)| *name == word);
    known.map(|(_, minutes)| *minutes)
}

fn parse_offset(word: &str) -> Option<i16> {
    let (sign, digits) = match word.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    if digits.len() != 4 {
        return None;
    }
    let number: i16 = digits.parse().ok()?;
    let (hours, minutes) = (number / 100, number % 100);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

/// The line for a message. The offset stands behind the year, where readers that do not know it
/// overlook it; reading it again gives the same date.
pub(in crate::transfer) fn write(sender: &str, date: OffsetTimestamp) -> Option<String> {
    let local = date
        .at
        .millis()
        .checked_add(i64::from(date.offset_minutes) * 60_000)?;
    let civil = jiff::Timestamp::from_millisecond(local)
        .ok()?
        .to_zoned(TimeZone::UTC)
        .datetime();
    let weekday = WEEKDAYS.get(civil.weekday().to_monday_zero_offset() as usize)?;
    let month = MONTHS.get(civil.month() as usize - 1)?;
    let (sign, minutes) = match date.offset_minutes {
        minutes if minutes < 0 => ('-', -minutes),
        minutes => ('+', minutes),
    };
    let is_plain = !sender.is_empty() && sender.bytes().all(|b| b.is_ascii_graphic());
    let sender = if is_plain { sender } else { "MAILER-DAEMON" };
    Some(format!(
        "From {sender} {weekday} {month} {:>2} {:02}:{:02}:{:02} {:04} {sign}{:02}{:02}",
        civil.day(),
        civil.hour(),
        civil.minute(),
        civil.second(),
        civil.year(),
        minutes / 60,
        minutes % 60
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn lines_of_many_mailers() {
        for (line, expected, offset) in [
            (
                "From taro@example.jp Mon Jan  5 09:00:00 2026",
                "2026-01-05T09:00:00Z",
                None,
            ),
            (
                "From - Mon Jan 05 09:00:00 2026",
                "2026-01-05T09:00:00Z",
                None,
            ),
            (
                "From ???@??? Mon Jan 05 09:00:00 2026",
                "2026-01-05T09:00:00Z",
                None,
            ),
            (
                "From a b c Mon Jan  5 09:00 2026",
                "2026-01-05T09:00:00Z",
                None,
            ),
            (
                "From a@b Mon Jan  5 09:00:00 +0900 2026",
                "2026-01-05T00:00:00Z",
                Some(540),
            ),
            (
                "From a@b Mon Jan  5 09:00:00 2026 -0330",
                "2026-01-05T12:30:00Z",
                Some(-210),
            ),
            (
                "From a@b Mon Jan  5 09:00:00 JST 2026",
                "2026-01-05T00:00:00Z",
                Some(540),
            ),
            (
                "From a@b Mon Jan  5 09:00:00 MEZ 2026",
                "2026-01-05T09:00:00Z",
                None,
            ),
            (
                "From a@b Mon, 5 Jan 2026 09:00:00 +0900",
                "2026-01-05T00:00:00Z",
                Some(540),
            ),
            (
                "From a@b Mon, 05 Jan 2026 09:00:00",
                "2026-01-05T09:00:00Z",
                None,
            ),
            (
                "From a@b mon jan  5 09:00:00 2026 remote from c",
                "2026-01-05T09:00:00Z",
                None,
            ),
            (
                "From Mon Jan  5 23:59:60 2026",
                "2026-01-05T23:59:59Z",
                None,
            ),
        ] {
            let found = parse(line.as_bytes()).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(found.date.at, at(expected), "{line}");
            assert_eq!(
                found.has_offset.then_some(found.date.offset_minutes),
                offset,
                "{line}"
            );
        }
    }

    #[test]
    fn what_merely_begins_with_from_is_text() {
        for line in [
            "From the beginning",
            "From: taro@example.jp",
            "From a@b Mon Jan 5",
            "From a@b Mon Jan 40 09:00:00 2026",
            "From a@b Mon Jan  5 9h 2026",
            "From a@b Mon, 5 Jan 26 09:00:00",
            "From Monday to Friday 09:00:00 2026",
            " From a@b Mon Jan  5 09:00:00 2026",
            "from a@b Mon Jan  5 09:00:00 2026",
        ] {
            assert_eq!(parse(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn written_lines_read_back() {
        for (text, offset_minutes) in [
            ("2026-01-05T00:00:00Z", 540),
            ("1999-12-31T23:59:59Z", -570),
            ("2026-11-21T12:34:56Z", 0),
        ] {
            let date = OffsetTimestamp {
                at: at(text),
                offset_minutes,
            };
            let line = write("taro@example.jp", date).unwrap();
            let found = parse(line.as_bytes()).unwrap();
            assert_eq!((found.date, found.has_offset), (date, true), "{line}");
        }
        let utc = OffsetTimestamp::utc(at("2026-01-05T00:00:00Z"));
        let line = write("ta ro\n@x", utc).unwrap();
        assert_eq!(line, "From MAILER-DAEMON Mon Jan  5 00:00:00 2026 +0000");
    }
}

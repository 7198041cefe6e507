//! Dates (RFC 5322 §3.3 and its obsolete forms), and the other shapes that mail has them in.
//!
//! Also read: ISO 8601, C's `asctime`, missing or foreign day names, missing seconds or zone,
//! `GMT+0900` and `+09:00`, full month names, two and three digit years. A date without a zone
//! is taken as UTC.

use hikyaku_types::{OffsetTimestamp, Timestamp};

use super::civil::{days_from_civil, days_in_month};
use crate::cursor::Cursor;

/// Longest Date value looked at, in bytes (256): the longest sensible one has about sixty.
const MAX_DATE_BYTES: usize = 256;

/// Reads a date from a field's raw value; `None` when there is none in it.
pub fn parse(value: &[u8]) -> Option<OffsetTimestamp> {
    let value = value.get(..MAX_DATE_BYTES).unwrap_or(value);
    let mut date = Date::default();
    let mut tokens = Tokens {
        cursor: Cursor::new(value),
        seen_time: false,
    };
    while let Some(token) = tokens.next() {
        date.take(&token);
    }
    date.finish()
}

#[derive(Debug, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a [u8]),
    /// Digits: their value and how many.
    Number(i64, usize),
    /// `hh:mm` or `hh:mm:ss`, with fractions of seconds dropped.
    Time(i64, i64, i64),
    /// A signed zone: minutes.
    Zone(i16),
    /// A calendar date `yyyy-mm-dd`.
    Calendar(i64, i64, i64),
}

struct Tokens<'a> {
    cursor: Cursor<'a>,
    /// Before the time a sign is a separator, as in `1-Jan-2024`, and starts no zone.
    seen_time: bool,
}

impl<'a> Tokens<'a> {
    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let byte = self.cursor.peek()?;
            match byte {
                b'(' => self.skip_comment(),
                b'0'..=b'9' => return Some(self.number()),
                b'+' | b'-' => {
                    if self.seen_time
                        && let Some(zone) = self.zone()
                    {
                        return Some(Token::Zone(zone));
                    }
                    self.cursor.skip(1);
                }
                byte if byte.is_ascii_alphabetic() => {
                    return Some(Token::Word(
                        self.cursor.take_while(|b| b.is_ascii_alphabetic()),
                    ));
                }
                _ => self.cursor.skip(1),
            }
        }
    }

    fn skip_comment(&mut self) {
        let mut depth = 0_u32;
        while let Some(byte) = self.cursor.bump() {
            match byte {
                b'(' => depth += 1,
                b')' => depth -= 1,
                b'\\' => self.cursor.skip(1),
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }

    fn digits(&mut self) -> (i64, usize) {
        let digits = self.cursor.take_while(|byte| byte.is_ascii_digit());
        let value = digits
            .iter()
            .take(15)
            .fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
        (value, digits.len())
    }

    fn number(&mut self) -> Token<'a> {
        let (first, len) = self.digits();
        let next_is_digit = self
            .cursor
            .peek_at(1)
            .is_some_and(|byte| byte.is_ascii_digit());
        match self.cursor.peek() {
            Some(b':' | b'.') if next_is_digit && len <= 2 => self.time(first),
            Some(b'-' | b'/') if next_is_digit && len == 4 => self.calendar(first),
            _ => Token::Number(first, len),
        }
    }

    fn time(&mut self, hour: i64) -> Token<'a> {
        self.seen_time = true;
        self.cursor.skip(1);
        let (minute, _) = self.digits();
        let mut second = 0;
        if matches!(self.cursor.peek(), Some(b':' | b'.'))
            && self
                .cursor
                .peek_at(1)
                .is_some_and(|byte| byte.is_ascii_digit())
        {
            self.cursor.skip(1);
            second = self.digits().0;
            if matches!(self.cursor.peek(), Some(b'.' | b',')) {
                self.cursor.skip(1);
                self.digits();
            }
        }
        Token::Time(hour, minute, second)
    }

    fn calendar(&mut self, year: i64) -> Token<'a> {
        self.cursor.skip(1);
        let (month, _) = self.digits();
        self.cursor.skip(1);
        let (day, _) = self.digits();
        Token::Calendar(year, month, day)
    }

    /// `+hhmm`, `+hh:mm`, `+hh` or `+hmm`; without moving when it is none of them.
    fn zone(&mut self) -> Option<i16> {
        let start = self.cursor.pos();
        let sign = if self.cursor.bump()? == b'-' { -1 } else { 1 };
        let (first, len) = self.digits();
        let (hours, minutes) = match len {
            1 | 2 if self.cursor.eat(b':') => (first, self.digits().0),
            1 | 2 => (first, 0),
            3 | 4 => (first / 100, first % 100),
            _ => {
                self.cursor.set_pos(start);
                return None;
            }
        };
        if hours > 23 || minutes > 59 {
            // A zone that cannot be, as +9900, says nothing.
            return Some(0);
        }
        i16::try_from(sign * (hours * 60 + minutes)).ok()
    }
}

#[derive(Debug, Default)]
struct Date {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    time: Option<(i64, i64, i64)>,
    zone: Option<i16>,
    afternoon: Option<Half>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    Am,
    Pm,
}

impl Date {
    fn take(&mut self, token: &Token<'_>) {
        match *token {
            Token::Word(word) => self.word(word),
            Token::Number(value, len) => self.number(value, len),
            Token::Time(hour, minute, second) => {
                self.time.get_or_insert((hour, minute, second));
            }
            // In `GMT+0900` the number is right and the word only a prefix.
            Token::Zone(minutes) => self.zone = Some(minutes),
            Token::Calendar(year, month, day) => {
                if self.year.is_none() {
                    (self.year, self.month, self.day) = (Some(year), Some(month), Some(day));
                }
            }
        }
    }

    fn word(&mut self, word: &[u8]) {
        if let (Some(month), None) = (month(word), self.month) {
            self.month = Some(month);
        } else if word.eq_ignore_ascii_case(b"am") {
            self.afternoon = Some(Half::Am);
        } else if word.eq_ignore_ascii_case(b"pm") {
            self.afternoon = Some(Half::Pm);
        } else if self.time.is_some() && self.zone.is_none() {
            self.zone = named_zone(word);
        }
    }

    fn number(&mut self, value: i64, len: usize) {
        if len >= 3 || value > 31 {
            self.year.get_or_insert(full_year(value, len));
        } else if self.day.is_none() {
            self.day = Some(value);
        } else if self.month.is_some() && self.year.is_none() {
            self.year = Some(full_year(value, len));
        }
    }

    fn finish(self) -> Option<OffsetTimestamp> {
        let (year, month, day) = (self.year?, self.month?, self.day?);
        let (mut hour, minute, second) = self.time.unwrap_or_default();
        match self.afternoon {
            Some(Half::Pm) if hour < 12 => hour += 12,
            Some(Half::Am) if hour == 12 => hour = 0,
            _ => {}
        }
        // 24:00 ends a day; a leap second is the next second here.
        let valid = (1..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_in_month(year, month)).contains(&day)
            && (0..=24).contains(&hour)
            && (0..=59).contains(&minute)
            && (0..=60).contains(&second);
        if !valid {
            return None;
        }
        let offset_minutes = self.zone.unwrap_or(0);
        let local = days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
        let at = Timestamp::from_seconds(local - i64::from(offset_minutes) * 60);
        Some(OffsetTimestamp { at, offset_minutes })
    }
}

/// Two digits mean 1950 to 2049, three are years since 1900 (RFC 5322 §4.3).
fn full_year(value: i64, len: usize) -> i64 {
    match len {
        0..=2 if value < 50 => value + 2000,
        0..=3 => value + 1900,
        _ => value,
    }
}

fn month(word: &[u8]) -> Option<i64> {
    const MONTHS: [&[u8; 3]; 12] = [
        b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov",
        b"dec",
    ];
    let head = word.get(..3)?.to_ascii_lowercase();
    let index = MONTHS.iter().position(|month| month.as_slice() == head)?;
    i64::try_from(index).ok().map(|index| index + 1)
}

/// Minutes east of UTC of a zone's name (RFC 5322 §4.3), and of some more that occur. Military
/// letters count as unknown, as the standard says.
fn named_zone(word: &[u8]) -> Option<i16> {
    let hours = match word.to_ascii_uppercase().as_slice() {
        b"UT" | b"UTC" | b"GMT" | b"WET" => 0,
        b"EDT" => -4,
        b"EST" | b"CDT" => -5,
        b"CST" | b"MDT" => -6,
        b"MST" | b"PDT" => -7,
        b"PST" => -8,
        b"HST" => -10,
        b"BST" | b"CET" | b"MET" => 1,
        b"CEST" | b"MEST" | b"EET" => 2,
        b"EEST" | b"MSK" => 3,
        b"SGT" | b"HKT" => 8,
        b"JST" | b"KST" => 9,
        b"AEST" => 10,
        _ => return (word.len() == 1).then_some(0),
    };
    Some(hours * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expected: Option<(i64, i16)>) {
        let found = parse(value.as_bytes()).map(|date| (date.at.seconds(), date.offset_minutes));
        assert_eq!(found, expected, "{value}");
    }

    #[test]
    fn standard_and_obsolete_dates() {
        let noon = 1_704_423_600; // 2024-01-05T03:00:00Z
        for value in [
            "Fri, 5 Jan 2024 12:00:00 +0900",
            "Fri, 05 Jan 2024 12:00:00 +0900 (JST)",
            "5 Jan 2024 12:00 +0900",
            "5 Jan 24 12:00:00 JST",
            "5 January 2024 12:00:00 +09:00",
            "Fri , 5 Jan 124 12:00:00 GMT+0900",
            "2024-01-05T12:00:00+09:00",
            "2024-01-05 12:00:00.123 +0900",
            "Fri Jan  5 12:00:00 2024 +0900",
            "5-Jan-2024 12:00:00 +0900",
            "金, 5 Jan 2024 12:00:00 +0900",
            "\r\n Fri,\r\n 5 Jan 2024 12.00.00 +0900",
            "Fri, 5 Jan 2024 12:00:00 PM +0900",
            "Fri, (a (b) \\) c) 5 Jan 2024 12:00:00 (x) +9",
        ] {
            check(value, Some((noon, 540)));
        }
        check("Thu, 4 Jan 2024 19:00:00 PST", Some((noon, -480)));
        check("Fri, 5 Jan 2024 03:00:00 Z", Some((noon, 0)));
        check("Fri, 5 Jan 2024 03:00:00", Some((noon, 0)));
        check("Fri, 5 Jan 2024 03:00:00 +9900", Some((noon, 0)));
        check("Fri Jan  5 03:00:00 2024", Some((noon, 0)));
        check("1 Jan 1970 00:00:00 -0000", Some((0, 0)));
        check("31 Dec 69 23:59:60 +0000", Some((0, 0)));
        check("29 Feb 2024 24:00:00 +0000", Some((1_709_251_200, 0)));
    }

    #[test]
    fn only_the_start_of_a_field_is_looked_at() {
        let date = "5 Jan 2024 12:00 +0900";
        let blanks = |count: usize| format!("{}{date}", " ".repeat(count));
        check(
            &blanks(MAX_DATE_BYTES - date.len()),
            Some((1_704_423_600, 540)),
        );
        check(&blanks(MAX_DATE_BYTES), None);
    }

    #[test]
    fn what_is_no_date() {
        for value in [
            "",
            "yesterday",
            "30 Feb 2024 00:00:00 +0000",
            "29 Feb 2023 00:00:00 +0000",
            "0 Jan 2024",
            "5 Jan 2024 25:00:00",
            "5 Jan 2024 12:61",
            "5 Jan",
            "Jan 2024",
            "((((",
            "5 Jan 99999 12:00",
            "5 Foo 2024 12:00:00",
        ] {
            check(value, None);
        }
    }
}

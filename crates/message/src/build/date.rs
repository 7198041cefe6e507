//! Dates as RFC 5322 §3.3 writes them.

use hikyaku_types::OffsetTimestamp;

use crate::header::civil::Civil;

/// `Fri, 05 Jan 2024 12:00:00 +0900`.
pub fn format_date(date: OffsetTimestamp) -> String {
    let civil = Civil::from(date);
    format!(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} {}",
        civil.weekday_name(),
        civil.day,
        civil.month_name(),
        civil.year,
        civil.hour,
        civil.minute,
        civil.second,
        civil.zone(),
    )
}

#[cfg(test)]
mod tests {
    use hikyaku_types::Timestamp;

    use super::*;
    use crate::header::date::parse;

    #[test]
    fn dates_are_written_and_read_back() {
        for (seconds, offset_minutes, expected) in [
            (1_704_423_600, 540, "Fri, 05 Jan 2024 12:00:00 +0900"),
            (0, 0, "Thu, 01 Jan 1970 00:00:00 +0000"),
            (0, -210, "Wed, 31 Dec 1969 20:30:00 -0330"),
            (951_782_400, 0, "Tue, 29 Feb 2000 00:00:00 +0000"),
        ] {
            let date = OffsetTimestamp {
                at: Timestamp::from_seconds(seconds),
                offset_minutes,
            };
            let written = format_date(date);
            assert_eq!(written, expected);
            assert_eq!(parse(written.as_bytes()), Some(date));
        }
    }

    #[test]
    fn dates_beyond_four_digit_years_are_clamped() {
        for (at, year) in [(i64::MIN, "0001"), (i64::MAX, "9999")] {
            for offset_minutes in [i16::MIN, 0, i16::MAX] {
                let written = format_date(OffsetTimestamp {
                    at: Timestamp(at),
                    offset_minutes,
                });
                assert_eq!(written.split(' ').nth(3), Some(year));
            }
        }
    }
}

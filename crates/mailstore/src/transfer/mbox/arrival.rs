//! When a message of an mbox arrived.

use hikyaku_message::{ParsedMessage, header};
use hikyaku_types::OffsetTimestamp;

use super::from_line::FromLine;

/// How far into a message its date fields are looked for (16 KiB).
const DATES_WITHIN: usize = 16 * 1024;

/// The farthest that any clock is from universal time (14 hours), in milliseconds.
const FARTHEST_CLOCK_MS: u64 = 14 * 60 * 60 * 1000;

/// A `From ` line's date that names its offset, else the topmost Received field, else the Date
/// field if it may be the same moment (the line is in the local time of whoever wrote it), else the
/// line's date.
pub(super) fn arrival(message: &[u8], from: FromLine) -> OffsetTimestamp {
    if from.has_offset {
        return from.date;
    }
    let header = message
        .get(..message.len().min(DATES_WITHIN))
        .unwrap_or_default();
    let parsed = ParsedMessage::parse(header);
    let value = |name: &str| {
        let field = parsed.field(header, name)?;
        Some(header::unfold(field.value.of(header)).into_owned())
    };
    let received = value("Received").and_then(|value| {
        let date = value.rsplit(|byte| *byte == b';').next()?;
        header::date::parse(date)
    });
    let sent = || {
        let date = value("Date").and_then(|value| header::date::parse(&value))?;
        let apart = date.at.millis().abs_diff(from.date.at.millis());
        (apart <= FARTHEST_CLOCK_MS).then_some(date)
    };
    received.or_else(sent).unwrap_or(from.date)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::mbox::from_line;

    #[test]
    fn the_best_witness_is_believed() {
        let line = "From a@b Mon Jan  5 09:00:00 2026";
        let sure = "From a@b Mon Jan  5 09:00:00 2026 +0900";
        let received = "Received: from x; Tue, 6 Jan 2026 10:00:00 +0900\r\n";
        let date = "Date: Mon, 5 Jan 2026 08:59:58 +0900\r\n";
        let old = "Date: Thu, 1 Jan 2026 09:00:00 +0900\r\n";
        for (line, header, expected) in [
            (sure, received, "2026-01-05T00:00:00Z"),
            (line, received, "2026-01-06T01:00:00Z"),
            (line, date, "2026-01-04T23:59:58Z"),
            (line, old, "2026-01-05T09:00:00Z"),
            (line, "", "2026-01-05T09:00:00Z"),
        ] {
            let from = from_line::parse(line.as_bytes()).unwrap();
            let message = format!("{header}Subject: x\r\n\r\n");
            let expected: jiff::Timestamp = expected.parse().unwrap();
            let found = arrival(message.as_bytes(), from).at.millis();
            assert_eq!(found, expected.as_millisecond(), "{line} {header}");
        }
    }
}

//! When a message arrived: POP3 does not tell, its header does.

use hikyaku_message::header::{Fields, date, unfold};
use hikyaku_types::OffsetTimestamp;

/// The date of the last host that took it (its first Received field), else the one it was given
/// (Date).
pub(super) fn of(message: &[u8]) -> Option<OffsetTimestamp> {
    let mut given = None;
    for field in Fields::of_message(message) {
        let value = unfold(field.value.of(message));
        if field.is(message, "Received") {
            // RFC 5321 §4.4: the date stands behind the last semicolon.
            let at = value.iter().rposition(|byte| *byte == b';')?;
            return date::parse(value.get(at + 1..)?).or(given);
        }
        if field.is(message, "Date") && given.is_none() {
            given = date::parse(&value);
        }
    }
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_host_tells() {
        let date = |message: &str| of(message.as_bytes()).map(|date| date.at.seconds());
        let given = "Date: Mon, 5 Jan 2026 09:00:00 +0900\r\n";
        let received = "Received: from a by b;\r\n Tue, 6 Jan 2026 09:00:00 +0900\r\n\
            Received: from c by a; Mon, 5 Jan 2026 12:00:00 +0900\r\n";
        assert_eq!(date(given), Some(1_767_571_200));
        assert_eq!(date(&format!("{received}{given}")), Some(1_767_657_600));
        assert_eq!(date(&format!("{given}{received}")), Some(1_767_657_600));
        assert_eq!(
            date(&format!("{given}Received: x; y\r\n")),
            Some(1_767_571_200)
        );
        assert_eq!(
            date("Subject: x\r\n\r\nDate: Mon, 5 Jan 2026 09:00:00 +0900"),
            None
        );
    }
}

//! Instants as people write and read them.

use hikyaku_types::Timestamp;

/// Reads RFC 3339 (`2026-11-21T09:00:00+09:00`).
pub(crate) fn parse(text: &str) -> Result<Timestamp, String> {
    match text.parse::<jiff::Timestamp>() {
        Ok(instant) => Ok(Timestamp(instant.as_millisecond())),
        Err(_) => Err(format!(
            "\"{text}\" is not a time such as 2026-11-21T09:00:00+09:00"
        )),
    }
}

/// RFC 3339 in UTC, to the second.
pub(crate) fn show(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.seconds()).map_or_else(|_| at.0.to_string(), |t| t.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_understood() {
        let tokyo = parse("2026-11-21T09:00:00+09:00").unwrap();
        assert_eq!(show(tokyo), "2026-11-21T00:00:00Z");
        assert!(parse("yesterday").is_err());
    }
}

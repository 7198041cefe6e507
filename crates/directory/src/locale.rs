//! Languages and time zones of tenants and accounts (requirements: default ja, Asia/Tokyo).

use std::{fmt, str::FromStr};

use hikyaku_types::Timestamp;

use crate::stored::Stored;

/// A language of the texts that people get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    /// English.
    En,
    /// Japanese.
    #[default]
    Ja,
}

/// A text that names no language we have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a language here: write ja or en")]
pub struct LanguageError(String);

impl Language {
    /// The BCP 47 tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ja => "ja",
        }
    }
}

impl FromStr for Language {
    type Err = LanguageError;

    fn from_str(text: &str) -> Result<Self, LanguageError> {
        match text.to_ascii_lowercase().as_str() {
            "en" => Ok(Self::En),
            "ja" => Ok(Self::Ja),
            _ => Err(LanguageError(text.chars().take(40).collect())),
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

impl Stored for Language {
    const NAME: &'static str = "a language";

    fn word(self) -> &'static str {
        self.tag()
    }

    fn from_word(word: &str) -> Option<Self> {
        word.parse().ok()
    }
}

/// The IANA name of a time zone that exists.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TimeZoneName(String);

/// A text that names no time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a time zone: write an IANA name such as Asia/Tokyo")]
pub struct TimeZoneError(String);

impl TimeZoneName {
    /// The IANA name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// When the day of an instant began there.
    pub fn beginning_of_day(&self, at: Timestamp) -> Timestamp {
        let instant = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default();
        let zone = jiff::tz::TimeZone::get(&self.0).unwrap_or(jiff::tz::TimeZone::UTC);
        let day = instant.to_zoned(zone).start_of_day();
        day.map_or(at, |day| Timestamp(day.timestamp().as_millisecond()))
    }

    /// A name that was checked when it was stored.
    pub(crate) fn from_storage(name: String) -> Self {
        Self(name)
    }
}

impl Default for TimeZoneName {
    fn default() -> Self {
        Self("Asia/Tokyo".to_owned())
    }
}

impl FromStr for TimeZoneName {
    type Err = TimeZoneError;

    fn from_str(text: &str) -> Result<Self, TimeZoneError> {
        let zone = jiff::tz::TimeZone::get(text)
            .map_err(|_| TimeZoneError(text.chars().take(80).collect()))?;
        // The database's own spelling, whatever case was typed.
        Ok(Self(zone.iana_name().unwrap_or(text).to_owned()))
    }
}

impl fmt::Display for TimeZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_zones_are_checked_and_spelled_as_iana_does() {
        assert_eq!(
            "asia/tokyo".parse::<TimeZoneName>(),
            Ok(TimeZoneName::default())
        );
        assert!("Europe/Berlin".parse::<TimeZoneName>().is_ok());
        for text in ["", "Tokyo", "Asia/Tokyo ", "../etc/passwd", "UTC+9"] {
            assert!(text.parse::<TimeZoneName>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_day_begins_at_midnight_of_the_zone() {
        let noon = Timestamp(1_767_571_200_000); // 2026-01-05T00:00:00Z, nine o'clock in Tokyo.
        let hours = |count: i64| count * 3_600_000;
        let tokyo = TimeZoneName::default().beginning_of_day(noon);
        assert_eq!(tokyo.millis(), noon.millis() - hours(9));
        let berlin: TimeZoneName = "Europe/Berlin".parse().unwrap();
        assert_eq!(
            berlin.beginning_of_day(noon).millis(),
            noon.millis() - hours(1)
        );
    }

    #[test]
    fn languages_have_tags() {
        assert_eq!("JA".parse(), Ok(Language::Ja));
        assert!("fr".parse::<Language>().is_err());
        assert_eq!(Language::default().to_string(), "ja");
    }
}

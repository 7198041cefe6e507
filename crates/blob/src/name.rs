//! The names of objects: the hour in which the upload began, and randomness.
//!
//! A name is never used twice and never derived from the content, so a new upload of a content
//! whose last reference has just gone cannot meet the old object on its way out. Names ascend with
//! time by the hour, which lets the search for forgotten uploads go on where it stood.

use std::{fmt, time::Duration};

use hikyaku_db::{FromValue, Value, ValueRef};
use hikyaku_types::Timestamp;

/// Random digits at the end: 128 bits.
const DIGITS: usize = 32;

const HOUR: Duration = Duration::from_hours(1);

/// The name of an object, such as `20261122/07/5f…`, below the store's folder or prefix.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName(String);

impl ObjectName {
    /// A new name for an upload that begins now.
    pub(crate) fn unique(now: Timestamp) -> Self {
        Self(format!(
            "{}{:032x}",
            hour_prefix(now),
            rand::random::<u128>()
        ))
    }

    /// A name as it was stored or listed; nothing for what is none of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let (day, hour, random) = (parts.next()?, parts.next()?, parts.next()?);
        let lengths = (day.len(), hour.len(), random.len()) == (8, 2, DIGITS);
        let is_decimal = |part: &str| part.bytes().all(|octet| octet.is_ascii_digit());
        let is_hexadecimal = random
            .bytes()
            .all(|octet| matches!(octet, b'0'..=b'9' | b'a'..=b'f'));
        let fits = lengths && is_decimal(day) && is_decimal(hour) && is_hexadecimal;
        (fits && parts.next().is_none()).then(|| Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Folder of the day, folder of the hour, name of the file.
    pub(crate) fn parts(&self) -> (&str, &str, &str) {
        let mut parts = self.0.splitn(3, '/');
        let mut next = || parts.next().unwrap_or_default();
        (next(), next(), next())
    }

    /// Whether the hour of the upload was over at this time.
    pub(crate) fn is_before(&self, time: Timestamp) -> bool {
        // The hour of `time` itself is not over; all before it are.
        self.0.as_str() < hour_prefix(time).as_str()
    }
}

/// What the names of this hour begin with; also where a search for forgotten uploads begins.
pub(crate) fn hour_prefix(time: Timestamp) -> String {
    let seconds = time.seconds();
    let at = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.strftime("%Y%m%d/%H/").to_string()
}

/// Where the search begins in a new store: before anything that was just uploaded.
pub(crate) fn before_all(now: Timestamp) -> String {
    hour_prefix(now.minus(HOUR.saturating_mul(48)))
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'a> From<&'a ObjectName> for Value<'a> {
    fn from(name: &'a ObjectName) -> Self {
        Self::from(name.as_str())
    }
}

impl FromValue for ObjectName {
    fn from_value(value: ValueRef<'_>) -> Option<Self> {
        Self::parse(&String::from_value(value)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp(1_795_000_000_000);

    #[test]
    fn names_are_unique_and_tell_their_hour() {
        let (one, other) = (ObjectName::unique(AT), ObjectName::unique(AT));
        assert_ne!(one, other);
        assert_eq!(ObjectName::parse(one.as_str()), Some(one.clone()));
        assert!(one.as_str().starts_with(&hour_prefix(AT)));
        assert!(!one.is_before(AT));
        assert!(one.is_before(AT.plus(HOUR)));
        assert!(one < ObjectName::unique(AT.plus(HOUR)));
        assert!(before_all(AT).as_str() < one.as_str());
    }

    #[test]
    fn other_names_are_not_ours() {
        let good = format!("20261122/07/{}", "0".repeat(DIGITS));
        assert!(ObjectName::parse(&good).is_some());
        for bad in [
            "",
            "20261122/07",
            "20261122/07/",
            "2026112/07/00000000000000000000000000000000",
            "20261122/7/00000000000000000000000000000000",
            "20261122/07/0000000000000000000000000000000G",
            "20261122/../00000000000000000000000000000000",
            "/20261122/07/00000000000000000000000000000000",
            "hikyaku-objects",
        ] {
            assert_eq!(ObjectName::parse(bad), None, "{bad}");
        }
        assert_eq!(ObjectName::parse(&format!("{good}/x")), None);
    }
}

//! Sizes in bytes, as people write them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A number of bytes. Units are binary, as in the requirements: 10MB is 10,485,760 (K-03).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ByteSize(pub u64);

/// Why a text is not a size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a size: write bytes (10485760) or a number with KB, MB, GB or TB (10MB)")]
pub struct ByteSizeError(String);

/// The units, largest first, so that `Display` finds the largest that divides.
const UNITS: [(&str, u64); 4] = [
    ("TB", 1 << 40),
    ("GB", 1 << 30),
    ("MB", 1 << 20),
    ("KB", 1 << 10),
];

impl ByteSize {
    /// `n` kibibytes.
    pub const fn kib(n: u64) -> Self {
        Self(n << 10)
    }

    /// `n` mebibytes.
    pub const fn mib(n: u64) -> Self {
        Self(n << 20)
    }

    /// The number of bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl FromStr for ByteSize {
    type Err = ByteSizeError;

    fn from_str(text: &str) -> Result<Self, ByteSizeError> {
        let error = || ByteSizeError(text.to_owned());
        let trimmed = text.trim();
        let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = trimmed.split_at_checked(digits).ok_or_else(error)?;
        let number: u64 = number.parse().map_err(|_| error())?;
        let unit = unit.trim().to_ascii_uppercase();
        let factor = match unit.as_str() {
            "" | "B" => 1,
            other => {
                let normal = other.replace("IB", "B");
                let wanted = if normal.len() == 1 {
                    normal + "B"
                } else {
                    normal
                };
                UNITS
                    .iter()
                    .find(|(name, _)| *name == wanted)
                    .ok_or_else(error)?
                    .1
            }
        };
        let bytes = number.checked_mul(factor).ok_or_else(error)?;
        // Stored as a signed 64-bit number in both engines.
        if bytes > i64::MAX as u64 {
            return Err(error());
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match UNITS
            .iter()
            .find(|(_, factor)| self.0 >= *factor && self.0.is_multiple_of(*factor))
        {
            Some((name, factor)) => write!(f, "{}{name}", self.0 / factor),
            None => self.0.fmt(f),
        }
    }
}

impl Serialize for ByteSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Bytes(u64),
            Text(String),
        }
        match Form::deserialize(deserializer)? {
            Form::Bytes(bytes) => Ok(Self(bytes)),
            Form::Text(text) => text.parse().map_err(D::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_and_without_units() {
        for (text, bytes) in [
            ("0", 0),
            ("10485760", 10_485_760),
            ("10MB", 10_485_760),
            ("10 mb", 10_485_760),
            ("10MiB", 10_485_760),
            ("3g", 3 << 30),
            ("512B", 512),
        ] {
            assert_eq!(text.parse::<ByteSize>(), Ok(ByteSize(bytes)), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in [
            "",
            "MB",
            "-1",
            "1.5MB",
            "10XB",
            "10MBB",
            "99999999999TB",
            "９MB",
        ] {
            assert!(text.parse::<ByteSize>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_largest_unit_that_divides_is_shown() {
        assert_eq!(ByteSize::mib(10).to_string(), "10MB");
        assert_eq!(ByteSize(1500).to_string(), "1500");
        assert_eq!(ByteSize(0).to_string(), "0");
    }
}

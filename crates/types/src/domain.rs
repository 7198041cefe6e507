//! Domain names of mail.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A domain name in canonical form: lower-case A-labels (RFC 5890), no trailing dot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Domain(String);

/// Why a text is not a domain name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DomainError {
    /// Nothing between the `@` and the end.
    #[error("the domain is empty")]
    Empty,
    /// Over 253 octets as A-labels (RFC 1035 §2.3.4).
    #[error("the domain is longer than 253 characters")]
    TooLong,
    /// An empty label, one over 63 octets, or one with characters that no host name has.
    #[error("\"{0}\" is not a domain name")]
    Invalid(String),
}

impl Domain {
    /// Octets of a name at most, without a trailing dot (RFC 1035 §2.3.4).
    pub const MAX_LENGTH: usize = 253;

    /// The canonical form: what is stored and compared.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as people read it: U-labels where the labels are valid ones.
    pub fn to_unicode(&self) -> String {
        let (name, result) = idna::domain_to_unicode(&self.0);
        if result.is_ok() { name } else { self.0.clone() }
    }

    /// The domain above this one; none above a name of one label.
    pub fn parent(&self) -> Option<Self> {
        let (_, above) = self.0.split_once('.')?;
        Some(Self(above.to_owned()))
    }
}

impl FromStr for Domain {
    type Err = DomainError;

    fn from_str(text: &str) -> Result<Self, DomainError> {
        let invalid = || DomainError::Invalid(text.chars().take(80).collect());
        let name = text.strip_suffix('.').unwrap_or(text);
        if name.is_empty() {
            return Err(DomainError::Empty);
        }
        let ascii = if name.is_ascii() {
            name.to_ascii_lowercase()
        } else {
            idna::domain_to_ascii_strict(name).map_err(|_| invalid())?
        };
        if ascii.len() > Self::MAX_LENGTH {
            return Err(DomainError::TooLong);
        }
        if ascii.split('.').all(is_label) {
            Ok(Self(ascii))
        } else {
            Err(invalid())
        }
    }
}

/// Letters, digits and hyphens, no hyphen at either end (RFC 1123 §2.1). Underscores are let
/// through: names with them exist and receive mail.
fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Domain {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Domain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_in_one_form() {
        for (text, canonical) in [
            ("Example.TEST", "example.test"),
            ("example.test.", "example.test"),
            ("日本語.jp", "xn--wgv71a119e.jp"),
            ("XN--WGV71A119E.jp", "xn--wgv71a119e.jp"),
            ("a_b.example", "a_b.example"),
        ] {
            assert_eq!(
                text.parse::<Domain>().unwrap().as_str(),
                canonical,
                "{text:?}"
            );
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = format!("{}.test", "a".repeat(64));
        let longer = vec!["a".repeat(63); 5].join(".");
        for text in [
            "", ".", "a..b", "-a.test", "a-.test", "a b", "a@b", "[::1]", &long, &longer,
        ] {
            assert!(text.parse::<Domain>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn names_stand_below_one_another() {
        let name: Domain = "mail.example.test".parse().unwrap();
        let above = std::iter::successors(name.parent(), Domain::parent);
        let above: Vec<_> = above.map(|domain| domain.to_string()).collect();
        assert_eq!(above, ["example.test", "test"]);
    }

    #[test]
    fn people_see_their_own_script() {
        assert_eq!(
            "xn--wgv71a119e.jp".parse::<Domain>().unwrap().to_unicode(),
            "日本語.jp"
        );
    }
}

//! Mail addresses, as entered and in the form that makes them unique.

use std::{
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use unicode_normalization::UnicodeNormalization;

use crate::{Domain, DomainError};

/// A mail address: `local@domain`, shown as entered, equal and hashed in canonical form
/// (design §5: local part NFC and case-folded, domain as lower-case A-label).
#[derive(Debug, Clone)]
pub struct EmailAddress {
    local: String,
    domain: Domain,
}

/// Why a text is not a mail address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// No `@`.
    #[error("the address has no \"@\"")]
    NoAt,
    /// Nothing before the `@`.
    #[error("the part before the \"@\" is empty")]
    EmptyLocal,
    /// Over 64 octets before the `@` (RFC 5321 §4.5.3.1.1).
    #[error("the part before the \"@\" is longer than 64 bytes")]
    LocalTooLong,
    /// A character before the `@` that an address cannot have.
    #[error("the part before the \"@\" has a character that is not allowed: {0:?}")]
    BadCharacter(char),
    /// A dot first, last or doubled.
    #[error("the part before the \"@\" has a dot at its start or end, or two in a row")]
    MisplacedDot,
    /// What follows the `@` is not a domain name.
    #[error("{0}")]
    Domain(DomainError),
}

impl EmailAddress {
    /// Octets of a local part at most (RFC 5321 §4.5.3.1.1).
    pub const MAX_LOCAL_LENGTH: usize = 64;

    /// An address of a local part and a domain that is known already.
    pub fn new(local: &str, domain: Domain) -> Result<Self, AddressError> {
        check_local(local)?;
        Ok(Self {
            local: local.to_owned(),
            domain,
        })
    }

    /// An address whose local part came as a quoted string on the wire (RFC 5321 §4.1.2), without
    /// its quotes: characters that need quoting are allowed, controls are not.
    pub fn from_quoted(local: &str, domain: Domain) -> Result<Self, AddressError> {
        if local.is_empty() {
            return Err(AddressError::EmptyLocal);
        }
        if local.len() > Self::MAX_LOCAL_LENGTH {
            return Err(AddressError::LocalTooLong);
        }
        if let Some(bad) = local.chars().find(|c| c.is_control()) {
            return Err(AddressError::BadCharacter(bad));
        }
        Ok(Self {
            local: local.to_owned(),
            domain,
        })
    }

    /// The part before the `@` as entered, without quotes.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The part after the `@`.
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// The local part as compared: NFC, lower case.
    pub fn canonical_local(&self) -> String {
        fold(&self.local)
    }

    /// The whole address as compared and stored in unique columns.
    pub fn canonical(&self) -> String {
        format!("{}@{}", self.canonical_local(), self.domain)
    }

    /// Whether writing it down needs SMTPUTF8 (RFC 6531).
    pub fn needs_utf8(&self) -> bool {
        !self.local.is_ascii()
    }
}

/// NFC and case-folded. Lower case of the upper case folds what has several lower-case forms
/// (ς/σ, ſ/s), which plain lower-casing leaves apart.
fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let upper: String = text.nfc().flat_map(char::to_uppercase).collect();
    let lower: String = upper.chars().flat_map(char::to_lowercase).collect();
    // One lower-casing of a final capital sigma may still differ by position; unify it.
    lower
        .nfc()
        .map(|c| if c == 'ς' { 'σ' } else { c })
        .collect()
}

/// RFC 5321 §4.1.2 Dot-string with RFC 6531 §3.3 non-ASCII atoms.
fn check_local(local: &str) -> Result<(), AddressError> {
    if local.is_empty() {
        return Err(AddressError::EmptyLocal);
    }
    if local.len() > EmailAddress::MAX_LOCAL_LENGTH {
        return Err(AddressError::LocalTooLong);
    }
    if let Some(bad) = local.chars().find(|c| !is_atom_char(*c) && *c != '.') {
        return Err(AddressError::BadCharacter(bad));
    }
    // Real addresses of Japanese carriers have such dots; they arrive quoted (`from_quoted`).
    if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return Err(AddressError::MisplacedDot);
    }
    Ok(())
}

fn is_atom_char(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || "!#$%&'*+-/=?^_`{|}~".contains(c)
        || (!c.is_ascii() && !c.is_control() && !c.is_whitespace())
}

impl FromStr for EmailAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (local, domain) = text.rsplit_once('@').ok_or(AddressError::NoAt)?;
        let domain = domain.parse().map_err(AddressError::Domain)?;
        let quoted = local
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        match quoted {
            Some(inner) => Self::from_quoted(&unescape(inner), domain),
            None => Self::new(local, domain),
        }
    }
}

/// Removes the backslashes of a quoted string's quoted pairs.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.push(if c == '\\' {
            chars.next().unwrap_or('\\')
        } else {
            c
        });
    }
    out
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if check_local(&self.local).is_ok() {
            return write!(f, "{}@{}", self.local, self.domain);
        }
        f.write_str("\"")?;
        for c in self.local.chars() {
            if c == '"' || c == '\\' {
                f.write_str("\\")?;
            }
            write!(f, "{c}")?;
        }
        write!(f, "\"@{}", self.domain)
    }
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.domain == other.domain && self.canonical_local() == other.canonical_local()
    }
}

impl Eq for EmailAddress {}

impl Hash for EmailAddress {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.canonical_local().hash(state);
        self.domain.hash(state);
    }
}

impl Serialize for EmailAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EmailAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> EmailAddress {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_are_equal_in_canonical_form_and_shown_as_entered() {
        let entered = parse("Taro.Yamada@Example.TEST");
        assert_eq!(entered, parse("taro.yamada@example.test"));
        assert_eq!(entered.to_string(), "Taro.Yamada@example.test");
        assert_eq!(entered.canonical(), "taro.yamada@example.test");
        // か + combining dakuten is が.
        assert_eq!(parse("か\u{3099}@example.test"), parse("が@example.test"));
        assert_eq!(parse("ΟΔΟΣ@example.test"), parse("οδος@example.test"));
    }

    #[test]
    fn quoted_local_parts_survive_the_round_trip() {
        let dotted = parse("\"a..b.\"@docomo.example");
        assert_eq!(dotted.local(), "a..b.");
        assert_eq!(dotted.to_string(), "\"a..b.\"@docomo.example");
        let odd = parse(r#""a\"b\\c d"@example.test"#);
        assert_eq!(odd.local(), r#"a"b\c d"#);
        assert_eq!(parse(&odd.to_string()), odd);
        // Quotes that are not needed do not make another address.
        assert_eq!(parse("\"taro\"@example.test"), parse("taro@example.test"));
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_reason() {
        let long = format!("{}@example.test", "a".repeat(65));
        for (text, reason) in [
            ("taro", AddressError::NoAt),
            ("@example.test", AddressError::EmptyLocal),
            (long.as_str(), AddressError::LocalTooLong),
            ("a b@example.test", AddressError::BadCharacter(' ')),
            ("a\r\n@example.test", AddressError::BadCharacter('\r')),
            ("\"a\nb\"@example.test", AddressError::BadCharacter('\n')),
            (".a@example.test", AddressError::MisplacedDot),
            ("a..b@example.test", AddressError::MisplacedDot),
            ("a@", AddressError::Domain(DomainError::Empty)),
        ] {
            assert_eq!(
                text.parse::<EmailAddress>().unwrap_err(),
                reason,
                "{text:?}"
            );
        }
    }
}

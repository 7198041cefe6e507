//! Login names: `user@domain`, `user%domain` and registered legacy ids (C-07), on every protocol
//! the same.
//!
//! An alias is not a login name: a mailbox has one name of its own, and an administrator who moves
//! an alias to another account must not move a way to sign in with it.

use std::{fmt, str::FromStr};

use hikyaku_types::EmailAddress;

/// What a client gave as its user name, in canonical form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginName {
    /// `user@domain` or `user%domain`.
    Address(EmailAddress),
    /// Anything that may be a registered id.
    Id(LoginId),
}

impl LoginName {
    /// Bytes of a user name at most: the longest address with room for spaces around it.
    pub const MAX_LENGTH: usize = 512;

    /// The name of a text from the wire; nothing when no account can have it. Spaces around it are
    /// not part of it: phone keyboards add one after a completed word.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > Self::MAX_LENGTH {
            return None;
        }
        let text = text.trim_matches([' ', '\t']);
        if text.contains('@') {
            return text.parse().ok().map(Self::Address);
        }
        match text.rsplit_once('%') {
            Some((local, domain)) => {
                let domain = domain.parse().ok()?;
                EmailAddress::new(local, domain).ok().map(Self::Address)
            }
            None => text.parse().ok().map(Self::Id),
        }
    }
}

/// A legacy login id (旧アカウントID) in the form that must be unique: lower case.
///
/// One to 64 ASCII letters, digits, dots, hyphens, underscores and plus signs: nothing that makes
/// it look like an address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LoginId(String);

/// Why a text cannot be a login id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoginIdError {
    /// Nothing there.
    #[error("the login id is empty")]
    Empty,
    /// Over 64 characters.
    #[error("the login id is longer than 64 characters")]
    TooLong,
    /// It would be taken for an address.
    #[error("a login id has no \"@\" or \"%\": those make it an address")]
    LikeAddress,
    /// Another character.
    #[error("a login id has letters, digits, \".\", \"-\", \"_\" and \"+\" only, not {0:?}")]
    BadCharacter(char),
}

impl LoginId {
    /// Characters at most.
    pub const MAX_LENGTH: usize = 64;

    /// The canonical form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LoginId {
    type Err = LoginIdError;

    fn from_str(text: &str) -> Result<Self, LoginIdError> {
        if text.is_empty() {
            return Err(LoginIdError::Empty);
        }
        if text.len() > Self::MAX_LENGTH {
            return Err(LoginIdError::TooLong);
        }
        if text.contains(['@', '%']) {
            return Err(LoginIdError::LikeAddress);
        }
        let allowed = |c: &char| c.is_ascii_alphanumeric() || ".-_+".contains(*c);
        if let Some(bad) = text.chars().find(|c| !allowed(c)) {
            return Err(LoginIdError::BadCharacter(bad));
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

impl fmt::Display for LoginId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> LoginName {
        LoginName::Address(text.parse().unwrap())
    }

    #[test]
    fn the_three_forms_are_told_apart() {
        for (text, name) in [
            ("taro@example.test", address("taro@example.test")),
            ("TARO@Example.Test ", address("taro@example.test")),
            ("taro%example.test", address("taro@example.test")),
            ("50%off%example.test", address("50%off@example.test")),
            ("50%off@example.test", address("50%off@example.test")),
            ("か\u{3099}@例え.test", address("が@例え.test")),
            ("ABCD001", LoginName::Id(LoginId("abcd001".to_owned()))),
        ] {
            assert_eq!(LoginName::parse(text), Some(name), "{text:?}");
        }
    }

    #[test]
    fn what_no_account_can_have_is_no_name() {
        let long = format!("{}@example.test", "a".repeat(LoginName::MAX_LENGTH));
        for text in [
            "",
            " ",
            "@",
            "%",
            "a@",
            "%example.test",
            "a b",
            "a\0",
            "a\r\nb@example.test",
            "日本",
            &long,
        ] {
            assert_eq!(LoginName::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn ids_that_look_like_addresses_are_refused() {
        for (text, error) in [
            ("", LoginIdError::Empty),
            ("a@b", LoginIdError::LikeAddress),
            ("a%b", LoginIdError::LikeAddress),
            ("a b", LoginIdError::BadCharacter(' ')),
            (&"a".repeat(65), LoginIdError::TooLong),
        ] {
            assert_eq!(text.parse::<LoginId>(), Err(error), "{text:?}");
        }
        assert_eq!("Abcd-001".parse::<LoginId>().unwrap().as_str(), "abcd-001");
    }
}

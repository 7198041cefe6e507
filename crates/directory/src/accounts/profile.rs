//! What is known of whoever uses an account (T-020, AD-03): names, kana, department and the rest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::{DirectoryError, MAX_NAME_CHARS};

/// Free directory attributes of one account at most: what company directories have beside the
/// named fields is about ten; more are somebody's database.
pub const MAX_ATTRIBUTES: usize = 32;
/// Characters of the name of a free directory attribute at most, as LDAP servers take them.
pub const MAX_ATTRIBUTE_NAME: usize = 32;
/// Characters of the value of a free directory attribute at most: an address or a job description.
pub const MAX_ATTRIBUTE_CHARS: usize = 256;
/// Characters of an administrator's notes on an account at most: a page of text.
pub const MAX_NOTES_CHARS: usize = 2_000;

/// A person as the directory knows one. Every text may be empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Profile {
    /// The family name.
    pub family_name: String,
    /// The given name.
    pub given_name: String,
    /// How the family name is read.
    pub family_kana: String,
    /// How the given name is read.
    pub given_kana: String,
    /// The department.
    pub department: String,
    /// The title (役職).
    pub title: String,
    /// The organisation, where it is not the tenant.
    pub organisation: String,
    /// Telephone numbers, as people write them.
    pub phone: String,
    /// The employee number.
    pub employee_number: String,
    /// Free directory attributes by name: lower-case letters, digits and hyphens.
    pub attributes: BTreeMap<String, String>,
}

impl Profile {
    /// The profile as it is stored: texts trimmed and in NFC, attributes without a value left out.
    ///
    /// # Errors
    /// [`DirectoryError::FieldInvalid`] with the name of the field.
    pub fn checked(&self) -> Result<Self, DirectoryError> {
        Ok(Self {
            family_name: line("family_name", &self.family_name)?,
            given_name: line("given_name", &self.given_name)?,
            family_kana: line("family_kana", &self.family_kana)?,
            given_kana: line("given_kana", &self.given_kana)?,
            department: line("department", &self.department)?,
            title: line("title", &self.title)?,
            organisation: line("organisation", &self.organisation)?,
            phone: line("phone", &self.phone)?,
            employee_number: line("employee_number", &self.employee_number)?,
            attributes: attributes(&self.attributes)?,
        })
    }

    /// The whole name, family name first; empty when neither part is known.
    pub fn full_name(&self) -> String {
        let whole = format!("{} {}", self.family_name, self.given_name);
        whole.trim().to_owned()
    }
}

/// One line of text as stored.
pub(crate) fn line(field: &'static str, text: &str) -> Result<String, DirectoryError> {
    let text: String = text.trim().nfc().collect();
    if text.chars().count() > MAX_NAME_CHARS {
        let detail = format!("is longer than {MAX_NAME_CHARS} characters");
        return Err(DirectoryError::FieldInvalid { field, detail });
    }
    if text.chars().any(char::is_control) {
        let detail = "has a control character".to_owned();
        return Err(DirectoryError::FieldInvalid { field, detail });
    }
    Ok(text)
}

fn attributes(
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, DirectoryError> {
    let field = "attributes";
    let refuse = |detail: String| Err(DirectoryError::FieldInvalid { field, detail });
    let mut kept = BTreeMap::new();
    for (name, value) in given {
        let fits = (1..=MAX_ATTRIBUTE_NAME).contains(&name.len())
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !fits {
            let shown: String = name.chars().take(MAX_ATTRIBUTE_NAME).collect();
            return refuse(format!(
                "\"{shown}\" is not the name of an attribute: write up to {MAX_ATTRIBUTE_NAME} \
                 lower-case letters, digits and hyphens"
            ));
        }
        let value: String = value.trim().nfc().collect();
        if value.chars().count() > MAX_ATTRIBUTE_CHARS {
            return refuse(format!(
                "\"{name}\" is longer than {MAX_ATTRIBUTE_CHARS} characters"
            ));
        }
        if value.chars().any(char::is_control) {
            return refuse(format!("\"{name}\" has a control character"));
        }
        if !value.is_empty() {
            kept.insert(name.clone(), value);
        }
    }
    if kept.len() > MAX_ATTRIBUTES {
        return refuse(format!("there are more than {MAX_ATTRIBUTES} attributes"));
    }
    Ok(kept)
}

/// An administrator's notes as stored: lines are allowed, other control characters are not.
pub(crate) fn notes(text: &str) -> Result<String, DirectoryError> {
    let field = "notes";
    let text: String = text.trim().replace("\r\n", "\n").nfc().collect();
    if text.chars().count() > MAX_NOTES_CHARS {
        let detail = format!("is longer than {MAX_NOTES_CHARS} characters");
        return Err(DirectoryError::FieldInvalid { field, detail });
    }
    if text
        .chars()
        .any(|c| c.is_control() && c != '\n' && c != '\t')
    {
        let detail = "has a control character".to_owned();
        return Err(DirectoryError::FieldInvalid { field, detail });
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, value: &str) -> Profile {
        let attributes = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        Profile {
            attributes,
            ..Profile::default()
        }
    }

    #[test]
    fn texts_are_trimmed_and_checked() {
        let profile = Profile {
            family_name: " 山田 ".into(),
            given_name: "太郎".into(),
            ..with("extension", " 1234 ")
        };
        let stored = profile.checked().unwrap();
        assert_eq!(stored.full_name(), "山田 太郎");
        assert_eq!(stored.attributes["extension"], "1234");
        assert!(with("room", " ").checked().unwrap().attributes.is_empty());
        let longest = "あ".repeat(MAX_NAME_CHARS);
        for (department, fits) in [(longest.clone(), true), (longest + "あ", false)] {
            let profile = Profile {
                department,
                ..Profile::default()
            };
            assert_eq!(profile.checked().is_ok(), fits);
        }
        let injected = Profile {
            title: "a\r\nBcc: x".into(),
            ..Profile::default()
        };
        let refused = injected.checked().unwrap_err();
        assert!(refused.to_string().starts_with("title "), "{refused}");
    }

    #[test]
    fn attributes_have_their_limits() {
        let long_name = "a".repeat(MAX_ATTRIBUTE_NAME + 1);
        let long_value = "a".repeat(MAX_ATTRIBUTE_CHARS + 1);
        for (name, value) in [
            ("", "x"),
            ("Room", "x"),
            ("1st", "x"),
            ("a b", "x"),
            (long_name.as_str(), "x"),
            ("room", long_value.as_str()),
            ("room", "a\nb"),
        ] {
            assert!(with(name, value).checked().is_err(), "{name:?} {value:?}");
        }
        let mut many = Profile::default();
        for number in 0..=MAX_ATTRIBUTES {
            assert!(many.checked().is_ok());
            many.attributes.insert(format!("a{number}"), "x".into());
        }
        assert!(many.checked().is_err());
    }

    #[test]
    fn notes_have_lines() {
        assert_eq!(notes(" a\r\nb\tc ").unwrap(), "a\nb\tc");
        assert!(notes("a\0").is_err());
        assert!(notes(&"x".repeat(MAX_NOTES_CHARS)).is_ok());
        assert!(notes(&"x".repeat(MAX_NOTES_CHARS + 1)).is_err());
    }
}

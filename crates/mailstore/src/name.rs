//! Mailbox names: UTF-8 in NFC, levels separated by `/`, INBOX without regard to case.
//!
//! Invariants: a [`MailboxPath`] has at least one level and no empty one, no control characters, is
//! within the limits below, and two paths are the same mailbox name exactly when they are equal.

use std::fmt;

use unicode_normalization::UnicodeNormalization as _;

/// The character between the levels of a mailbox name.
pub const SEPARATOR: char = '/';

/// The name of the mailbox that every account has (RFC 9051 §5.1).
pub const INBOX: &str = "INBOX";

/// Longest name of one level in bytes: what fits a file name when mail is exported to Maildir.
pub const LEVEL_BYTES_MAX: usize = 255;

/// Longest whole name in bytes. RFC 9051 names no limit; clients fail long before this one.
pub const PATH_BYTES_MAX: usize = 1024;

/// Deepest nesting of mailboxes. People use three or four levels; the limit bounds each walk.
pub const DEPTH_MAX: usize = 20;

/// Why a text is no mailbox name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Nothing before, after or between separators.
    #[error("a mailbox name has an empty level")]
    EmptyLevel,
    /// A control character or a Unicode line or paragraph separator (RFC 9051 §5.1).
    #[error("a mailbox name contains a control character")]
    Control,
    /// Longer than [`LEVEL_BYTES_MAX`] or [`PATH_BYTES_MAX`].
    #[error(
        "a mailbox name has at most {LEVEL_BYTES_MAX} bytes a level and {PATH_BYTES_MAX} in all"
    )]
    TooLong,
    /// More levels than [`DEPTH_MAX`].
    #[error("mailboxes are nested at most {DEPTH_MAX} deep")]
    TooDeep,
}

/// The whole name of a mailbox, such as `INBOX` or `Projects/2026/会議`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MailboxPath(String);

impl MailboxPath {
    /// The path of a text, brought to NFC; a first level `inbox` in any case becomes `INBOX`.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.len() > PATH_BYTES_MAX {
            return Err(NameError::TooLong);
        }
        let mut path: String = text.nfc().collect();
        let first = path.split(SEPARATOR).next().unwrap_or_default();
        if first.eq_ignore_ascii_case(INBOX) {
            path.replace_range(..INBOX.len(), INBOX);
        }
        if path.len() > PATH_BYTES_MAX {
            return Err(NameError::TooLong);
        }
        let mut depth = 0;
        for level in path.split(SEPARATOR) {
            depth += 1;
            check_level(level)?;
        }
        if depth > DEPTH_MAX {
            return Err(NameError::TooDeep);
        }
        Ok(Self(path))
    }

    /// The path of INBOX.
    pub fn inbox() -> Self {
        Self(INBOX.to_owned())
    }

    /// Whether this is INBOX itself.
    pub fn is_inbox(&self) -> bool {
        self.0 == INBOX
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The names of the levels from the top.
    pub fn levels(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split(SEPARATOR)
    }

    /// The name of the last level.
    pub fn name(&self) -> &str {
        self.0.rsplit(SEPARATOR).next().unwrap_or_default()
    }

    /// The path one level up; nothing at the top.
    pub fn parent(&self) -> Option<Self> {
        let (parent, _) = self.0.rsplit_once(SEPARATOR)?;
        Some(Self(parent.to_owned()))
    }

    /// The path of a child of this mailbox.
    pub fn child(&self, name: &str) -> Result<Self, NameError> {
        Self::parse(&format!("{}{SEPARATOR}{name}", self.0))
    }

    /// Whether this mailbox is below `other`, at any depth.
    pub fn is_below(&self, other: &Self) -> bool {
        self.0
            .strip_prefix(&other.0)
            .is_some_and(|rest| rest.starts_with(SEPARATOR))
    }

    /// A path that storage vouches for. Not checked again: a tightened rule must not hide old mail.
    pub(crate) fn from_stored(path: String) -> Self {
        Self(path)
    }
}

impl fmt::Display for MailboxPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for MailboxPath {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

fn check_level(level: &str) -> Result<(), NameError> {
    if level.is_empty() {
        return Err(NameError::EmptyLevel);
    }
    if level.len() > LEVEL_BYTES_MAX {
        return Err(NameError::TooLong);
    }
    let forbidden = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if level.chars().any(forbidden) {
        return Err(NameError::Control);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inbox_has_one_spelling() {
        for text in ["INBOX", "inbox", "InBoX"] {
            assert!(MailboxPath::parse(text).unwrap().is_inbox(), "{text}");
        }
        assert_eq!(MailboxPath::parse("inbox/a").unwrap().as_str(), "INBOX/a");
        assert_eq!(MailboxPath::parse("Inboxes").unwrap().as_str(), "Inboxes");
        assert_eq!(MailboxPath::parse("a/inbox").unwrap().as_str(), "a/inbox");
    }

    #[test]
    fn names_are_compared_in_nfc() {
        let composed = MailboxPath::parse("ガイド").unwrap();
        let decomposed = MailboxPath::parse("カ\u{3099}イト\u{3099}").unwrap();
        assert_eq!(composed, decomposed);
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let level = "x".repeat(LEVEL_BYTES_MAX + 1);
        let path = vec!["x".repeat(200); 6].join("/");
        let deep = vec!["d"; DEPTH_MAX + 1].join("/");
        for (text, error) in [
            ("", NameError::EmptyLevel),
            ("/a", NameError::EmptyLevel),
            ("a//b", NameError::EmptyLevel),
            ("a/", NameError::EmptyLevel),
            ("a\0b", NameError::Control),
            ("a\r\nb", NameError::Control),
            ("a\u{85}", NameError::Control),
            ("a\u{2028}b", NameError::Control),
            (level.as_str(), NameError::TooLong),
            (path.as_str(), NameError::TooLong),
            (deep.as_str(), NameError::TooDeep),
        ] {
            assert_eq!(MailboxPath::parse(text), Err(error), "{text:?}");
        }
        assert!(MailboxPath::parse(&vec!["d"; DEPTH_MAX].join("/")).is_ok());
        assert!(MailboxPath::parse(&"x".repeat(LEVEL_BYTES_MAX)).is_ok());
    }

    #[test]
    fn parents_and_descendants() {
        let path = MailboxPath::parse("a/b/c").unwrap();
        assert_eq!(path.name(), "c");
        assert_eq!(path.parent().unwrap().as_str(), "a/b");
        assert!(path.is_below(&MailboxPath::parse("a").unwrap()));
        assert!(!path.is_below(&path));
        assert!(
            !MailboxPath::parse("ab")
                .unwrap()
                .is_below(&MailboxPath::parse("a").unwrap())
        );
        assert_eq!(path.levels().collect::<Vec<_>>(), ["a", "b", "c"]);
    }
}

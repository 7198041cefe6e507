//! Flags of a message in a mailbox: the system flags as bits, keywords as a sorted list.
//!
//! Invariants: keywords are equal without regard to ASCII case (RFC 9051 §2.3.2) and keep the
//! spelling they were first set with; a [`Flags`] holds each keyword once, sorted.

use std::fmt;

/// Longest keyword in bytes: what JMAP allows (RFC 8621 §4.1.1), so that both protocols agree.
pub const KEYWORD_BYTES_MAX: usize = 255;

/// Most keywords on one message in one mailbox. Clients use a handful; the limit keeps a row small.
pub const KEYWORDS_MAX: usize = 64;

/// The system flags (RFC 9051 §2.3.2) as a set of bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SystemFlags(u8);

impl SystemFlags {
    /// No flag.
    pub const NONE: Self = Self(0);
    /// The message was read.
    pub const SEEN: Self = Self(1);
    /// The message was answered.
    pub const ANSWERED: Self = Self(2);
    /// The message is marked for attention.
    pub const FLAGGED: Self = Self(4);
    /// The message is to be removed by the next expunge.
    pub const DELETED: Self = Self(8);
    /// The message is a draft.
    pub const DRAFT: Self = Self(16);

    const ALL: u8 = 31;

    /// The number as stored.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The set for a stored number; unknown bits are dropped.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & Self::ALL)
    }

    /// Whether all flags of `other` are in this set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The flags of both sets.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The flags of this set that are not in `other`.
    #[must_use]
    pub const fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether no flag is set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Debug for SystemFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [(SystemFlags, &str); 5] = [
            (SystemFlags::SEEN, "Seen"),
            (SystemFlags::ANSWERED, "Answered"),
            (SystemFlags::FLAGGED, "Flagged"),
            (SystemFlags::DELETED, "Deleted"),
            (SystemFlags::DRAFT, "Draft"),
        ];
        let set = NAMES.iter().filter(|(flag, _)| self.contains(*flag));
        f.debug_set().entries(set.map(|(_, name)| name)).finish()
    }
}

/// Why a text is no keyword.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a keyword: 1 to {KEYWORD_BYTES_MAX} printable ASCII characters without ( ) {{ % * \" \\ ]"
)]
pub struct KeywordError;

/// A flag named by a user or a client, such as `$Forwarded`. Equal without regard to ASCII case.
#[derive(Debug, Clone)]
pub struct Keyword(Box<str>);

impl Keyword {
    /// The keyword of a text: an IMAP atom (RFC 9051 §9, `flag-keyword`), which is also what JMAP
    /// allows.
    pub fn new(text: &str) -> Result<Self, KeywordError> {
        let valid = |b: &u8| b.is_ascii_graphic() && !b"(){%*\"\\]".contains(b);
        if text.is_empty() || text.len() > KEYWORD_BYTES_MAX || !text.as_bytes().iter().all(valid) {
            return Err(KeywordError);
        }
        Ok(Self(text.into()))
    }

    /// The keyword as it was spelled first.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn folded(&self) -> impl Iterator<Item = u8> + '_ {
        self.0.bytes().map(|b| b.to_ascii_lowercase())
    }
}

impl PartialEq for Keyword {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Keyword {}

impl PartialOrd for Keyword {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Keyword {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.folded().cmp(other.folded())
    }
}

impl std::hash::Hash for Keyword {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        for byte in self.folded() {
            state.write_u8(byte);
        }
    }
}

impl fmt::Display for Keyword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// All flags of one placement.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Flags {
    system: SystemFlags,
    keywords: Vec<Keyword>,
}

/// More keywords than one message may have ([`KEYWORDS_MAX`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than {KEYWORDS_MAX} keywords on one message")]
pub struct TooManyKeywords;

impl Flags {
    /// System flags and keywords; the first spelling of a keyword wins.
    pub fn new(
        system: SystemFlags,
        keywords: impl IntoIterator<Item = Keyword>,
    ) -> Result<Self, TooManyKeywords> {
        let mut flags = Self::from(system);
        for keyword in keywords {
            flags.insert(keyword);
        }
        flags.check()
    }

    /// The system flags.
    pub fn system(&self) -> SystemFlags {
        self.system
    }

    /// The keywords, sorted.
    pub fn keywords(&self) -> &[Keyword] {
        &self.keywords
    }

    /// Whether the message was read.
    pub fn is_seen(&self) -> bool {
        self.system.contains(SystemFlags::SEEN)
    }

    /// Whether the message is marked for removal.
    pub fn is_deleted(&self) -> bool {
        self.system.contains(SystemFlags::DELETED)
    }

    /// Whether the keyword is set.
    pub fn has_keyword(&self, keyword: &Keyword) -> bool {
        self.keywords.binary_search(keyword).is_ok()
    }

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.system.is_empty() && self.keywords.is_empty()
    }

    /// These flags after a change. A keyword that is set already keeps its spelling.
    pub fn changed(&self, change: &FlagChange) -> Result<Self, TooManyKeywords> {
        match change {
            FlagChange::Add(add) => {
                let mut flags = self.clone();
                flags.system = flags.system.union(add.system);
                for keyword in &add.keywords {
                    flags.insert(keyword.clone());
                }
                flags.check()
            }
            FlagChange::Remove(remove) => {
                let mut flags = self.clone();
                flags.system = flags.system.difference(remove.system);
                flags
                    .keywords
                    .retain(|keyword| !remove.has_keyword(keyword));
                Ok(flags)
            }
            FlagChange::Replace(with) => {
                let kept = self
                    .keywords
                    .iter()
                    .filter(|keyword| with.has_keyword(keyword));
                Self::new(with.system, kept.chain(&with.keywords).cloned())
            }
        }
    }

    fn insert(&mut self, keyword: Keyword) {
        if let Err(place) = self.keywords.binary_search(&keyword) {
            self.keywords.insert(place, keyword);
        }
    }

    fn check(self) -> Result<Self, TooManyKeywords> {
        if self.keywords.len() > KEYWORDS_MAX {
            return Err(TooManyKeywords);
        }
        Ok(self)
    }

    /// The keywords as stored: sorted, separated by spaces.
    pub(crate) fn keyword_text(&self) -> String {
        let mut text = String::new();
        for keyword in &self.keywords {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(keyword.as_str());
        }
        text
    }

    /// Reads what [`Flags::keyword_text`] wrote. Words that are no keywords are dropped: the
    /// checker reports them, and reading mail goes on.
    pub(crate) fn from_stored(bits: i64, keywords: &str) -> Self {
        let mut flags = Self::from(SystemFlags::from_bits(bits as u8));
        for keyword in keywords.split_ascii_whitespace().flat_map(Keyword::new) {
            flags.insert(keyword);
        }
        flags
    }
}

impl From<SystemFlags> for Flags {
    fn from(system: SystemFlags) -> Self {
        Self {
            system,
            keywords: Vec::new(),
        }
    }
}

/// What STORE does to flags (RFC 9051 §6.4.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlagChange {
    /// Sets these flags, leaves the others.
    Add(Flags),
    /// Clears these flags, leaves the others.
    Remove(Flags),
    /// Sets exactly these flags.
    Replace(Flags),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyword(text: &str) -> Keyword {
        Keyword::new(text).unwrap()
    }

    fn keywords(words: &[&str]) -> Flags {
        Flags::new(SystemFlags::NONE, words.iter().map(|w| keyword(w))).unwrap()
    }

    #[test]
    fn keywords_keep_their_first_spelling_and_compare_without_case() {
        let flags = keywords(&["Work", "$Forwarded", "WORK"]);
        assert_eq!(flags.keyword_text(), "$Forwarded Work");
        let added = flags
            .changed(&FlagChange::Add(keywords(&["work"])))
            .unwrap();
        assert_eq!(added.keyword_text(), "$Forwarded Work");
        let replaced = flags
            .changed(&FlagChange::Replace(keywords(&["wOrK"])))
            .unwrap();
        assert_eq!(replaced.keyword_text(), "Work");
        let removed = flags
            .changed(&FlagChange::Remove(keywords(&["work"])))
            .unwrap();
        assert_eq!(removed.keyword_text(), "$Forwarded");
    }

    #[test]
    fn what_is_no_atom_is_no_keyword() {
        let long = "x".repeat(KEYWORD_BYTES_MAX + 1);
        for text in [
            "", "a b", "\\Seen", "a(b", "a*", "会議", "a]b", "\u{7f}", &long,
        ] {
            assert_eq!(Keyword::new(text), Err(KeywordError), "{text:?}");
        }
        assert!(Keyword::new(&"x".repeat(KEYWORD_BYTES_MAX)).is_ok());
    }

    #[test]
    fn one_keyword_too_many_is_refused() {
        let words = (0..KEYWORDS_MAX).map(|n| keyword(&format!("k{n}")));
        let full = Flags::new(SystemFlags::NONE, words).unwrap();
        let one_more = FlagChange::Add(keywords(&["another"]));
        assert_eq!(full.changed(&one_more), Err(TooManyKeywords));
        assert_eq!(
            full.changed(&FlagChange::Add(keywords(&["K1"]))),
            Ok(full.clone())
        );
    }

    #[test]
    fn stored_form_reads_back() {
        let flags = Flags::new(
            SystemFlags::SEEN.union(SystemFlags::DRAFT),
            [keyword("b"), keyword("A")],
        );
        let flags = flags.unwrap();
        let bits = i64::from(flags.system().bits());
        assert_eq!(Flags::from_stored(bits, &flags.keyword_text()), flags);
    }
}

//! Mailbox names on the wire, their special uses, and LIST's patterns.

use crate::{
    NameEncoding,
    parse::{Cursor, Parsed},
    utf7,
};

/// The hierarchy delimiter of every mailbox name.
pub(crate) const DELIMITER: char = '/';

/// A mailbox name as a client means it: UTF-8, decoded, `INBOX` in capitals. Whether such a
/// mailbox exists or may exist is not decided here.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MailboxName(String);

impl MailboxName {
    /// From a decoded name. `INBOX` is the same in any case of letters (RFC 3501 §5.1), also as
    /// the parent of others.
    pub fn new(name: &str) -> Self {
        let (first, rest) = match name.split_once(DELIMITER) {
            Some((first, _)) => name.split_at(first.len()),
            None => (name, ""),
        };
        if first.eq_ignore_ascii_case("INBOX") {
            return Self(format!("INBOX{rest}"));
        }
        Self(name.to_owned())
    }

    /// From the bytes on the wire: modified UTF-7, or raw UTF-8 from clients that send it.
    pub fn from_wire(bytes: &[u8]) -> Self {
        Self::new(&utf7::decode(bytes))
    }

    /// ```abnf
    /// mailbox = "INBOX" / astring
    /// ```
    pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        let start = cursor.clone();
        let name = cursor.astring("a mailbox name")?;
        decoded(&start, &name, "a mailbox name in UTF-8").map(|name| Self::new(&name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is INBOX itself.
    pub fn is_inbox(&self) -> bool {
        self.0 == "INBOX"
    }

    /// Without delimiters at its end: `CREATE "a/"` declares that names below `a` will follow
    /// (RFC 3501 §6.3.3).
    #[must_use]
    pub fn without_trailing_delimiter(&self) -> Self {
        Self(self.0.trim_end_matches(DELIMITER).to_owned())
    }
}

/// A name or a pattern as the client means it, in the encoding that is in force at `start`. In
/// UTF-8 it has to be valid: nobody could tell which name it is otherwise.
pub(crate) fn decoded(start: &Cursor<'_>, bytes: &[u8], what: &'static str) -> Parsed<String> {
    match start.limits().names {
        NameEncoding::Utf7 => Ok(utf7::decode(bytes).into_owned()),
        NameEncoding::Utf8 => std::str::from_utf8(bytes)
            .map(str::to_owned)
            .or_else(|_| start.expected(what)),
    }
}

/// A special use of a mailbox (RFC 6154 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SpecialUse {
    /// All messages of the account.
    All,
    /// Where messages are archived.
    Archive,
    /// Drafts.
    Drafts,
    /// All flagged messages.
    Flagged,
    /// Spam.
    Junk,
    /// Copies of sent messages.
    Sent,
    /// Deleted messages.
    Trash,
}

impl SpecialUse {
    /// Every use there is.
    pub const EVERY: [Self; 7] = [
        Self::All,
        Self::Archive,
        Self::Drafts,
        Self::Flagged,
        Self::Junk,
        Self::Sent,
        Self::Trash,
    ];

    /// The attribute as written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "\\All",
            Self::Archive => "\\Archive",
            Self::Drafts => "\\Drafts",
            Self::Flagged => "\\Flagged",
            Self::Junk => "\\Junk",
            Self::Sent => "\\Sent",
            Self::Trash => "\\Trash",
        }
    }

    /// ```abnf
    /// use-attr = "\All" / "\Archive" / "\Drafts" / "\Flagged" / "\Junk" / "\Sent" / "\Trash"
    /// ```
    pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        let start = cursor.clone();
        cursor.expect(b'\\', "a special use")?;
        let name = cursor.atom("a special use")?;
        let found = Self::EVERY.into_iter().find(|special_use| {
            special_use
                .as_str()
                .get(1..)
                .is_some_and(|known| known.eq_ignore_ascii_case(name))
        });
        found.map_or_else(|| start.expected("a special use that is known"), Ok)
    }
}

/// Whether `name` matches a LIST pattern: `*` stands for anything, `%` for anything without a
/// delimiter (RFC 3501 §6.3.8). Both decoded. The first level `INBOX` matches in any case of
/// letters. Takes at most time in proportion to the product of both lengths, without recursion.
pub fn list_matches(pattern: &str, name: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    let inbox_length = match name.get(..5) {
        Some(['I', 'N', 'B', 'O', 'X']) if matches!(name.get(5), None | Some(&DELIMITER)) => 5,
        _ => 0,
    };
    // `reached` holds at which positions of the name the pattern read so far can end.
    let mut reached = vec![false; name.len() + 1];
    if let Some(start) = reached.first_mut() {
        *start = true;
    }
    let mut previous = '\0';
    for symbol in pattern.chars() {
        // Repeated stars cost no more than one.
        if symbol == '*' && previous == '*' {
            continue;
        }
        previous = symbol;
        let mut carry = false;
        let mut possible = false;
        for at in 0..reached.len() {
            let here = reached.get(at).copied().unwrap_or(false);
            let before = at
                .checked_sub(1)
                .and_then(|before| name.get(before))
                .copied();
            let now = match symbol {
                '*' => here || carry,
                '%' => here || (carry && before != Some(DELIMITER)),
                // `carry` is what was reached one character earlier, before this symbol.
                literal => {
                    carry
                        && before.is_some_and(|found| {
                            found == literal
                                || (at <= inbox_length && found.eq_ignore_ascii_case(&literal))
                        })
                }
            };
            carry = match symbol {
                '*' | '%' => now,
                _ => here,
            };
            if let Some(slot) = reached.get_mut(at) {
                *slot = now;
            }
            possible |= now;
        }
        if !possible {
            return false;
        }
    }
    reached.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inbox_has_one_spelling() {
        for (wire, name) in [
            (&b"inbox"[..], "INBOX"),
            (b"InBoX/a", "INBOX/a"),
            (b"inboxes", "inboxes"),
            (b"a/inbox", "a/inbox"),
            (b"&U9dP4Xux-", "受信箱"),
            ("受信箱".as_bytes(), "受信箱"),
        ] {
            assert_eq!(MailboxName::from_wire(wire).as_str(), name);
        }
    }

    #[test]
    fn patterns_match() {
        for (pattern, name, matches) in [
            ("*", "a/b/c", true),
            ("%", "a", true),
            ("%", "a/b", false),
            ("%/%", "a/b", true),
            ("%/%", "a/b/c", false),
            ("a/*", "a/b/c", true),
            ("a/*", "a", false),
            ("a*", "a", true),
            ("*b", "a/b", true),
            ("*b*d", "abcd", true),
            ("*b*d", "abc", false),
            ("a%c", "abc", true),
            ("a%c", "a/c", false),
            ("inbox", "INBOX", true),
            ("inB%", "INBOX", true),
            ("inbox/a", "INBOX/a", true),
            ("inbox/A", "INBOX/a", false),
            ("A", "a", false),
            ("仕*", "仕事/二月", true),
            ("仕%", "仕事/二月", false),
            ("", "", true),
            ("", "a", false),
            ("a", "", false),
            ("%%%%", "abc", true),
            ("**a**", "xax", true),
        ] {
            assert_eq!(list_matches(pattern, name), matches, "{pattern} {name}");
        }
    }

    #[test]
    fn a_hostile_pattern_is_not_exponential() {
        let pattern = "*a".repeat(500) + "b";
        let name = "a".repeat(1000);
        assert!(!list_matches(&pattern, &name));
    }
}

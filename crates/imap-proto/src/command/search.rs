//! SEARCH.

use hikyaku_types::ModSeq;

use super::Numbering;
use crate::{
    Date, ObjectId, SequenceSet,
    parse::{Cursor, Parsed, is_atom_char},
};

/// One SEARCH key (RFC 3501 §6.4.4). Texts are as the client sent them, in the command's charset.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SearchKey {
    /// All messages.
    All,
    /// All of these keys match.
    And(Vec<Self>),
    /// The text is in the BCC of the envelope.
    Bcc(Vec<u8>),
    /// INTERNALDATE is before that day.
    Before(Date),
    /// The text is in the body.
    Body(Vec<u8>),
    /// The text is in the CC of the envelope.
    Cc(Vec<u8>),
    /// The message has this identifier (RFC 8474 §6).
    EmailId(ObjectId),
    /// A system flag is set: `ANSWERED`, `DELETED`, `DRAFT`, `FLAGGED`, `RECENT`, `SEEN`.
    Flag(crate::Flag),
    /// The text is in the FROM of the envelope.
    From(Vec<u8>),
    /// The header field exists and holds the text.
    Header(Vec<u8>, Vec<u8>),
    /// The keyword is set.
    Keyword(String),
    /// RFC822.SIZE is larger than that many bytes.
    Larger(u32),
    /// The message's modification sequence is at least this (RFC 7162 §3.1.5). It is one for the
    /// whole message, so a named flag makes no difference.
    ModSeq(ModSeq),
    /// RECENT and not SEEN.
    New,
    /// The key does not match.
    Not(Box<Self>),
    /// Not RECENT.
    Old,
    /// INTERNALDATE is on that day.
    On(Date),
    /// One of the two keys matches.
    Or(Box<Self>, Box<Self>),
    /// The Date field is before that day.
    SentBefore(Date),
    /// The Date field is on that day.
    SentOn(Date),
    /// The Date field is on that day or later.
    SentSince(Date),
    /// The message's sequence number is in the set.
    Sequence(SequenceSet),
    /// INTERNALDATE is on that day or later.
    Since(Date),
    /// RFC822.SIZE is smaller than that many bytes.
    Smaller(u32),
    /// The text is in the subject of the envelope.
    Subject(Vec<u8>),
    /// The text is in the header or the body.
    Text(Vec<u8>),
    /// The message's conversation has this identifier (RFC 8474 §6).
    ThreadId(ObjectId),
    /// The text is in the TO of the envelope.
    To(Vec<u8>),
    /// The message's UID is in the set.
    Uid(SequenceSet),
    /// The system flag is not set: `UNANSWERED` and so on.
    Unflag(crate::Flag),
    /// The keyword is not set.
    Unkeyword(String),
}

/// What an extended answer tells (RFC 4731 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchReturn {
    /// `ALL`: every message found, as a set.
    All,
    /// `COUNT`: how many were found.
    Count,
    /// `MAX`: the last one.
    Max,
    /// `MIN`: the first one.
    Min,
}

impl SearchReturn {
    /// The options by name.
    pub(super) const NAMES: [(&'static str, Self); 4] = [
        ("ALL", Self::All),
        ("COUNT", Self::Count),
        ("MAX", Self::Max),
        ("MIN", Self::Min),
    ];

    /// ```abnf
    /// search-return-opts = SP "RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")"
    /// ```
    /// No option is the same as `ALL`. Each is kept once.
    fn parse_all(cursor: &mut Cursor<'_>) -> Parsed<Vec<Self>> {
        let limit = cursor.limits().list_items;
        let listed = cursor.list((limit, "SEARCH return options"), |cursor| {
            let start = cursor.clone();
            let name = cursor.atom("a SEARCH return option")?;
            let found = Self::NAMES
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map_or_else(
                || start.expected("a SEARCH return option that is known"),
                |(_, option)| Ok(*option),
            )
        })?;
        let mut options = Vec::with_capacity(Self::NAMES.len());
        for option in listed {
            if !options.contains(&option) {
                options.push(option);
            }
        }
        if options.is_empty() {
            options.push(Self::All);
        }
        Ok(options)
    }
}

/// SEARCH (RFC 3501 §6.4.4, RFC 4731).
///
/// ```abnf
/// search = "SEARCH" [search-return-opts] [SP "CHARSET" SP astring] 1*(SP search-key)
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// How the answer counts.
    pub numbering: Numbering,
    /// What an extended answer tells, at least one thing; none for the answer of RFC 3501.
    pub returns: Option<Vec<SearchReturn>>,
    /// The charset of all texts, if named.
    pub charset: Option<String>,
    /// What is searched for.
    pub key: SearchKey,
}

impl Search {
    /// Whether it asks for modification sequences, so that the answer tells the highest one.
    pub fn names_modseq(&self) -> bool {
        self.key.names_modseq()
    }

    pub(super) fn parse(cursor: &mut Cursor<'_>, numbering: Numbering) -> Parsed<Self> {
        let mut returns = None;
        if cursor.take_word(" RETURN ") {
            returns = Some(SearchReturn::parse_all(cursor)?);
        }
        let mut charset = None;
        if cursor.take_word(" CHARSET ") {
            let name = cursor.astring("a charset")?;
            charset = Some(String::from_utf8_lossy(&name).into_owned());
        }
        let mut keys = Keys {
            left: cursor.limits().search_keys,
            depth: 0,
        };
        cursor.space()?;
        let mut all = vec![keys.key(cursor)?];
        while !cursor.is_at_end() {
            cursor.space()?;
            all.push(keys.key(cursor)?);
        }
        Ok(Self {
            numbering,
            returns,
            charset,
            key: one_or_all(all),
        })
    }
}

impl SearchKey {
    /// The depth of the recursion is what the grammar allowed.
    fn names_modseq(&self) -> bool {
        match self {
            Self::ModSeq(_) => true,
            Self::And(keys) => keys.iter().any(Self::names_modseq),
            Self::Or(one, other) => one.names_modseq() || other.names_modseq(),
            Self::Not(key) => key.names_modseq(),
            _ => false,
        }
    }
}

fn one_or_all(mut keys: Vec<SearchKey>) -> SearchKey {
    match keys.pop() {
        Some(only) if keys.is_empty() => only,
        Some(last) => {
            keys.push(last);
            SearchKey::And(keys)
        }
        None => SearchKey::All,
    }
}

/// What stands after a key's name.
#[derive(Clone, Copy)]
enum Argument {
    None(fn() -> SearchKey),
    Text(fn(Vec<u8>) -> SearchKey),
    Day(fn(Date) -> SearchKey),
    Number(fn(u32) -> SearchKey),
    Keyword(fn(String) -> SearchKey),
    Object(fn(ObjectId) -> SearchKey),
    Header,
    ModSeq,
    Not,
    Or,
    Uids,
}

/// ```abnf
/// search-key = "ALL" / "ANSWERED" / "BCC" SP astring / "BEFORE" SP date / … /
///              sequence-set / "(" search-key *(SP search-key) ")"
/// ```
const NAMES: [(&str, Argument); 38] = {
    use crate::Flag;
    [
        ("ALL", Argument::None(|| SearchKey::All)),
        (
            "ANSWERED",
            Argument::None(|| SearchKey::Flag(Flag::Answered)),
        ),
        ("BCC", Argument::Text(SearchKey::Bcc)),
        ("BEFORE", Argument::Day(SearchKey::Before)),
        ("BODY", Argument::Text(SearchKey::Body)),
        ("CC", Argument::Text(SearchKey::Cc)),
        ("DELETED", Argument::None(|| SearchKey::Flag(Flag::Deleted))),
        ("DRAFT", Argument::None(|| SearchKey::Flag(Flag::Draft))),
        ("EMAILID", Argument::Object(SearchKey::EmailId)),
        ("FLAGGED", Argument::None(|| SearchKey::Flag(Flag::Flagged))),
        ("FROM", Argument::Text(SearchKey::From)),
        ("HEADER", Argument::Header),
        ("KEYWORD", Argument::Keyword(SearchKey::Keyword)),
        ("LARGER", Argument::Number(SearchKey::Larger)),
        ("MODSEQ", Argument::ModSeq),
        ("NEW", Argument::None(|| SearchKey::New)),
        ("NOT", Argument::Not),
        ("OLD", Argument::None(|| SearchKey::Old)),
        ("ON", Argument::Day(SearchKey::On)),
        ("OR", Argument::Or),
        ("RECENT", Argument::None(|| SearchKey::Flag(Flag::Recent))),
        ("SEEN", Argument::None(|| SearchKey::Flag(Flag::Seen))),
        ("SENTBEFORE", Argument::Day(SearchKey::SentBefore)),
        ("SENTON", Argument::Day(SearchKey::SentOn)),
        ("SENTSINCE", Argument::Day(SearchKey::SentSince)),
        ("SINCE", Argument::Day(SearchKey::Since)),
        ("SMALLER", Argument::Number(SearchKey::Smaller)),
        ("SUBJECT", Argument::Text(SearchKey::Subject)),
        ("TEXT", Argument::Text(SearchKey::Text)),
        ("THREADID", Argument::Object(SearchKey::ThreadId)),
        ("TO", Argument::Text(SearchKey::To)),
        ("UID", Argument::Uids),
        (
            "UNANSWERED",
            Argument::None(|| SearchKey::Unflag(Flag::Answered)),
        ),
        (
            "UNDELETED",
            Argument::None(|| SearchKey::Unflag(Flag::Deleted)),
        ),
        ("UNDRAFT", Argument::None(|| SearchKey::Unflag(Flag::Draft))),
        (
            "UNFLAGGED",
            Argument::None(|| SearchKey::Unflag(Flag::Flagged)),
        ),
        ("UNKEYWORD", Argument::Keyword(SearchKey::Unkeyword)),
        ("UNSEEN", Argument::None(|| SearchKey::Unflag(Flag::Seen))),
    ]
};

/// Counts keys and nesting while reading.
struct Keys {
    left: usize,
    depth: usize,
}

impl Keys {
    fn key(&mut self, cursor: &mut Cursor<'_>) -> Parsed<SearchKey> {
        let Some(left) = self.left.checked_sub(1) else {
            return cursor.too_much("SEARCH keys");
        };
        if self.depth == cursor.limits().search_depth {
            return cursor.too_much("SEARCH keys inside one another");
        }
        self.left = left;
        self.depth += 1;
        let key = match cursor.peek() {
            Some(b'0'..=b'9' | b'*') => SequenceSet::parse(cursor).map(SearchKey::Sequence),
            Some(b'(') => self.group(cursor),
            _ => self.named(cursor),
        }?;
        self.depth -= 1;
        Ok(key)
    }

    fn group(&mut self, cursor: &mut Cursor<'_>) -> Parsed<SearchKey> {
        let limit = (cursor.limits().search_keys, "SEARCH keys");
        let keys = cursor.list(limit, |cursor| self.key(cursor))?;
        if keys.is_empty() {
            return cursor.expected("a SEARCH key before this");
        }
        Ok(one_or_all(keys))
    }

    fn named(&mut self, cursor: &mut Cursor<'_>) -> Parsed<SearchKey> {
        let start = cursor.clone();
        let name = cursor.atom("a SEARCH key")?;
        let found = NAMES
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        let Some((_, argument)) = found else {
            return start.expected("a SEARCH key that is known");
        };
        if let Argument::None(key) = argument {
            return Ok(key());
        }
        cursor.space()?;
        match *argument {
            Argument::None(key) => Ok(key()),
            Argument::Text(key) => text(cursor).map(key),
            Argument::Day(key) => Date::parse(cursor).map(key),
            Argument::Number(key) => cursor.number("a size in bytes").map(key),
            Argument::Keyword(key) => keyword(cursor).map(key),
            Argument::Object(key) => ObjectId::parse(cursor).map(key),
            Argument::Header => {
                let name = cursor.astring("a header field name")?.into_owned();
                cursor.space()?;
                Ok(SearchKey::Header(name, text(cursor)?))
            }
            Argument::ModSeq => modseq(cursor).map(SearchKey::ModSeq),
            Argument::Not => Ok(SearchKey::Not(Box::new(self.key(cursor)?))),
            Argument::Or => {
                let one = Box::new(self.key(cursor)?);
                cursor.space()?;
                Ok(SearchKey::Or(one, Box::new(self.key(cursor)?)))
            }
            Argument::Uids => SequenceSet::parse(cursor).map(SearchKey::Uid),
        }
    }
}

/// ```abnf
/// search-modsequence = "MODSEQ" [search-modseq-ext] SP mod-sequence-valzer
/// search-modseq-ext  = SP entry-name SP entry-type-req
/// entry-type-req     = "priv" / "shared" / "all"
/// ```
fn modseq(cursor: &mut Cursor<'_>) -> Parsed<ModSeq> {
    if cursor.peek() == Some(b'"') {
        cursor.string("the name of an entry")?;
        cursor.space()?;
        let kinds = ["priv ", "shared ", "all "];
        if !kinds.iter().any(|kind| cursor.take_word(kind)) {
            return cursor.expected("priv, shared or all");
        }
    }
    cursor.modseq()
}

/// Search texts come unquoted with `%` and `*` in them from careless clients.
fn text(cursor: &mut Cursor<'_>) -> Parsed<Vec<u8>> {
    let wanted = |byte| is_atom_char(byte) || matches!(byte, b']' | b'%' | b'*') || byte >= 0x80;
    cursor
        .string_or("a text to search for", wanted)
        .map(std::borrow::Cow::into_owned)
}

fn keyword(cursor: &mut Cursor<'_>) -> Parsed<String> {
    let wanted = |byte| is_atom_char(byte) || byte == b']';
    let keyword = cursor.take_some(wanted, "a keyword")?;
    Ok(String::from_utf8_lossy(keyword).into_owned())
}

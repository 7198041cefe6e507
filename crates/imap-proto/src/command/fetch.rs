//! FETCH.

use hikyaku_types::ModSeq;

use super::Numbering;
use crate::{
    Partial, Section, SectionText, SequenceSet,
    parse::{Cursor, Parsed},
};

/// Whether fetching a section sets `\Seen`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Peek {
    /// `BODY.PEEK[…]`: it does not.
    Yes,
    /// `BODY[…]`: it does.
    No,
}

/// One data item of a FETCH.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FetchItem {
    /// `BODY`: the structure without extension data.
    Body,
    /// `BODYSTRUCTURE`.
    BodyStructure,
    /// `EMAILID` (RFC 8474 §5.1).
    EmailId,
    /// `ENVELOPE`.
    Envelope,
    /// `FLAGS`.
    Flags,
    /// `INTERNALDATE`.
    InternalDate,
    /// `MODSEQ` (RFC 7162 §3.1.4.2).
    ModSeq,
    /// `RFC822`: `BODY[]` under its old name.
    Rfc822,
    /// `RFC822.HEADER`: `BODY.PEEK[HEADER]` under its old name.
    Rfc822Header,
    /// `RFC822.SIZE`.
    Rfc822Size,
    /// `RFC822.TEXT`: `BODY[TEXT]` under its old name.
    Rfc822Text,
    /// `BODY[…]` or `BODY.PEEK[…]`.
    Section {
        /// Which part.
        section: Section,
        /// A cut out of it.
        partial: Option<Partial>,
        /// Whether `\Seen` stays as it is.
        peek: Peek,
    },
    /// `THREADID` (RFC 8474 §5.2).
    ThreadId,
    /// `UID`.
    Uid,
}

impl FetchItem {
    /// Items whose name is all there is.
    pub(super) const NAMES: [(&'static str, Self); 13] = [
        ("BODY", Self::Body),
        ("BODYSTRUCTURE", Self::BodyStructure),
        ("EMAILID", Self::EmailId),
        ("ENVELOPE", Self::Envelope),
        ("FLAGS", Self::Flags),
        ("INTERNALDATE", Self::InternalDate),
        ("MODSEQ", Self::ModSeq),
        ("RFC822", Self::Rfc822),
        ("RFC822.HEADER", Self::Rfc822Header),
        ("RFC822.SIZE", Self::Rfc822Size),
        ("RFC822.TEXT", Self::Rfc822Text),
        ("THREADID", Self::ThreadId),
        ("UID", Self::Uid),
    ];

    /// Whether it sets `\Seen` (RFC 3501 §6.4.5).
    pub fn sets_seen(&self) -> bool {
        match self {
            Self::Rfc822 | Self::Rfc822Text => true,
            Self::Section { peek, .. } => *peek == Peek::No,
            _ => false,
        }
    }

    /// ```abnf
    /// fetch-att = "ENVELOPE" / "FLAGS" / "INTERNALDATE" / "UID" /
    ///             "RFC822" [".HEADER" / ".SIZE" / ".TEXT"] / "BODY" ["STRUCTURE"] /
    ///             "BODY" [".PEEK"] section ["<" number "." nz-number ">"]
    /// ```
    fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        let start = cursor.clone();
        let what = "a FETCH item that is known";
        let is_name_char = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.';
        let name = cursor.take_some(is_name_char, what)?;
        if cursor.peek() == Some(b'[') {
            let peek = match name.to_ascii_uppercase().as_slice() {
                b"BODY" => Peek::No,
                b"BODY.PEEK" => Peek::Yes,
                _ => return start.expected(what),
            };
            let section = Section::parse(cursor)?;
            let partial = Partial::parse(cursor)?;
            return Ok(Self::Section {
                section,
                partial,
                peek,
            });
        }
        let found = Self::NAMES
            .iter()
            .find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(name));
        found.map_or_else(|| start.expected(what), |(_, item)| Ok(item.clone()))
    }
}

/// FETCH (RFC 3501 §6.4.5).
///
/// ```abnf
/// fetch = "FETCH" SP sequence-set SP
///         ("ALL" / "FULL" / "FAST" / fetch-att / "(" fetch-att *(SP fetch-att) ")")
///         [SP "(" "CHANGEDSINCE" SP mod-sequence-value ")"]
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetch {
    /// How `set` counts.
    pub numbering: Numbering,
    /// Which messages.
    pub set: SequenceSet,
    /// What of them, each item once; one at least. Macros are written out.
    pub items: Vec<FetchItem>,
    /// Only messages that changed after this (RFC 7162 §3.1.4.1); their `MODSEQ` is then among the
    /// items.
    pub changed_since: Option<ModSeq>,
}

/// The macros, largest last: each is the beginning of the next.
const MACRO_ITEMS: [FetchItem; 5] = [
    FetchItem::Flags,
    FetchItem::InternalDate,
    FetchItem::Rfc822Size,
    FetchItem::Envelope,
    FetchItem::Body,
];

impl Fetch {
    pub(super) fn parse(cursor: &mut Cursor<'_>, numbering: Numbering) -> Parsed<Self> {
        cursor.space()?;
        let set = SequenceSet::parse(cursor)?;
        cursor.space()?;
        let listed = if cursor.peek() == Some(b'(') {
            let limit = cursor.limits().fetch_items;
            cursor.list((limit, "FETCH items"), FetchItem::parse)?
        } else if let Some(length) = take_macro(cursor) {
            MACRO_ITEMS.iter().take(length).cloned().collect()
        } else {
            vec![FetchItem::parse(cursor)?]
        };
        let mut items = Vec::with_capacity(listed.len());
        for item in listed {
            // At most `fetch_items` of them, so looking through all is bounded.
            if !items.contains(&item) {
                items.push(item);
            }
        }
        if items.is_empty() {
            return cursor.expected("at least one FETCH item before this");
        }
        let changed_since = changed_since(cursor)?;
        if changed_since.is_some() && !items.contains(&FetchItem::ModSeq) {
            items.push(FetchItem::ModSeq);
        }
        Ok(Self {
            numbering,
            set,
            items,
            changed_since,
        })
    }
}

/// ```abnf
/// fetch-modifier = "CHANGEDSINCE" SP mod-sequence-value   ; RFC 7162 §7
/// ```
/// The value is let pass where it is 0.
fn changed_since(cursor: &mut Cursor<'_>) -> Parsed<Option<ModSeq>> {
    if cursor.is_at_end() {
        return Ok(None);
    }
    cursor.space()?;
    if cursor.peek() != Some(b'(') {
        return cursor.expected("the end of the command");
    }
    let found = cursor.list((1, "FETCH modifiers"), |cursor| {
        if cursor.take_word("CHANGEDSINCE ") {
            return cursor.modseq();
        }
        cursor.expected("CHANGEDSINCE")
    })?;
    match found.first() {
        Some(modseq) => Ok(Some(*modseq)),
        None => cursor.expected("CHANGEDSINCE before this"),
    }
}

/// Takes a macro; how many of [`MACRO_ITEMS`] it stands for.
fn take_macro(cursor: &mut Cursor<'_>) -> Option<usize> {
    let macros = [("FAST", 3), ("ALL", 4), ("FULL", 5)];
    let found = macros.into_iter().find(|(name, _)| cursor.take_word(name));
    found.map(|(_, length)| length)
}

impl Fetch {
    /// Whether the answer needs more than the message's row in the store: its bytes.
    pub fn needs_content(&self) -> bool {
        self.items.iter().any(|item| {
            matches!(
                item,
                FetchItem::Rfc822
                    | FetchItem::Rfc822Header
                    | FetchItem::Rfc822Text
                    | FetchItem::Section { .. }
            )
        })
    }

    /// Whether one of the items is `BODY[]`, under either name.
    pub fn wants_whole_message(&self) -> bool {
        self.items.iter().any(|item| match item {
            FetchItem::Rfc822 => true,
            FetchItem::Section { section, .. } => {
                section.part.is_empty() && section.text == SectionText::Whole
            }
            _ => false,
        })
    }
}

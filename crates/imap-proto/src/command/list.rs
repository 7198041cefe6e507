//! LIST and LSUB.

use super::StatusItem;
use crate::{
    mailbox::decoded,
    parse::{Cursor, Parsed, is_atom_char},
};

/// LIST (RFC 3501 §6.3.8) with the options of RFC 5258, RFC 5819 and RFC 6154, or LSUB.
///
/// ```abnf
/// list             = "LIST" [SP list-select-opts] SP mailbox SP mbox-or-pat
///                    [SP "RETURN" SP list-return-opts]
/// mbox-or-pat      = list-mailbox / "(" list-mailbox *(SP list-mailbox) ")"
/// list-select-opts = "(" [list-select-opt *(SP list-select-opt)] ")"
/// list-return-opts = "(" [return-option *(SP return-option)] ")"
/// lsub             = "LSUB" SP mailbox SP list-mailbox
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// Which mailboxes are meant, beside the patterns.
    pub select: Vec<ListSelect>,
    /// What the patterns are taken relative to, decoded.
    pub reference: String,
    /// The patterns, decoded; one at least.
    pub patterns: Vec<String>,
    /// What the answer tells more.
    pub returns: Vec<ListReturn>,
    /// The items of `RETURN (STATUS (…))`; one at least where that is asked for.
    pub status: Vec<StatusItem>,
    /// Whether options were given at all (RFC 5258 §3: an empty pattern then means nothing).
    pub extended: bool,
}

/// Which mailboxes a LIST means (RFC 5258 §3.1, RFC 6154 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListSelect {
    /// Also those that have matching mailboxes below them (RFC 5258 §3.5).
    RecursiveMatch,
    /// Remote ones too. There are none.
    Remote,
    /// Subscribed ones.
    Subscribed,
    /// Those with a special use.
    SpecialUse,
}

/// What a LIST answer tells more (RFC 5258 §3.2, RFC 5819 §2, RFC 6154 §5.2). Each is named once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListReturn {
    /// Whether there are children.
    Children,
    /// Whether it is subscribed.
    Subscribed,
    /// Its special use.
    SpecialUse,
    /// Its STATUS, with [`List::status`].
    Status,
}

impl List {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        cursor.space()?;
        let limit = (cursor.limits().list_items, "LIST options");
        let mut extended = false;
        let mut select = Vec::new();
        if cursor.peek() == Some(b'(') {
            extended = true;
            select = cursor.list(limit, ListSelect::parse)?;
            // RFC 5258 §3.1: by itself it would mean nothing.
            if select.contains(&ListSelect::RecursiveMatch)
                && !select.iter().any(|option| option.is_base())
            {
                return cursor
                    .expected("SUBSCRIBED or SPECIAL-USE with RECURSIVEMATCH before this");
            }
            cursor.space()?;
        }
        let reference = reference(cursor)?;
        cursor.space()?;
        let patterns = if cursor.peek() == Some(b'(') {
            extended = true;
            let limit = (limit.0, "LIST patterns");
            let mut total = 0;
            cursor.list(limit, |cursor| pattern(cursor, &reference, &mut total))?
        } else {
            vec![pattern(cursor, &reference, &mut 0)?]
        };
        if patterns.is_empty() {
            return cursor.expected("at least one pattern before this");
        }
        let (mut returns, mut status) = (Vec::new(), Vec::new());
        if cursor.take_word(" RETURN ") {
            extended = true;
            let options = cursor.list(limit, |cursor| {
                let option = ListReturn::parse(cursor)?;
                if option == ListReturn::Status {
                    cursor.space()?;
                    status = StatusItem::parse_list(cursor)?;
                }
                Ok(option)
            })?;
            for option in options {
                if !returns.contains(&option) {
                    returns.push(option);
                }
            }
        }
        Ok(Self {
            select,
            reference,
            patterns,
            returns,
            status,
            extended,
        })
    }

    pub(super) fn parse_lsub(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        cursor.space()?;
        let reference = reference(cursor)?;
        cursor.space()?;
        let patterns = vec![pattern(cursor, &reference, &mut 0)?];
        Ok(Self {
            select: Vec::new(),
            reference,
            patterns,
            returns: Vec::new(),
            status: Vec::new(),
            extended: false,
        })
    }
}

fn reference(cursor: &mut Cursor<'_>) -> Parsed<String> {
    let start = cursor.clone();
    let reference = cursor.astring("a reference name")?;
    decoded(&start, &reference, "a reference name in UTF-8")
}

/// ```abnf
/// list-mailbox = 1*list-char / string
/// list-char    = ATOM-CHAR / list-wildcards / resp-specials
/// ```
/// `total` counts the bytes of all patterns of a command.
fn pattern(cursor: &mut Cursor<'_>, reference: &str, total: &mut usize) -> Parsed<String> {
    let wanted = |byte| is_atom_char(byte) || matches!(byte, b'%' | b'*' | b']') || byte >= 0x80;
    let start = cursor.clone();
    let pattern = cursor.string_or("a mailbox pattern", wanted)?;
    *total += pattern.len() + reference.len();
    if *total > cursor.limits().list_pattern {
        return cursor.too_much("a mailbox pattern");
    }
    decoded(&start, &pattern, "a mailbox pattern in UTF-8")
}

impl ListSelect {
    /// The options and their names.
    pub(super) const NAMES: [(&'static str, Self); 4] = [
        ("RECURSIVEMATCH", Self::RecursiveMatch),
        ("REMOTE", Self::Remote),
        ("SUBSCRIBED", Self::Subscribed),
        ("SPECIAL-USE", Self::SpecialUse),
    ];

    /// Whether it says something of a mailbox by itself (`list-select-base-opt`).
    pub const fn is_base(self) -> bool {
        matches!(self, Self::Subscribed | Self::SpecialUse)
    }

    /// The option as written.
    pub fn as_str(self) -> &'static str {
        let found = Self::NAMES.iter().find(|(_, option)| *option == self);
        found.map_or("", |(name, _)| name)
    }

    fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        option(
            cursor,
            &Self::NAMES,
            "a LIST selection option that is known",
        )
    }
}

impl ListReturn {
    /// The options and their names.
    pub(super) const NAMES: [(&'static str, Self); 4] = [
        ("CHILDREN", Self::Children),
        ("SUBSCRIBED", Self::Subscribed),
        ("SPECIAL-USE", Self::SpecialUse),
        ("STATUS", Self::Status),
    ];

    fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        option(cursor, &Self::NAMES, "a LIST return option that is known")
    }
}

fn option<T: Copy>(
    cursor: &mut Cursor<'_>,
    names: &[(&'static str, T)],
    what: &'static str,
) -> Parsed<T> {
    let start = cursor.clone();
    let name = cursor.atom(what)?;
    let found = names
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map_or_else(|| start.expected(what), |(_, option)| Ok(*option))
}

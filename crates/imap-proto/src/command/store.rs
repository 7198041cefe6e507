//! STORE.

use hikyaku_types::ModSeq;

use super::Numbering;
use crate::{
    Flag, SequenceSet,
    parse::{Cursor, Parsed},
};

/// What a STORE does with its flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreMode {
    /// `+FLAGS`: sets them beside the others.
    Add,
    /// `-FLAGS`: takes them away.
    Remove,
    /// `FLAGS`: sets them and no others.
    Replace,
}

/// Whether a STORE answers with the new flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silent {
    /// `.SILENT`: it does not.
    Yes,
    /// It does.
    No,
}

/// STORE (RFC 3501 §6.4.6).
///
/// ```abnf
/// store           = "STORE" SP sequence-set [SP "(" store-modifier ")"] SP store-att-flags
/// store-modifier  = "UNCHANGEDSINCE" SP mod-sequence-valzer   ; RFC 7162 §7
/// store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP (flag-list / (flag *(SP flag)))
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// How `set` counts.
    pub numbering: Numbering,
    /// Which messages.
    pub set: SequenceSet,
    /// Only messages that did not change after this (RFC 7162 §3.1.3).
    pub unchanged_since: Option<ModSeq>,
    /// What to do with the flags.
    pub mode: StoreMode,
    /// Whether to answer with the new ones.
    pub silent: Silent,
    /// The flags.
    pub flags: Vec<Flag>,
}

impl Store {
    pub(super) fn parse(cursor: &mut Cursor<'_>, numbering: Numbering) -> Parsed<Self> {
        cursor.space()?;
        let set = SequenceSet::parse(cursor)?;
        cursor.space()?;
        let unchanged_since = unchanged_since(cursor)?;
        let mode = if cursor.take(b'+') {
            StoreMode::Add
        } else if cursor.take(b'-') {
            StoreMode::Remove
        } else {
            StoreMode::Replace
        };
        if !cursor.take_word("FLAGS") {
            return cursor.expected("FLAGS, +FLAGS or -FLAGS");
        }
        let silent = if cursor.take_word(".SILENT") {
            Silent::Yes
        } else {
            Silent::No
        };
        cursor.space()?;
        let flags = match cursor.peek() {
            Some(b'(') => Flag::parse_list(cursor)?,
            _ => bare_flags(cursor)?,
        };
        Ok(Self {
            numbering,
            set,
            unchanged_since,
            mode,
            silent,
            flags,
        })
    }
}

fn unchanged_since(cursor: &mut Cursor<'_>) -> Parsed<Option<ModSeq>> {
    if cursor.peek() != Some(b'(') {
        return Ok(None);
    }
    let found = cursor.list((1, "STORE modifiers"), |cursor| {
        if cursor.take_word("UNCHANGEDSINCE ") {
            return cursor.modseq();
        }
        cursor.expected("UNCHANGEDSINCE")
    })?;
    match found.first() {
        Some(modseq) => {
            cursor.space()?;
            Ok(Some(*modseq))
        }
        None => cursor.expected("UNCHANGEDSINCE before this"),
    }
}

fn bare_flags(cursor: &mut Cursor<'_>) -> Parsed<Vec<Flag>> {
    let mut flags = vec![Flag::parse(cursor)?];
    while cursor.take(b' ') {
        if flags.len() == cursor.limits().flags {
            return cursor.too_much("flags");
        }
        // Or it was a space at the end of the line.
        if cursor.is_at_end() {
            break;
        }
        flags.push(Flag::parse(cursor)?);
    }
    Ok(flags)
}

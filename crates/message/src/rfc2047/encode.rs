//! Writing header text as encoded words.
//!
//! Invariants: a word is at most 75 bytes, never splits a character, and in ISO-2022-JP starts
//! and ends in ASCII (RFC 2047 §2, §5). Words are separated by one space, at which the header
//! writer folds.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::charset::{Target, cost_in_iso_2022_jp, encode as encode_charset};

/// Longest encoded word (RFC 2047 §2).
const MAX_WORD_BYTES: usize = 75;

/// Room that a first word gets however long the field's name is: one character, escapes included.
const MIN_FIRST_ROOM: usize = 12;

/// Longest run without a space that is written as it is, in bytes (400): well within a line's
/// 998 bytes, and longer than any sensible word, URL or message id.
const MAX_PLAIN_RUN_BYTES: usize = 400;

/// Unstructured text (RFC 5322 §2.2.1) for a header field: what is not plain ASCII becomes
/// encoded words. A text that `target` cannot represent is written in UTF-8.
pub fn encode(text: &str, target: Target) -> String {
    encode_at(text, target, 0)
}

/// The same for a text whose first line has `column` bytes in use already, so that its first word
/// is shorter: a line with an encoded word is at most 76 bytes long (RFC 2047 §2).
pub(crate) fn encode_at(text: &str, target: Target, column: usize) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let target = representable(text, target);
    let irregular = text.starts_with(' ')
        || text.ends_with(' ')
        || text.contains("  ")
        || text.bytes().any(|byte| byte.is_ascii_control());
    if irregular {
        return words(text, target, column);
    }
    let mut out = String::new();
    let mut waiting = String::new();
    for word in text.split(' ') {
        if is_plain_word(word) {
            push_words(&mut out, &mut waiting, target, column);
            separate(&mut out);
            out.push_str(word);
        } else {
            // The space between two encoded words is lost in decoding, so it goes into the word.
            if !waiting.is_empty() {
                waiting.push(' ');
            }
            waiting.push_str(word);
        }
    }
    push_words(&mut out, &mut waiting, target, column);
    out
}

/// A phrase (RFC 5322 §3.2.5), as before an address: atoms, a quoted string, or encoded words.
/// A text that `target` cannot represent is written in UTF-8.
pub fn encode_phrase(text: &str, target: Target) -> String {
    encode_phrase_at(text, target, 0)
}

/// The same, where the first line has `column` bytes in use already.
pub(crate) fn encode_phrase_at(text: &str, target: Target, column: usize) -> String {
    let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if !printable || text.contains("=?") || text.len() > MAX_PLAIN_RUN_BYTES {
        return words(text, representable(text, target), column);
    }
    let atoms = !text.is_empty()
        && text.split(' ').all(|atom| {
            let is_atext = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b);
            !atom.is_empty() && atom.bytes().all(is_atext)
        });
    if atoms {
        return text.to_owned();
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    quoted
}

fn is_plain(text: &str) -> bool {
    text.trim() == text && !text.contains("  ") && text.split(' ').all(is_plain_word)
}

fn is_plain_word(word: &str) -> bool {
    word.len() <= MAX_PLAIN_RUN_BYTES
        && word.bytes().all(|byte| byte.is_ascii_graphic())
        && !word.contains("=?")
}

fn representable(text: &str, target: Target) -> Target {
    if target == Target::Utf8 || encode_charset(target, text).unmappable > 0 {
        Target::Utf8
    } else {
        target
    }
}

fn push_words(out: &mut String, waiting: &mut String, target: Target, column: usize) {
    if !waiting.is_empty() {
        let column = if out.is_empty() { column } else { 0 };
        separate(out);
        out.push_str(&words(waiting, target, column));
        waiting.clear();
    }
}

fn separate(out: &mut String) {
    if !out.is_empty() {
        out.push(' ');
    }
}

/// All of `text` as encoded words, the first one shorter by `column`.
fn words(text: &str, target: Target, column: usize) -> String {
    let head = format!("=?{}?", target.name());
    let room = MAX_WORD_BYTES - head.len() - "B?".len() - "?=".len();
    let quoted = target == Target::Utf8 && is_mostly_plain(text);
    let mut out = String::with_capacity(text.len() * 2 + 16);
    let first_room = room.saturating_sub(column).max(MIN_FIRST_ROOM);
    for piece in pieces(text, [first_room, room], target, quoted) {
        separate(&mut out);
        out.push_str(&head);
        if quoted {
            out.push_str("Q?");
            push_quoted(piece, &mut out);
        } else {
            out.push_str("B?");
            STANDARD.encode_string(encode_charset(target, piece).bytes, &mut out);
        }
        out.push_str("?=");
    }
    out
}

/// Cuts `text` between characters, so that each piece fits into its room once encoded: the first
/// one into the first, all others into the second.
fn pieces(text: &str, rooms: [usize; 2], target: Target, quoted: bool) -> Vec<&str> {
    let [first_limit, limit] = rooms.map(|room| if quoted { room } else { room / 4 * 3 });
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut used = 0;
    let mut wide = false;
    for (at, character) in text.char_indices() {
        let (cost, is_wide) = cost(character, target, quoted);
        let switch = if is_wide == wide { 0 } else { 3 };
        // Two-byte text has to end with an escape back to ASCII.
        let closing = if is_wide { 3 } else { 0 };
        let limit = if pieces.is_empty() {
            first_limit
        } else {
            limit
        };
        if used + switch + cost + closing > limit && at > start {
            pieces.extend(text.get(start..at));
            start = at;
            used = if is_wide { 3 } else { 0 };
        } else {
            used += switch;
        }
        used += cost;
        wide = is_wide;
    }
    pieces.extend(text.get(start..));
    pieces
}

/// Encoded size of a character, and whether it is in ISO-2022-JP's two-byte text.
fn cost(character: char, target: Target, quoted: bool) -> (usize, bool) {
    match target {
        Target::Iso2022Jp => cost_in_iso_2022_jp(character).unwrap_or((2, true)),
        Target::ShiftJis => (character.len_utf8().min(2), false),
        Target::EucJp => (character.len_utf8().min(3), false),
        Target::Utf8 if quoted => {
            let mut buffer = [0; 4];
            (quoted_len(character.encode_utf8(&mut buffer)), false)
        }
        Target::Utf8 => (character.len_utf8(), false),
    }
}

/// Whether the Q encoding is at most a quarter longer than base64: then it is better, because
/// it can be read in the source.
fn is_mostly_plain(text: &str) -> bool {
    quoted_len(text) <= text.len().div_ceil(3) * 5
}

fn quoted_len(text: &str) -> usize {
    text.bytes()
        .map(|byte| {
            if is_quoted_plain(byte) || byte == b' ' {
                1
            } else {
                3
            }
        })
        .sum()
}

/// Characters that stand for themselves in a word in any place (RFC 2047 §5 (3)).
fn is_quoted_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!*+-/".contains(&byte)
}

fn push_quoted(piece: &str, out: &mut String) {
    for byte in piece.bytes() {
        if is_quoted_plain(byte) {
            out.push(char::from(byte));
        } else if byte == b' ' {
            out.push('_');
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "={byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests;

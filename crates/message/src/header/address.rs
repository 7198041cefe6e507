//! Address lists (RFC 5322 §3.4), in the shapes in which they occur.
//!
//! Besides the standard's forms, obsolete ones included, these are read: missing brackets
//! (`Taro taro@example.jp`), a missing `>`, doubled brackets, semicolons as separators, unclosed
//! groups and quotes, encoded words in quotes or with specials in them, and display names in raw
//! Japanese, also with a comma.

use super::{
    lexer::{Kind, Lexer, Token},
    structured_text,
};
use crate::{
    charset::Charset,
    envelope::{Address, Mailbox},
    limits::{MAX_ADDRESSES, MAX_FIELD_BYTES},
    text::HeaderText,
};

/// The addresses of one field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AddressList {
    /// The entries, at most [`MAX_ADDRESSES`].
    pub addresses: Vec<Address>,
    /// Whether the field was longer than [`MAX_FIELD_BYTES`] or held more addresses.
    pub cut: Cut,
}

/// Whether something was left out at a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cut {
    /// Everything is there.
    #[default]
    No,
    /// What lies beyond the limit is missing.
    Yes,
}

/// Reads an address list from a field's raw value.
pub fn parse(value: &[u8]) -> AddressList {
    parse_near(value, None)
}

/// The same, for a header next to text in charset `near`: raw names are probably in it as well.
pub fn parse_near(value: &[u8], near: Option<Charset>) -> AddressList {
    let cut = if value.len() > MAX_FIELD_BYTES {
        Cut::Yes
    } else {
        Cut::No
    };
    let value = value.get(..MAX_FIELD_BYTES).unwrap_or(value);
    let text = structured_text(value, near);
    let mut parser = Parser::new(cut);
    for token in Lexer::new(&text) {
        if parser.list.addresses.len() >= MAX_ADDRESSES {
            parser.list.cut = Cut::Yes;
            break;
        }
        parser.take(token);
    }
    parser.finish()
}

#[derive(Debug)]
struct Parser<'a> {
    list: AddressList,
    /// What was read since the last separator, outside angle brackets.
    phrase: Vec<Token<'a>>,
    /// What was read within angle brackets.
    angle: Option<Vec<Token<'a>>>,
    /// How much of the phrase stands before the closed angle brackets.
    before_angle: usize,
    /// A raw name cut in two by its comma, waiting for the rest: see [`Parser::end_entry`].
    name_before_comma: Option<Vec<Token<'a>>>,
    in_angle: bool,
    in_group: bool,
}

impl<'a> Parser<'a> {
    fn new(cut: Cut) -> Self {
        Self {
            list: AddressList {
                addresses: Vec::new(),
                cut,
            },
            phrase: Vec::new(),
            angle: None,
            before_angle: 0,
            name_before_comma: None,
            in_angle: false,
            in_group: false,
        }
    }

    fn take(&mut self, token: Token<'a>) {
        match token.kind {
            Kind::Special(special) if self.in_angle => self.special_in_angle(special, token),
            Kind::Special(special) => self.special(special, token),
            _ if self.in_angle => self.angle.get_or_insert_default().push(token),
            _ => self.phrase.push(token),
        }
    }

    fn special_in_angle(&mut self, special: u8, token: Token<'a>) {
        let angle = self.angle.get_or_insert_default();
        match special {
            b'>' => self.in_angle = false,
            b'<' => {}
            // The comma of a source route; elsewhere it stands where `>` is missing.
            b',' if angle
                .first()
                .is_some_and(|first| first.kind == Kind::Special(b'@'))
                && !angle.iter().any(|token| token.kind == Kind::Special(b':')) =>
            {
                angle.push(token);
            }
            b',' | b';' => {
                self.in_angle = false;
                self.special(special, token);
            }
            _ => angle.push(token),
        }
    }

    fn special(&mut self, special: u8, token: Token<'a>) {
        match special {
            b'<' => {
                if self.angle.is_some() {
                    // A comma is missing: what follows the first `>` is the next one's name.
                    let next = self
                        .phrase
                        .split_off(self.before_angle.min(self.phrase.len()));
                    self.end_entry(After::Other);
                    self.phrase = next;
                }
                self.in_angle = true;
                self.before_angle = self.phrase.len();
                self.angle = Some(Vec::new());
            }
            b',' => self.end_entry(After::Comma),
            b';' => {
                self.end_entry(After::Other);
                self.end_group();
            }
            b':' if !self.in_group && self.angle.is_none() && !has_at(&self.phrase) => {
                let name = phrase_text(&self.phrase);
                self.phrase.clear();
                self.in_group = true;
                self.list
                    .addresses
                    .push(Address::GroupStart(HeaderText::from_raw(&name)));
            }
            b'@' => self.phrase.push(token),
            b':' => {
                self.phrase.push(Token {
                    kind: Kind::Atom(":"),
                    spaced: token.spaced,
                });
            }
            _ => {}
        }
    }

    /// Ends the entry read so far.
    ///
    /// An unquoted name like `山田, 太郎 <taro@example.jp>` is cut in two by its comma. A first half
    /// that is not ASCII cannot be an address of its own and joins the next entry's name.
    fn end_entry(&mut self, after: After) {
        let mut phrase = std::mem::take(&mut self.phrase);
        let angle = self.angle.take();
        self.in_angle = false;
        if let Some(mut before) = self.name_before_comma.take() {
            if angle.is_some() {
                if let Some(first) = phrase.first_mut() {
                    first.spaced = true;
                }
                before.push(Token {
                    kind: Kind::Atom(","),
                    spaced: false,
                });
                before.append(&mut phrase);
                phrase = before;
            } else {
                self.push(unbracketed(&before));
            }
        } else if angle.is_none() && after == After::Comma && is_raw_name(&phrase) {
            self.name_before_comma = Some(phrase);
            return;
        }
        match angle {
            Some(angle) => self.push(Some(bracketed(&phrase, &angle))),
            None => self.push(unbracketed(&phrase)),
        }
    }

    fn push(&mut self, mailbox: Option<Mailbox>) {
        self.list.addresses.extend(mailbox.map(Address::Mailbox));
    }

    fn end_group(&mut self) {
        if self.in_group {
            self.list.addresses.push(Address::GroupEnd);
            self.in_group = false;
        }
    }

    fn finish(mut self) -> AddressList {
        self.end_entry(After::Other);
        self.end_group();
        self.list
    }
}

/// What stands after an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    Comma,
    Other,
}

fn has_at(tokens: &[Token<'_>]) -> bool {
    tokens.iter().any(|token| token.kind == Kind::Special(b'@'))
}

/// Whether this is the first half of a name in raw, non-ASCII text.
fn is_raw_name(phrase: &[Token<'_>]) -> bool {
    !has_at(phrase)
        && phrase
            .iter()
            .any(|token| matches!(&token.kind, Kind::Atom(text) if !text.is_ascii()))
}

/// `phrase <angle>`.
fn bracketed(phrase: &[Token<'_>], angle: &[Token<'_>]) -> Mailbox {
    let mut address = addr_spec(angle);
    address.name = name(phrase);
    address
}

/// An entry without angle brackets: an address, perhaps with a comment or with a name whose
/// brackets are missing; a lone word; or nothing.
fn unbracketed<'a>(phrase: &[Token<'a>]) -> Option<Mailbox> {
    let at = phrase
        .iter()
        .rposition(|token| token.kind == Kind::Special(b'@'));
    let Some(at) = at else {
        return without_at(phrase);
    };
    let words: Vec<Token<'a>> = phrase
        .iter()
        .filter(|token| !matches!(token.kind, Kind::Comment(_)))
        .cloned()
        .collect();
    let at = words
        .iter()
        .rposition(|token| token.kind == Kind::Special(b'@'))
        .unwrap_or(at);
    let start = words
        .iter()
        .enumerate()
        .take(at)
        .rev()
        .find(|&(index, _)| index == 0 || !joined(&words, index))
        .map_or(at, |(index, _)| index);
    let end = (at + 1..words.len())
        .find(|&index| index > at + 1 && !joined(&words, index))
        .unwrap_or(words.len());
    let mut mailbox = addr_spec(words.get(start..end).unwrap_or_default());
    let mut rest: Vec<Token<'a>> = words.get(..start).unwrap_or_default().to_vec();
    rest.extend_from_slice(words.get(end..).unwrap_or_default());
    mailbox.name = name(&rest).or_else(|| name(&phrase_comments(phrase)));
    Some(mailbox)
}

/// Whether the token at `index` belongs to the same address as the one before it: no blanks
/// between them, or blanks around a dot or an at sign, which is obsolete but legal.
fn joined(words: &[Token<'_>], index: usize) -> bool {
    let dotted = |token: &Token<'_>, at_end: bool| match &token.kind {
        Kind::Atom(text) if at_end => text.ends_with('.'),
        Kind::Atom(text) => text.starts_with('.'),
        Kind::Special(special) => *special == b'@',
        Kind::Quoted(_) | Kind::Comment(_) => false,
    };
    let Some(token) = words.get(index) else {
        return false;
    };
    let before = index.checked_sub(1).and_then(|index| words.get(index));
    !token.spaced || dotted(token, false) || before.is_some_and(|before| dotted(before, true))
}

fn phrase_comments<'a>(phrase: &[Token<'a>]) -> Vec<Token<'a>> {
    phrase
        .iter()
        .filter(|token| matches!(token.kind, Kind::Comment(_)))
        .cloned()
        .collect()
}

/// An entry without an at sign: a local user's name, or a phrase that is no address.
fn without_at(phrase: &[Token<'_>]) -> Option<Mailbox> {
    let mut words = phrase.iter().filter_map(|token| token.kind.word());
    let first = words.next()?;
    if words.next().is_some() || !first.is_ascii() || first.contains("=?") {
        return Some(Mailbox {
            name: name(phrase),
            ..Mailbox::default()
        });
    }
    let name = name(&phrase_comments(phrase));
    Some(Mailbox {
        name,
        local: first.into(),
        ..Mailbox::default()
    })
}

/// The display name in a phrase: its words, or where there are none its comments.
fn name(phrase: &[Token<'_>]) -> Option<HeaderText> {
    let raw = phrase_text(phrase);
    (!raw.is_empty()).then(|| HeaderText::from_raw(&raw))
}

fn phrase_text(phrase: &[Token<'_>]) -> Vec<u8> {
    let mut words = String::new();
    let mut comments = String::new();
    for token in phrase {
        let (into, text) = match &token.kind {
            Kind::Comment(text) => (&mut comments, text.as_str()),
            other => (&mut words, other.word().unwrap_or("@")),
        };
        if !into.is_empty() && (token.spaced || matches!(token.kind, Kind::Comment(_))) {
            into.push(' ');
        }
        into.push_str(text);
    }
    let chosen = if words.is_empty() { comments } else { words };
    chosen.trim().as_bytes().to_vec()
}

/// `[route] local@domain`.
fn addr_spec(tokens: &[Token<'_>]) -> Mailbox {
    let mut tokens = tokens;
    let mut route = None;
    let colon = tokens
        .iter()
        .position(|token| token.kind == Kind::Special(b':'));
    if let (Some(colon), Some(first)) = (colon, tokens.first()) {
        if first.kind == Kind::Special(b'@') {
            route = Some(joined_text(tokens.get(..colon).unwrap_or_default()));
            tokens = tokens.get(colon + 1..).unwrap_or_default();
        } else if matches!(&first.kind, Kind::Atom(text) if text.eq_ignore_ascii_case("mailto")) {
            tokens = tokens.get(colon + 1..).unwrap_or_default();
        }
    }
    let at = tokens
        .iter()
        .rposition(|token| token.kind == Kind::Special(b'@'));
    let (local, host) = match at {
        Some(at) => (
            tokens.get(..at).unwrap_or_default(),
            tokens.get(at + 1..).unwrap_or_default(),
        ),
        None => (tokens, &[][..]),
    };
    Mailbox {
        name: None,
        route: route.map(String::into_boxed_str),
        local: joined_text(local).into(),
        host: joined_text(host).into(),
    }
}

fn joined_text(tokens: &[Token<'_>]) -> String {
    let mut joined = String::new();
    for token in tokens {
        match &token.kind {
            Kind::Special(special) => joined.push(char::from(*special)),
            other => joined.push_str(other.word().unwrap_or_default()),
        }
    }
    joined
}

#[cfg(test)]
mod tests;

//! Tokens of structured fields (RFC 5322 §3.2), read leniently and in linear time.

use std::borrow::Cow;

use crate::{cursor::Cursor, rfc2047::WordScanner};

/// One token and whether blanks stood before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind<'a>,
    pub(super) spaced: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    /// A run of ordinary characters (dots included), an encoded word, or a domain literal.
    Atom(&'a str),
    /// A quoted string, without quoting.
    Quoted(Cow<'a, str>),
    /// A comment, without its outer parentheses and without quoting.
    Comment(String),
    /// One of `<>@,;:`.
    Special(u8),
}

impl Kind<'_> {
    /// The text of an atom or a quoted string.
    pub(super) fn word(&self) -> Option<&str> {
        match self {
            Self::Atom(text) => Some(text),
            Self::Quoted(text) => Some(text),
            Self::Comment(_) | Self::Special(_) => None,
        }
    }
}

/// Splits a field's text into tokens.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    cursor: Cursor<'a>,
    words: WordScanner<'a>,
    /// Set once a quote or parenthesis turned out to have no partner: from then on they are
    /// ordinary characters. This keeps the lexer linear on thousands of openers.
    quotes_broken: bool,
    comments_broken: bool,
    literals_broken: bool,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            cursor: Cursor::new(text.as_bytes()),
            words: WordScanner::new(text.as_bytes()),
            quotes_broken: false,
            comments_broken: false,
            literals_broken: false,
        }
    }

    fn delimited(&mut self) -> Option<Kind<'a>> {
        match self.cursor.peek()? {
            b'"' if !self.quotes_broken => {
                let quoted = self.quoted();
                self.quotes_broken = quoted.is_none();
                quoted.map(Kind::Quoted)
            }
            b'(' if !self.comments_broken => {
                let comment = self.comment();
                self.comments_broken = comment.is_none();
                comment.map(Kind::Comment)
            }
            b'[' if !self.literals_broken => {
                let literal = self.literal();
                self.literals_broken = literal.is_none();
                literal.map(Kind::Atom)
            }
            _ => None,
        }
    }

    /// A quoted string; `None`, without moving, when it has no end.
    fn quoted(&mut self) -> Option<Cow<'a, str>> {
        let start = self.cursor.pos() + 1;
        let mut ahead = self.cursor;
        ahead.skip(1);
        let plain = ahead.take_while(|byte| byte != b'"' && byte != b'\\');
        if ahead.eat(b'"') {
            self.cursor = ahead;
            return self.text.get(start..start + plain.len()).map(Cow::Borrowed);
        }
        let mut content = plain.to_vec();
        loop {
            match ahead.bump()? {
                b'"' => break,
                b'\\' => content.push(ahead.bump()?),
                byte => content.push(byte),
            }
        }
        self.cursor = ahead;
        Some(Cow::Owned(text(content)))
    }

    /// A comment, nested ones included; `None`, without moving, when it has no end.
    fn comment(&mut self) -> Option<String> {
        let mut ahead = self.cursor;
        ahead.skip(1);
        let mut depth = 1_u32;
        let mut content = Vec::new();
        loop {
            let byte = ahead.bump()?;
            match byte {
                b'(' => depth += 1,
                b')' => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                }
                b'\\' => {
                    content.push(ahead.bump()?);
                    continue;
                }
                _ => {}
            }
            content.push(byte);
        }
        self.cursor = ahead;
        Some(text(content))
    }

    /// A domain literal with its brackets; `None`, without moving, when it has no end.
    fn literal(&mut self) -> Option<&'a str> {
        let start = self.cursor.pos();
        let mut ahead = self.cursor;
        ahead.take_while(|byte| byte != b']');
        if !ahead.eat(b']') {
            return None;
        }
        self.cursor = ahead;
        Some(self.slice(start))
    }

    fn atom(&mut self) -> &'a str {
        let start = self.cursor.pos();
        if let Some(word) = self.words.at(start) {
            self.cursor.set_pos(word.end);
            return self.slice(start);
        }
        self.cursor.skip(1);
        self.cursor
            .take_while(|byte| !matches!(byte, b' ' | b'\t' | b'=') && !is_special(byte));
        // An encoded word may be glued to what stands before it; `=` is where it would start.
        while self.cursor.peek() == Some(b'=') && self.words.at(self.cursor.pos()).is_none() {
            self.cursor.skip(1);
            self.cursor
                .take_while(|byte| !matches!(byte, b' ' | b'\t' | b'=') && !is_special(byte));
        }
        self.slice(start)
    }

    fn slice(&self, start: usize) -> &'a str {
        self.text.get(start..self.cursor.pos()).unwrap_or_default()
    }
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let spaced = !self
            .cursor
            .take_while(|byte| matches!(byte, b' ' | b'\t'))
            .is_empty();
        let byte = self.cursor.peek()?;
        let kind = if b"<>@,;:".contains(&byte) {
            self.cursor.skip(1);
            Kind::Special(byte)
        } else if let Some(kind) = self.delimited() {
            kind
        } else {
            Kind::Atom(self.atom())
        };
        Some(Token { kind, spaced })
    }
}

/// Whether a byte ends an atom.
fn is_special(byte: u8) -> bool {
    matches!(
        byte,
        b'<' | b'>' | b'@' | b',' | b';' | b':' | b'"' | b'(' | b'['
    )
}

/// The cut points are ASCII, so this never meets half a character.
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind<'_>> {
        Lexer::new(text).map(|token| token.kind).collect()
    }

    fn atom(text: &str) -> Kind<'_> {
        Kind::Atom(text)
    }

    #[test]
    fn tokens_are_split() {
        assert_eq!(
            kinds("J. \"R \\\" x\" (c (d\\)) e) <a.b@[1.2]>"),
            [
                atom("J."),
                Kind::Quoted("R \" x".into()),
                Kind::Comment("c (d)) e".into()),
                Kind::Special(b'<'),
                atom("a.b"),
                Kind::Special(b'@'),
                atom("[1.2]"),
                Kind::Special(b'>'),
            ]
        );
    }

    #[test]
    fn an_encoded_word_is_one_token_whatever_it_contains() {
        assert_eq!(
            kinds("=?iso-2022-jp?Q?=1B$B$\"=1B(B, <x?= y"),
            [atom("=?iso-2022-jp?Q?=1B$B$\"=1B(B, <x?="), atom("y")]
        );
        assert_eq!(
            kinds("a=?utf-8?Q?b,?="),
            [atom("a"), atom("=?utf-8?Q?b,?=")]
        );
        assert_eq!(kinds("a=b=c"), [atom("a=b=c")]);
    }

    #[test]
    fn openers_without_partner_are_ordinary() {
        assert_eq!(kinds("\"a b"), [atom("\"a"), atom("b")]);
        assert_eq!(kinds("(a (b)"), [atom("(a"), atom("(b)")]);
        assert_eq!(kinds("[a"), [atom("[a")]);
    }
}

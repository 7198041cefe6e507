//! The reading position in one command, and the tokens every command is made of.

#[cfg(test)]
mod tests;

use std::{borrow::Cow, num::NonZeroU32};

use hikyaku_types::ModSeq;

use super::{ParseError, ParseErrorKind, Parsed};
use crate::{Limits, RawCommand, reader::Literal};

/// A position in the bytes of one command. Every method either goes forward or returns an error;
/// none goes back, so reading a command is linear.
#[derive(Debug, Clone)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where the contents of messages that were handed through would stand, ascending.
    messages_at: &'a [usize],
    limits: &'a Limits,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(command: &'a RawCommand, limits: &'a Limits) -> Self {
        Self {
            bytes: &command.bytes,
            at: 0,
            messages_at: &command.messages_at,
            limits,
        }
    }

    pub(crate) const fn over(bytes: &'a [u8], limits: &'a Limits) -> Self {
        Self {
            bytes,
            at: 0,
            messages_at: &[],
            limits,
        }
    }

    pub(crate) const fn limits(&self) -> &'a Limits {
        self.limits
    }

    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// The error that `what` was expected here.
    pub(crate) fn expected<T>(&self, what: &'static str) -> Parsed<T> {
        let kind = match self.rest() {
            b"" | b"\r\n" | b"\n" => ParseErrorKind::Incomplete,
            _ => ParseErrorKind::Syntax,
        };
        Err(ParseError::new(kind, what, self.at))
    }

    /// The error that a limit is crossed here.
    pub(crate) fn too_much<T>(&self, what: &'static str) -> Parsed<T> {
        Err(ParseError::new(ParseErrorKind::TooMuch, what, self.at))
    }

    /// Takes `byte` if it stands here.
    pub(crate) fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Takes `byte`, or fails naming `what`.
    pub(crate) fn expect(&mut self, byte: u8, what: &'static str) -> Parsed<()> {
        if self.take(byte) {
            Ok(())
        } else {
            self.expected(what)
        }
    }

    pub(crate) fn space(&mut self) -> Parsed<()> {
        self.expect(b' ', "a space")
    }

    /// Takes `word` if it stands here, in any case of letters.
    pub(crate) fn take_word(&mut self, word: &str) -> bool {
        let found = self
            .rest()
            .get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()));
        if found {
            self.at += word.len();
        }
        found
    }

    pub(crate) fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.rest();
        let length = rest
            .iter()
            .position(|byte| !wanted(*byte))
            .unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or(rest)
    }

    /// Takes at least one byte of the wanted kind.
    pub(crate) fn take_some(
        &mut self,
        wanted: impl Fn(u8) -> bool,
        what: &'static str,
    ) -> Parsed<&'a [u8]> {
        match self.take_while(wanted) {
            [] => self.expected(what),
            taken => Ok(taken),
        }
    }

    /// Whether nothing but spaces is left of the command.
    pub(crate) fn is_at_end(&self) -> bool {
        self.clone().end().is_ok()
    }

    /// The end of the command. Spaces before it are let pass: some clients send one after the
    /// last argument.
    pub(crate) fn end(&mut self) -> Parsed<()> {
        self.take_while(|byte| byte == b' ');
        match self.rest() {
            b"" | b"\r\n" | b"\n" => Ok(()),
            _ => self.expected("the end of the command"),
        }
    }

    /// ```abnf
    /// number = 1*DIGIT   ; unsigned 32-bit
    /// ```
    pub(crate) fn number(&mut self, what: &'static str) -> Parsed<u32> {
        let start = self.clone();
        let digits = self.take_some(|byte| byte.is_ascii_digit(), what)?;
        let number = digits.iter().try_fold(0_u32, |number, digit| {
            number.checked_mul(10)?.checked_add(u32::from(digit - b'0'))
        });
        number.map_or_else(|| start.expected("a number below 4294967296"), Ok)
    }

    /// ```abnf
    /// number64 = 1*DIGIT   ; below 2^63 (RFC 9051 §9)
    /// ```
    pub(crate) fn number64(&mut self, what: &'static str) -> Parsed<u64> {
        let start = self.clone();
        let digits = self.take_some(|byte| byte.is_ascii_digit(), what)?;
        let number = digits.iter().try_fold(0_u64, |number, digit| {
            number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
        });
        number
            .filter(|number| i64::try_from(*number).is_ok())
            .map_or_else(|| start.expected("a number below 9223372036854775808"), Ok)
    }

    /// ```abnf
    /// mod-sequence-valzer = "0" / 1*DIGIT   ; below 2^63 (RFC 7162 §7)
    /// ```
    pub(crate) fn modseq(&mut self) -> Parsed<ModSeq> {
        let start = self.clone();
        let digits = self.take_some(|byte| byte.is_ascii_digit(), "a mod-sequence")?;
        let number = digits.iter().try_fold(0_u64, |number, digit| {
            number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
        });
        number
            .filter(|number| i64::try_from(*number).is_ok())
            .map_or_else(
                || start.expected("a mod-sequence below 9223372036854775808"),
                |number| Ok(ModSeq(number)),
            )
    }

    /// ```abnf
    /// nz-number = digit-nz *DIGIT
    /// ```
    pub(crate) fn nz_number(&mut self, what: &'static str) -> Parsed<NonZeroU32> {
        let start = self.clone();
        let number = self.number(what)?;
        NonZeroU32::new(number).map_or_else(|| start.expected("a number above zero"), Ok)
    }

    /// ```abnf
    /// atom = 1*ATOM-CHAR
    /// ```
    pub(crate) fn atom(&mut self, what: &'static str) -> Parsed<&'a str> {
        let start = self.clone();
        let atom = self.take_some(is_atom_char, what)?;
        std::str::from_utf8(atom).or_else(|_| start.expected(what))
    }

    /// ```abnf
    /// astring = 1*ASTRING-CHAR / string
    /// ASTRING-CHAR = ATOM-CHAR / resp-specials
    /// ```
    /// 8-bit characters are let pass in an atom: clients send UTF-8 mailbox names so.
    pub(crate) fn astring(&mut self, what: &'static str) -> Parsed<Cow<'a, [u8]>> {
        self.string_or(what, |byte| {
            is_atom_char(byte) || byte == b']' || byte >= 0x80
        })
    }

    /// A string, or an atom of the given characters.
    pub(crate) fn string_or(
        &mut self,
        what: &'static str,
        atom: impl Fn(u8) -> bool,
    ) -> Parsed<Cow<'a, [u8]>> {
        match self.peek() {
            Some(b'"' | b'{') => self.string(what),
            _ => self.take_some(atom, what).map(Cow::Borrowed),
        }
    }

    /// ```abnf
    /// string = quoted / literal
    /// ```
    pub(crate) fn string(&mut self, what: &'static str) -> Parsed<Cow<'a, [u8]>> {
        match self.peek() {
            Some(b'"') => self.quoted(),
            Some(b'{') => self.literal(what).map(Cow::Borrowed),
            _ => self.expected(what),
        }
    }

    /// ```abnf
    /// nstring = string / nil
    /// ```
    pub(crate) fn nstring(&mut self, what: &'static str) -> Parsed<Option<Cow<'a, [u8]>>> {
        if self.take_word("NIL") {
            return Ok(None);
        }
        self.string(what).map(Some)
    }

    /// ```abnf
    /// quoted          = DQUOTE *QUOTED-CHAR DQUOTE
    /// QUOTED-CHAR     = <any TEXT-CHAR except quoted-specials> / "\" quoted-specials
    /// quoted-specials = DQUOTE / "\"
    /// ```
    /// 8-bit characters are let pass: clients send UTF-8 names and search texts so. A backslash
    /// before any other character stands for itself (Windows clients send `DOMAIN\user` so).
    fn quoted(&mut self) -> Parsed<Cow<'a, [u8]>> {
        self.expect(b'"', "a quoted string")?;
        let plain = |byte: u8| !matches!(byte, b'"' | b'\\' | b'\r' | b'\n' | 0);
        let start = self.take_while(plain);
        if self.take(b'"') {
            return Ok(Cow::Borrowed(start));
        }
        let mut text = start.to_vec();
        loop {
            text.extend_from_slice(self.take_while(plain));
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Cow::Owned(text));
                }
                Some(b'\\') => {
                    self.at += 1;
                    match self.peek() {
                        Some(escaped @ (b'"' | b'\\')) => {
                            self.at += 1;
                            text.push(escaped);
                        }
                        _ => text.push(b'\\'),
                    }
                }
                _ => return self.expected("the closing quote of a quoted string"),
            }
        }
    }

    /// ```abnf
    /// literal = "{" number ["+"] "}" CRLF *CHAR8   ; CHAR8 is any byte but NUL
    /// ```
    fn literal(&mut self, what: &'static str) -> Parsed<&'a [u8]> {
        let literal = self.literal_marker(what)?;
        let size = usize::try_from(literal.size).unwrap_or(usize::MAX);
        match self.rest().get(..size) {
            Some(content) if content.contains(&0) => self.expected("a literal without NUL"),
            Some(content) => {
                self.at += size;
                Ok(content)
            }
            None => Err(ParseError::new(
                ParseErrorKind::Incomplete,
                what,
                self.bytes.len(),
            )),
        }
    }

    /// The announcement of a literal with its line end, without the content.
    pub(crate) fn literal_marker(&mut self, what: &'static str) -> Parsed<Literal> {
        if self.peek() != Some(b'{') {
            return self.expected(what);
        }
        let rest = self.rest();
        let length = rest
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(rest.len(), |at| at + 1);
        let line = rest.get(..length).unwrap_or(rest);
        match Literal::at_line_end(line) {
            // Not one further along the line.
            Some(literal) if line.iter().rposition(|byte| *byte == b'{') == Some(0) => {
                self.at += length;
                Ok(literal)
            }
            _ => self.expected(what),
        }
    }

    /// The content of an APPEND's message after its marker, unless it was handed through.
    pub(crate) fn message(&mut self, literal: Literal) -> Parsed<Option<&'a [u8]>> {
        if self.messages_at.binary_search(&self.at).is_ok() {
            return Ok(None);
        }
        let size = usize::try_from(literal.size).unwrap_or(usize::MAX);
        let Some(content) = self.rest().get(..size) else {
            let kind = ParseErrorKind::Incomplete;
            return Err(ParseError::new(kind, "the message", self.bytes.len()));
        };
        self.at += size;
        Ok(Some(content))
    }

    /// A list in parentheses, possibly empty, of at most `limit` items separated by spaces.
    pub(crate) fn list<T>(
        &mut self,
        (limit, what): (usize, &'static str),
        mut item: impl FnMut(&mut Self) -> Parsed<T>,
    ) -> Parsed<Vec<T>> {
        self.expect(b'(', "a list in parentheses")?;
        let mut items = Vec::new();
        // Spaces inside the parentheses are let pass.
        self.take_while(|byte| byte == b' ');
        while !self.take(b')') {
            if items.len() == limit {
                return self.too_much(what);
            }
            items.push(item(self)?);
            if self.take_while(|byte| byte == b' ').is_empty() && self.peek() != Some(b')') {
                return self.expected("a space or a closing parenthesis");
            }
        }
        Ok(items)
    }
}

/// ```abnf
/// ATOM-CHAR     = <any CHAR except atom-specials>
/// atom-specials = "(" / ")" / "{" / SP / CTL / list-wildcards / quoted-specials / resp-specials
/// ```
pub(crate) const fn is_atom_char(byte: u8) -> bool {
    matches!(byte, 0x21..=0x7e)
        && !matches!(byte, b'(' | b')' | b'{' | b'%' | b'*' | b'"' | b'\\' | b']')
}

//! ISO-2022-JP in all its dialects.
//!
//! RFC 1468, ISO-2022-JP-1 (JIS X 0212), -2 (RFC 1554: GB 2312, KS C 5601, Latin-1, Greek), the
//! escapes of -3 and -2004, ISO-2022-JP-MS, CP50220, CP50221 and CP50222 (`ESC ( I`, SO/SI and
//! 8-bit katakana). Also what breaks stock decoders: back-to-back escapes, empty runs, line ends
//! within two-byte text, lines of two-byte text broken by a mailer that knew nothing of escapes,
//! and UTF-8 in between.

use std::borrow::Cow;

use super::{decode::Fidelity, jis::JisText};
use crate::cursor::Cursor;

const ESC: u8 = 0x1b;
const SO: u8 = 0x0e;
const SI: u8 = 0x0f;

/// Whether there is an escape sequence in `bytes` that starts something other than ASCII.
pub(super) fn has_designation(bytes: &[u8]) -> bool {
    memchr::memmem::find_iter(bytes, b"\x1b").any(|at| {
        let mut tail = bytes.get(at + 1..).unwrap_or_default().iter().copied();
        match tail.next() {
            Some(b'$') => matches!(tail.next(), Some(b'@' | b'B' | b'A' | b'(')),
            Some(b'(') => tail.next() == Some(b'I'),
            _ => false,
        }
    })
}

/// Decodes bytes of any dialect.
pub(super) fn decode(bytes: &[u8]) -> (Cow<'_, str>, Fidelity) {
    if bytes.is_ascii()
        && memchr::memchr2(ESC, SO, bytes).is_none()
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return (Cow::Borrowed(text), Fidelity::Exact);
    }
    let mut decoder = Decoder::new(bytes);
    while let Some(byte) = decoder.cursor.bump() {
        decoder.take(byte);
    }
    let (text, errors) = decoder.out.finish();
    (Cow::Owned(text), Fidelity::from_errors(errors))
}

/// The character set that bytes 0x21 to 0x7E mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    /// ASCII, or JIS X 0201 Roman: old mailers return to that one and then write URLs and paths,
    /// so its yen sign and overline are read as backslash and tilde, as CP50221 does.
    Ascii,
    Kana,
    Jis0208,
    Jis0212,
    Gb2312,
    Ksc5601,
    /// ISO-2022-JP-MS: characters of the user.
    UserDefined,
    /// A two-byte set without a table here, like plane 2 of JIS X 0213.
    Unknown,
}

impl Set {
    fn is_wide(self) -> bool {
        !matches!(self, Self::Ascii | Self::Kana)
    }
}

/// What `ESC N` shifts to (RFC 1554).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum High {
    Latin1,
    Greek,
}

struct Decoder<'a> {
    cursor: Cursor<'a>,
    out: JisText,
    set: Set,
    shifted_out: bool,
    high: Option<High>,
    /// The two-byte set that a line end has just interrupted.
    interrupted: Option<Set>,
    /// Up to here, lines are known to be two-byte text.
    wide_until: usize,
}

impl<'a> Decoder<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            cursor: Cursor::new(bytes),
            out: JisText::with_capacity(bytes.len() + bytes.len() / 2),
            set: Set::Ascii,
            shifted_out: false,
            high: None,
            interrupted: None,
            wide_until: 0,
        }
    }

    fn take(&mut self, byte: u8) {
        if let Some(set) = self.interrupted
            && !matches!(byte, b'\r' | b'\n')
        {
            self.interrupted = None;
            if self.line_goes_on() {
                self.set = set;
            }
        }
        match byte {
            ESC => self.escape(),
            SO => self.shifted_out = true,
            SI => self.shifted_out = false,
            b'\r' | b'\n' => self.line_end(byte),
            ..=b' ' | 0x7f => self.out.push(char::from(byte)),
            0x80.. => self.eight_bit(byte),
            _ if self.shifted_out || self.set == Set::Kana => self.out.push_kana(byte),
            _ if self.set == Set::Ascii => self.ascii(),
            _ if self.set == Set::Jis0208 => self.run_of_pairs(),
            _ => self.pair(byte),
        }
    }

    /// A run of ASCII, of which the first byte is taken already.
    fn ascii(&mut self) {
        let start = self.cursor.pos() - 1;
        self.cursor.take_while(|byte| (b' '..0x7f).contains(&byte));
        let run = self.cursor.since(start);
        self.out
            .push_str(std::str::from_utf8(run).unwrap_or_default());
    }

    fn line_end(&mut self, byte: u8) {
        if self.set.is_wide() {
            self.interrupted = Some(self.set);
        }
        self.set = Set::Ascii;
        self.shifted_out = false;
        self.out.push(char::from(byte));
    }

    /// Whether two-byte text goes on after a line end without an escape of its own: from here on,
    /// lines are pairs of printable bytes up to an escape back to ASCII, which would make no sense
    /// there if they were ASCII. What was looked at is remembered, so each byte is looked at once.
    fn line_goes_on(&mut self) -> bool {
        let start = self.cursor.pos() - 1;
        if start < self.wide_until {
            return true;
        }
        let mut ahead = self.cursor;
        ahead.set_pos(start);
        let last_run = loop {
            let run = ahead.take_while(|byte| (0x21..=0x7e).contains(&byte)).len();
            let line_ends = ahead.take_while(|byte| matches!(byte, b'\r' | b'\n')).len();
            if run % 2 == 1 || line_ends == 0 {
                break run;
            }
        };
        let end = ahead.pos();
        let goes_on = last_run > 0
            && last_run % 2 == 0
            && ahead.eat(ESC)
            && ahead.eat(b'(')
            && matches!(ahead.peek(), Some(b'B' | b'J'));
        if goes_on {
            self.wide_until = end;
        }
        goes_on
    }

    /// A run of JIS X 0208, of which the first byte is taken already: most Japanese text.
    fn run_of_pairs(&mut self) {
        let start = self.cursor.pos() - 1;
        self.cursor.take_while(|byte| (0x21..=0x7e).contains(&byte));
        let (pairs, rest) = self.cursor.since(start).as_chunks::<2>();
        self.out.push_0208_run(pairs);
        if !rest.is_empty() {
            self.out.push_error();
        }
    }

    fn pair(&mut self, lead: u8) {
        let Some(trail @ 0x21..=0x7e) = self.cursor.peek() else {
            self.out.push_error();
            return;
        };
        self.cursor.skip(1);
        match self.set {
            Set::Jis0212 => self.out.push_0212(lead, trail),
            Set::Gb2312 => self.foreign(encoding_rs::GBK, &[lead | 0x80, trail | 0x80]),
            Set::Ksc5601 => self.foreign(encoding_rs::EUC_KR, &[lead | 0x80, trail | 0x80]),
            Set::UserDefined => {
                let code = 0xe000 + u32::from(lead - 0x21) * 94 + u32::from(trail - 0x21);
                match char::from_u32(code) {
                    Some(character) if code <= 0xf8ff => self.out.push(character),
                    _ => self.out.push_error(),
                }
            }
            Set::Jis0208 | Set::Unknown | Set::Ascii | Set::Kana => self.out.push_error(),
        }
    }

    fn foreign(&mut self, encoding: &'static encoding_rs::Encoding, bytes: &[u8]) {
        match encoding.decode_without_bom_handling_and_without_replacement(bytes) {
            Some(text) => self.out.push_str(&text),
            None => self.out.push_error(),
        }
    }

    /// A byte with the high bit: a character of UTF-8 that something put in between, or
    /// half-width katakana. The two do not overlap: Japanese UTF-8 starts with 0xE3 to 0xEF.
    fn eight_bit(&mut self, byte: u8) {
        let start = self.cursor.pos() - 1;
        let mut ahead = self.cursor;
        ahead.skip(if byte >= 0xf0 { 3 } else { 2 });
        if byte >= 0xe0
            && let Ok(text) = std::str::from_utf8(ahead.since(start))
        {
            self.cursor = ahead;
            self.out.push_str(text);
        } else if let 0xa1..=0xdf = byte {
            self.out.push_kana(byte & 0x7f);
        } else {
            self.out.push_error();
        }
    }

    /// An escape sequence, of which ESC is taken already.
    fn escape(&mut self) {
        let next = [
            self.cursor.peek(),
            self.cursor.peek_at(1),
            self.cursor.peek_at(2),
        ];
        let (len, set) = match next {
            [Some(b'('), Some(b'I'), _] => (2, Some(Set::Kana)),
            [Some(b'('), Some(0x30..=0x7e), _] => (2, Some(Set::Ascii)),
            [Some(b'$'), Some(b'@' | b'B'), _] => (2, Some(Set::Jis0208)),
            [Some(b'$'), Some(b'A'), _] => (2, Some(Set::Gb2312)),
            // JIS X 0213's first plane agrees with JIS X 0208 where that has characters.
            [Some(b'$'), Some(b'('), Some(b'@' | b'B' | b'O' | b'Q')] => (3, Some(Set::Jis0208)),
            [Some(b'$'), Some(b'('), Some(b'A')] => (3, Some(Set::Gb2312)),
            [Some(b'$'), Some(b'('), Some(b'C')] => (3, Some(Set::Ksc5601)),
            [Some(b'$'), Some(b'('), Some(b'D')] => (3, Some(Set::Jis0212)),
            [Some(b'$'), Some(b'('), Some(b'?')] => (3, Some(Set::UserDefined)),
            [Some(b'$'), Some(b'('), Some(0x30..=0x7e)] => (3, Some(Set::Unknown)),
            // The announcement of JIS X 0208-1990 before its designation.
            [Some(b'&'), Some(b'@'), _] => (2, None),
            [Some(b'.'), Some(final_byte @ (b'A' | b'F')), _] => {
                self.high = Some(if final_byte == b'A' {
                    High::Latin1
                } else {
                    High::Greek
                });
                (2, None)
            }
            [Some(b'N'), Some(byte @ 0x20..=0x7f), _] if self.high.is_some() => {
                self.single_shift(byte | 0x80);
                (2, None)
            }
            _ => {
                self.out.push_error();
                (0, None)
            }
        };
        self.cursor.skip(len);
        if let Some(set) = set {
            self.set = set;
            self.shifted_out = false;
        }
    }

    fn single_shift(&mut self, byte: u8) {
        match self.high {
            Some(High::Greek) => self.foreign(encoding_rs::ISO_8859_7, &[byte]),
            Some(High::Latin1) | None => self.out.push(char::from(byte)),
        }
    }
}

#[cfg(test)]
mod tests;

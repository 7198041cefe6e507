//! From text to a Japanese charset.

use std::borrow::Cow;

use encoding_rs::{EUC_JP, EncoderResult, Encoding, SHIFT_JIS};

use super::kana;
use crate::limits::MAX_UNMAPPABLE_LISTED;

/// A charset that mail is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Target {
    /// UTF-8: the default for new mail.
    #[default]
    Utf8,
    /// ISO-2022-JP, for old partners.
    Iso2022Jp,
    /// Shift_JIS as CP932.
    ShiftJis,
    /// EUC-JP as CP51932.
    EucJp,
}

impl Target {
    /// The preferred MIME name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Iso2022Jp => "ISO-2022-JP",
            Self::ShiftJis => "Shift_JIS",
            Self::EucJp => "EUC-JP",
        }
    }
}

/// Whether characters may be written that are in Microsoft's variants of the charsets only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Extensions {
    /// NEC's and IBM's characters (①, ㈱, 髙, …) are written as CP932 and CP50220 do. Receivers in
    /// Japan expect them; strict RFC 1468 does not have them.
    #[default]
    Allow,
    /// They are unmappable.
    Refuse,
}

/// What becomes of half-width katakana in ISO-2022-JP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum KanaWidth {
    /// They become full width, sound marks joined, as CP50220 does: RFC 1468 has no others.
    #[default]
    Full,
    /// They stay, with the escape sequence of CP50221.
    Half,
}

/// How to encode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Policy {
    /// NEC's and IBM's characters.
    pub extensions: Extensions,
    /// Half-width katakana, in ISO-2022-JP only.
    pub kana: KanaWidth,
}

/// An encoded text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Encoded {
    /// The bytes. A character that cannot be written is a geta mark 〓, as in print.
    pub bytes: Vec<u8>,
    /// How many characters could not be written.
    pub unmappable: usize,
    /// Which ones, each once, at most [`MAX_UNMAPPABLE_LISTED`].
    pub unmappable_listed: Vec<char>,
}

/// Encodes with the default policy.
pub fn encode(target: Target, text: &str) -> Encoded {
    encode_with(target, text, Policy::default())
}

/// Encodes `text`.
pub fn encode_with(target: Target, text: &str, policy: Policy) -> Encoded {
    if target == Target::Utf8 {
        return Encoded {
            bytes: text.as_bytes().to_vec(),
            ..Encoded::default()
        };
    }
    let text = match (target, policy.kana) {
        (Target::Iso2022Jp, KanaWidth::Full) => kana::to_full_width(text),
        _ => Cow::Borrowed(text),
    };
    let mut writer = Writer::new(target, text.len());
    for character in text.chars() {
        match code(target, character, policy.extensions) {
            Some(code) => writer.write(code),
            None => writer.unmappable(character),
        }
    }
    writer.finish()
}

/// What a character costs in ISO-2022-JP with the default policy: its bytes and whether it needs
/// two-byte text; `None` when it cannot be written. For cutting text into encoded words.
pub(crate) fn cost_in_iso_2022_jp(character: char) -> Option<(usize, bool)> {
    match code(Target::Iso2022Jp, character, Extensions::Allow)? {
        Code::Ascii(_) => Some((1, false)),
        Code::Kana(_) | Code::Pair(..) | Code::Triple(_) => Some((2, true)),
    }
}

/// A character in EUC-JP's (or Shift_JIS's) form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Code {
    Ascii(u8),
    Kana(u8),
    Pair(u8, u8),
    Triple([u8; 3]),
}

fn code(target: Target, character: char, extensions: Extensions) -> Option<Code> {
    if let Ok(byte @ ..0x80) = u8::try_from(character) {
        // Escapes and shifts in the text itself would change what follows them.
        let shifting = target == Target::Iso2022Jp && matches!(byte, 0x1b | 0x0e | 0x0f);
        return (!shifting).then_some(Code::Ascii(byte));
    }
    let shift_jis = target == Target::ShiftJis;
    let encoding = if shift_jis { SHIFT_JIS } else { EUC_JP };
    let mut buffer = [0; 8];
    let bytes = single(encoding, equivalent(character), &mut buffer)?;
    let code = match *bytes {
        [byte] if byte < 0x80 => Code::Ascii(byte),
        [byte] => Code::Kana(byte),
        [0x8e, byte] if !shift_jis => Code::Kana(byte),
        [lead, trail] => Code::Pair(lead, trail),
        [lead, middle, trail] => Code::Triple([lead, middle, trail]),
        _ => return None,
    };
    (extensions == Extensions::Allow || !is_extension(code, shift_jis)).then_some(code)
}

/// The character that the tables have, where mail's text has another one for the same JIS
/// character (Windows and JIS disagree on these), or a near one that old charsets lack.
fn equivalent(character: char) -> char {
    match character {
        '\u{301c}' => '\u{ff5e}', // 〜 wave dash → fullwidth tilde
        '\u{2014}' => '\u{2015}', // — em dash → horizontal bar
        '\u{2016}' => '\u{2225}', // ‖ double vertical line → parallel to
        '\u{2212}' => '\u{ff0d}', // − minus sign → fullwidth hyphen-minus
        '\u{00a2}' => '\u{ffe0}', // ¢ cent
        '\u{00a3}' => '\u{ffe1}', // £ pound
        '\u{00ac}' => '\u{ffe2}', // ¬ not
        '\u{00a5}' => '\u{ffe5}', // ¥ yen: as 0x5C it would come back as a backslash
        '\u{203e}' => '\u{ffe3}', // ‾ overline: as 0x7E it would come back as a tilde
        '\u{00a6}' => '\u{ffe4}', // ¦ broken bar
        '\u{00a0}' => ' ',        // no-break space
        '\u{2011}' => '\u{2010}', // non-breaking hyphen
        _ => character,
    }
}

/// Whether a character is NEC's or IBM's: row 13 and rows 89 to 92 of the JIS table, and the rows
/// from 115 on that Shift_JIS alone can reach.
fn is_extension(code: Code, shift_jis: bool) -> bool {
    match code {
        Code::Pair(lead, _) if shift_jis => matches!(lead, 0x87 | 0xed..),
        Code::Pair(lead, _) => matches!(lead, 0xad | 0xf9..),
        Code::Ascii(_) | Code::Kana(_) | Code::Triple(_) => false,
    }
}

fn single<'b>(
    encoding: &'static Encoding,
    character: char,
    buffer: &'b mut [u8; 8],
) -> Option<&'b [u8]> {
    let mut utf_8 = [0; 4];
    let source = character.encode_utf8(&mut utf_8);
    let mut encoder = encoding.new_encoder();
    let (result, _, written) =
        encoder.encode_from_utf8_without_replacement(source, buffer.as_mut_slice(), true);
    match result {
        EncoderResult::InputEmpty => buffer.get(..written),
        EncoderResult::OutputFull | EncoderResult::Unmappable(_) => None,
    }
}

/// The set in force in ISO-2022-JP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    Ascii,
    Kana,
    Jis0208,
}

struct Writer {
    target: Target,
    set: Set,
    encoded: Encoded,
}

impl Writer {
    fn new(target: Target, capacity: usize) -> Self {
        let encoded = Encoded {
            bytes: Vec::with_capacity(capacity),
            ..Encoded::default()
        };
        Self {
            target,
            set: Set::Ascii,
            encoded,
        }
    }

    fn write(&mut self, code: Code) {
        if self.target == Target::Iso2022Jp {
            self.write_escaped(code);
            return;
        }
        let bytes = &mut self.encoded.bytes;
        match code {
            Code::Ascii(byte) => bytes.push(byte),
            Code::Kana(byte) if self.target == Target::ShiftJis => bytes.push(byte),
            Code::Kana(byte) => bytes.extend_from_slice(&[0x8e, byte]),
            Code::Pair(lead, trail) => bytes.extend_from_slice(&[lead, trail]),
            Code::Triple(triple) => bytes.extend_from_slice(&triple),
        }
    }

    fn write_escaped(&mut self, code: Code) {
        match code {
            Code::Ascii(byte) => {
                self.designate(Set::Ascii);
                self.encoded.bytes.push(byte);
            }
            Code::Kana(byte) => {
                self.designate(Set::Kana);
                self.encoded.bytes.push(byte & 0x7f);
            }
            Code::Pair(lead, trail) => {
                self.designate(Set::Jis0208);
                self.encoded
                    .bytes
                    .extend_from_slice(&[lead & 0x7f, trail & 0x7f]);
            }
            // encoding_rs writes no JIS X 0212.
            Code::Triple(_) => {}
        }
    }

    fn designate(&mut self, set: Set) {
        if self.set != set {
            self.set = set;
            self.encoded.bytes.extend_from_slice(match set {
                Set::Ascii => b"\x1b(B",
                Set::Kana => b"\x1b(I",
                Set::Jis0208 => b"\x1b$B",
            });
        }
    }

    fn unmappable(&mut self, character: char) {
        self.encoded.unmappable += 1;
        let listed = &mut self.encoded.unmappable_listed;
        if listed.len() < MAX_UNMAPPABLE_LISTED && !listed.contains(&character) {
            listed.push(character);
        }
        self.write(match self.target {
            Target::ShiftJis => Code::Pair(0x81, 0xac),
            Target::Utf8 | Target::Iso2022Jp | Target::EucJp => Code::Pair(0xa2, 0xae),
        });
    }

    fn finish(mut self) -> Encoded {
        self.designate(Set::Ascii);
        self.encoded
    }
}

#[cfg(test)]
mod tests;

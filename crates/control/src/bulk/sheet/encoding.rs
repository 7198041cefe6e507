//! Which encoding a file is in, and its text.

use std::{borrow::Cow, fmt, str::FromStr};

use hikyaku_message::charset::{self, Charset, Fidelity};
use serde::{Deserialize, Serialize};

use super::SheetError;

/// The encoding of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encoding {
    /// UTF-8.
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-8 with a mark before it, as Excel wants it.
    #[serde(rename = "utf-8-bom")]
    Utf8Bom,
    /// Shift_JIS as Windows has it (CP932).
    #[serde(rename = "shift_jis")]
    ShiftJis,
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utf8 => "UTF-8",
            Self::Utf8Bom => "UTF-8 with BOM",
            Self::ShiftJis => "Shift_JIS",
        })
    }
}

/// What somebody says of the encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EncodingChoice {
    /// Find it out.
    #[default]
    Auto,
    /// It is UTF-8, with or without the mark.
    #[serde(rename = "utf-8")]
    Utf8,
    /// It is Shift_JIS.
    ShiftJis,
}

impl FromStr for EncodingChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "utf-8" => Ok(Self::Utf8),
            "shift_jis" => Ok(Self::ShiftJis),
            _ => Err("write auto, utf-8 or shift_jis".to_owned()),
        }
    }
}

const BOM: &[u8] = b"\xef\xbb\xbf";

/// The text of a file and the encoding it was in.
pub fn decode(
    bytes: &[u8],
    choice: EncodingChoice,
) -> Result<(Cow<'_, str>, Encoding), SheetError> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(SheetError::Utf16);
    }
    let (body, marked) = match bytes.strip_prefix(BOM) {
        Some(body) => (body, Encoding::Utf8Bom),
        None => (bytes, Encoding::Utf8),
    };
    let (text, encoding) = match (std::str::from_utf8(body), choice) {
        (Ok(text), EncodingChoice::Auto | EncodingChoice::Utf8) => (Cow::Borrowed(text), marked),
        (_, EncodingChoice::ShiftJis) => shift_jis(bytes)?,
        (Err(_), EncodingChoice::Auto) if marked == Encoding::Utf8 && !is_mixed(body) => {
            shift_jis(body)?
        }
        (Err(error), choice) => {
            let row = row_of(body, error.valid_up_to());
            return Err(match choice {
                EncodingChoice::Auto if marked == Encoding::Utf8 => SheetError::Mixed { row },
                _ => SheetError::NotEncoded {
                    row,
                    encoding: marked,
                },
            });
        }
    };
    match text.bytes().position(|byte| byte == 0) {
        Some(at) => Err(SheetError::Nul {
            row: row_of(text.as_bytes(), at),
        }),
        None => Ok((text, encoding)),
    }
}

fn shift_jis(bytes: &[u8]) -> Result<(Cow<'_, str>, Encoding), SheetError> {
    let whole = charset::decode_as(Charset::ShiftJis, bytes);
    if whole.fidelity != Fidelity::Lossy {
        return Ok((whole.text, Encoding::ShiftJis));
    }
    // A line end is never part of a character of two bytes: the lines can be looked at apart.
    let lossy =
        |line: &[u8]| charset::decode_as(Charset::ShiftJis, line).fidelity == Fidelity::Lossy;
    let line = bytes.split(|byte| *byte == b'\n').position(lossy);
    Err(SheetError::NotEncoded {
        row: line.map_or(1, |line| line as u64 + 1),
        encoding: Encoding::ShiftJis,
    })
}

/// Whether some lines of a file that is not UTF-8 can be nothing else: they have characters of
/// three bytes or more, which in Shift_JIS would hardly ever come out so.
fn is_mixed(bytes: &[u8]) -> bool {
    bytes
        .split(|byte| *byte == b'\n')
        .any(|line| line.iter().any(|byte| *byte >= 0xe0) && std::str::from_utf8(line).is_ok())
}

/// The line of a place. Line ends within cells are counted too: before the table is read, nothing
/// better is known.
fn row_of(bytes: &[u8], at: usize) -> u64 {
    let before = bytes.get(..at).unwrap_or(bytes);
    before.split(|byte| *byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use hikyaku_message::charset::{Target, encode};

    use super::*;

    fn sjis(text: &str) -> Vec<u8> {
        encode(Target::ShiftJis, text).bytes
    }

    #[test]
    fn the_encodings_of_excel_are_recognised() {
        let text = "氏名,メールアドレス\n髙橋 ①,taro@example.test\n";
        let bom = [BOM, text.as_bytes()].concat();
        let japanese = sjis(text);
        for (bytes, encoding) in [
            (text.as_bytes(), Encoding::Utf8),
            (&bom, Encoding::Utf8Bom),
            (&japanese, Encoding::ShiftJis),
        ] {
            let (read, found) = decode(bytes, EncodingChoice::Auto).unwrap();
            assert_eq!((&*read, found), (text, encoding));
        }
        assert!(decode(&japanese, EncodingChoice::Utf8).is_err());
        let (forced, _) = decode(&japanese, EncodingChoice::ShiftJis).unwrap();
        assert_eq!(forced, text);
    }

    #[test]
    fn half_width_kana_is_not_taken_for_utf_8() {
        // ﾃｰ is two bytes that are valid UTF-8 by themselves.
        let text = "name,address\nﾃｰ,a@example.test\n山田,b@example.test\n";
        let bytes = sjis(text);
        let (read, encoding) = decode(&bytes, EncodingChoice::Auto).unwrap();
        assert_eq!((&*read, encoding), (text, Encoding::ShiftJis));
    }

    #[test]
    fn what_is_no_text_is_refused_with_its_row() {
        let mixed = ["山田,a\n".as_bytes(), &sjis("鈴木,b\n")].concat();
        let marked = [BOM, b"a\n\xff\n"].concat();
        for (bytes, error) in [
            (mixed.as_slice(), SheetError::Mixed { row: 2 }),
            (b"\xff\xfea\0", SheetError::Utf16),
            (b"a,b\nc,\0d\n", SheetError::Nul { row: 2 }),
            (
                b"a\nb\n\xff\xff\n",
                SheetError::NotEncoded {
                    row: 3,
                    encoding: Encoding::ShiftJis,
                },
            ),
            (
                marked.as_slice(),
                SheetError::NotEncoded {
                    row: 2,
                    encoding: Encoding::Utf8Bom,
                },
            ),
        ] {
            assert_eq!(decode(bytes, EncodingChoice::Auto), Err(error));
        }
    }
}

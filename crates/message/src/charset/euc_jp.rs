//! EUC-JP with the additions of CP51932 and eucJP-ms.

use std::borrow::Cow;

use encoding_rs::EUC_JP;

use super::{decode::Fidelity, jis::JisText};
use crate::cursor::Cursor;

/// Decodes bytes in any of the EUC-JP variants.
pub(super) fn decode(bytes: &[u8]) -> (Cow<'_, str>, Fidelity) {
    let (text, errors) = EUC_JP.decode_without_bom_handling(bytes);
    if !errors {
        return (text, Fidelity::Exact);
    }
    // Not plain EUC-JP: walk it with eucJP-ms's additions.
    let mut cursor = Cursor::new(bytes);
    let mut out = JisText::with_capacity(bytes.len() + bytes.len() / 2);
    while let Some(byte) = cursor.bump() {
        let next = cursor.peek().filter(|byte| is_high(*byte));
        match (byte, next, cursor.peek_at(1).filter(|byte| is_high(*byte))) {
            (..0x80, _, _) => out.push(char::from(byte)),
            (0x8e, Some(kana), _) => {
                cursor.skip(1);
                out.push_kana(kana & 0x7f);
            }
            (0x8f, Some(row), Some(cell)) => {
                cursor.skip(2);
                out.push_0212(row & 0x7f, cell & 0x7f);
            }
            (row, Some(cell), _) if is_high(row) => {
                cursor.skip(1);
                out.push_0208(row & 0x7f, cell & 0x7f);
            }
            _ => out.push_error(),
        }
    }
    let (text, errors) = out.finish();
    (Cow::Owned(text), Fidelity::from_errors(errors))
}

fn is_high(byte: u8) -> bool {
    (0xa1..=0xfe).contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variants_additions_are_read() {
        let cases: [(&[u8], &str); 7] = [
            (b"\xbb\xb3\xc5\xc4 a", "山田 a"),
            (b"\x8e\xb1\x8e\xb2", "ｱｲ"),
            (b"\x8f\xb0\xa1", "丂"),
            // NEC's row 13 and NEC's selection of IBM's characters (CP51932).
            (b"\xad\xa1\xad\xea\xfc\xe2", "①㈱髙"),
            // IBM's characters behind JIS X 0212 (eucJP-ms).
            (b"\x8f\xf4\xab\x8f\xf3\xf3", "㈱ⅰ"),
            // User defined characters (eucJP-ms).
            (b"\xf5\xa1\x8f\xf5\xa1", "\u{e000}\u{e3ac}"),
            (b"\x8f\xfe\xfe", "\u{e757}"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(decode(bytes), (Cow::Borrowed(expected), Fidelity::Exact));
        }
    }

    #[test]
    fn broken_text_keeps_what_is_readable() {
        let cases: [(&[u8], &str); 4] = [
            (b"\xbb\xb3\xc5", "山\u{fffd}"),
            (b"\xbb\nx", "\u{fffd}\nx"),
            (b"\x80\xbb\xb3", "\u{fffd}山"),
            (b"\x8e\xbb\xa0", "ｻ\u{fffd}"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(decode(bytes), (Cow::Borrowed(expected), Fidelity::Lossy));
        }
    }
}

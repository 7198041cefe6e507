//! UTF-7 (RFC 2152), which old mailers still send. Reading only.

use std::borrow::Cow;

use super::decode::Fidelity;
use crate::cursor::Cursor;

/// Decodes UTF-7.
pub(super) fn decode(bytes: &[u8]) -> (Cow<'_, str>, Fidelity) {
    let mut cursor = Cursor::new(bytes);
    let mut text = String::with_capacity(bytes.len());
    let mut errors = false;
    while let Some(byte) = cursor.bump() {
        match byte {
            b'+' if cursor.eat(b'-') => text.push('+'),
            b'+' => {
                errors |= shifted(&mut cursor, &mut text);
                cursor.eat(b'-');
            }
            0x80.. => {
                errors = true;
                text.push(char::REPLACEMENT_CHARACTER);
            }
            _ => text.push(char::from(byte)),
        }
    }
    (Cow::Owned(text), Fidelity::from_errors(errors))
}

/// A run of base64 that holds UTF-16; whether there were errors.
fn shifted(cursor: &mut Cursor<'_>, text: &mut String) -> bool {
    let run = cursor.take_while(|byte| sextet(byte).is_some());
    let mut bits = 0_u32;
    let mut count = 0_u32;
    let mut units = Vec::with_capacity(run.len() / 2);
    for value in run.iter().filter_map(|&byte| sextet(byte)) {
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 16 {
            count -= 16;
            units.push((bits >> count) as u16);
            bits &= (1 << count) - 1;
        }
    }
    let mut errors = run.is_empty() || count >= 6 || bits != 0;
    for unit in char::decode_utf16(units) {
        errors |= unit.is_err();
        text.push(unit.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    errors
}

fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_2152_examples() {
        let cases: [(&[u8], &str); 5] = [
            (b"Hi Mom +Jjo--!", "Hi Mom ☺-!"),
            (b"A+ImIDkQ.", "A≢Α."),
            (b"+ZeVnLIqe-", "日本語"),
            (b"1+-1=2", "1+1=2"),
            (b"+2D3eAA-", "😀"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(decode(bytes), (Cow::Borrowed(expected), Fidelity::Exact));
        }
    }

    #[test]
    fn broken_runs_are_marked() {
        assert_eq!(decode(b"a+2D0-b").0, "a\u{fffd}b");
        assert_eq!(decode(b"\xe3+").1, Fidelity::Lossy);
        assert_eq!(decode(b"+!").1, Fidelity::Lossy);
    }
}

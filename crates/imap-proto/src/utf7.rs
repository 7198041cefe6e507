//! Modified UTF-7 (RFC 3501 §5.1.3): how mailbox names travel to clients that know no UTF-8.
//!
//! Writing is strict: printable ASCII as it is, `&` as `&-`, everything else in the shortest
//! form. Reading is lenient: what is no valid shift stands for itself, so a name like `R&D` that
//! a careless client sends is that name, and raw UTF-8 is let pass.

use std::borrow::Cow;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/// Writes `name` in modified UTF-7.
pub(crate) fn encode(name: &str, out: &mut Vec<u8>) {
    let mut shift: Option<Shift> = None;
    for character in name.chars() {
        if matches!(character, ' '..='~') {
            if let Some(shift) = shift.take() {
                shift.close(out);
            }
            match character {
                '&' => out.extend_from_slice(b"&-"),
                plain => out.push(plain as u8),
            }
            continue;
        }
        let shift = shift.get_or_insert_with(|| {
            out.push(b'&');
            Shift::default()
        });
        let mut units = [0; 2];
        for unit in character.encode_utf16(&mut units) {
            shift.push(*unit, out);
        }
    }
    if let Some(shift) = shift {
        shift.close(out);
    }
}

/// Bits of an open shift that do not fill a base64 digit yet.
#[derive(Default)]
struct Shift {
    bits: u32,
    count: u32,
}

impl Shift {
    fn push(&mut self, unit: u16, out: &mut Vec<u8>) {
        self.bits = (self.bits << 16) | u32::from(unit);
        self.count += 16;
        while self.count >= 6 {
            self.count -= 6;
            out.push(digit(self.bits >> self.count));
            self.bits &= (1 << self.count) - 1;
        }
    }

    fn close(self, out: &mut Vec<u8>) {
        if self.count > 0 {
            out.push(digit(self.bits << (6 - self.count)));
        }
        out.push(b'-');
    }
}

fn digit(six_bits: u32) -> u8 {
    ALPHABET
        .get((six_bits & 63) as usize)
        .copied()
        .unwrap_or(b'A')
}

/// Reads a name that may be in modified UTF-7 or raw UTF-8. Bytes that are no UTF-8 become the
/// replacement character.
pub(crate) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(bytes);
    if !text.contains('&') {
        return text;
    }
    let mut name = String::with_capacity(text.len());
    let mut rest = text.as_ref();
    while let Some((before, after)) = rest.split_once('&') {
        name.push_str(before);
        let length = after
            .bytes()
            .position(|byte| !is_digit(byte))
            .unwrap_or(after.len());
        rest = after;
        let (Some(digits), Some(tail)) = (after.get(..length), after.get(length..)) else {
            continue;
        };
        match tail.strip_prefix('-') {
            Some(tail) if digits.is_empty() => {
                name.push('&');
                rest = tail;
            }
            Some(tail) if decode_shift(digits, &mut name) => rest = tail,
            _ => name.push('&'),
        }
    }
    name.push_str(rest);
    Cow::Owned(name)
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b',')
}

/// Decodes one shift; leaves `name` alone and says so when it is not valid UTF-16.
fn decode_shift(digits: &str, name: &mut String) -> bool {
    let mut units = Vec::with_capacity(digits.len() * 6 / 16);
    let (mut bits, mut count) = (0_u32, 0_u32);
    for byte in digits.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            _ => 63,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 16 {
            count -= 16;
            units.push((bits >> count) as u16);
            bits &= (1 << count) - 1;
        }
    }
    // Fewer than six bits are left over, all zero.
    if count >= 6 || bits != 0 {
        return false;
    }
    let start = name.len();
    for unit in char::decode_utf16(units) {
        let Ok(character) = unit else {
            name.truncate(start);
            return false;
        };
        name.push(character);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(name: &str) -> String {
        let mut out = Vec::new();
        encode(name, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn names_travel_both_ways() {
        for (name, wire) in [
            ("", ""),
            ("INBOX", "INBOX"),
            ("a b~", "a b~"),
            ("R&D", "R&-D"),
            ("&", "&-"),
            // RFC 3501 §5.1.3.
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("受信箱", "&U9dP4Xux-"),
            ("仕事/2026年", "&TtVOiw-/2026&XnQ-"),
            ("☺!", "&Jjo-!"),
            ("𠮷野家", "&2ELft5HOW7Y-"),
            ("ÀÁ&é", "&AMAAwQ-&-&AOk-"),
            ("\u{7f}\t", "&AH8ACQ-"),
        ] {
            assert_eq!(encoded(name), wire);
            assert_eq!(decode(wire.as_bytes()), name, "{wire}");
        }
    }

    #[test]
    fn careless_names_are_understood() {
        for (wire, name) in [
            ("R&D", "R&D"),
            ("a&", "a&"),
            ("&ZeVnLIqe", "&ZeVnLIqe"),
            ("&Zg-", "&Zg-"),
            ("&AAB-", "&AAB-"),
            ("&2EI-", "&2EI-"),
            ("&AEE-", "A"),
            ("&Jjo-&Jjo-", "☺☺"),
            ("&&ZeVnLIqe-", "&日本語"),
            ("日本語", "日本語"),
            ("日本&-語", "日本&語"),
        ] {
            assert_eq!(decode(wire.as_bytes()), name, "{wire}");
        }
        assert_eq!(decode(b"a\xff&-"), "a\u{fffd}&");
    }

    #[test]
    fn every_character_survives() {
        for character in ('\0'..=char::MAX).step_by(7) {
            for name in [format!("{character}"), format!("a{character}b&{character}")] {
                assert_eq!(decode(encoded(&name).as_bytes()), name);
            }
        }
    }
}

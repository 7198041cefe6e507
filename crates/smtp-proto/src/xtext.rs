//! `xtext` (RFC 3461 §4) and the UTF-8 addresses of RFC 6533 §3.

use std::fmt::Write as _;

/// Decodes `xtext = *( xchar / hexchar )`, `hexchar = "+" 2(%x30-39 / %x41-46)`. Lower-case digits
/// are taken too. `None` when it is malformed or does not stand for UTF-8 text without controls.
pub(crate) fn decode(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => octets.push(hex(bytes.next()?)? << 4 | hex(bytes.next()?)?),
            b'=' | 0..=b' ' | 0x7f => return None,
            // Octets over 127 are outside xtext; RFC 6531 §3.3 lets them into values.
            _ => octets.push(byte),
        }
    }
    let text = String::from_utf8(octets).ok()?;
    (!text.contains(char::is_control)).then_some(text)
}

/// Decodes the `\x{HEXPOINT}` of `utf-8-addr-xtext` and `utf-8-addr-unitext`; the rest stands for
/// itself.
pub(crate) fn decode_utf8_address(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        let (point, following) = after.strip_prefix("x{")?.split_once('}')?;
        let is_point = (2..=6).contains(&point.len()) && point.bytes().all(|b| hex(b).is_some());
        let point = is_point
            .then(|| u32::from_str_radix(point, 16).ok())
            .flatten()?;
        let c = char::from_u32(point).filter(|c| !c.is_control())?;
        out.push_str(before);
        out.push(c);
        rest = following;
    }
    out.push_str(rest);
    Some(out)
}

/// Writes `xtext`: what is not an `xchar` (printable ASCII without `+` and `=`) as `+` and two
/// upper-case digits per octet.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            // Writing to a String cannot fail.
            b'+' | b'=' | 0..=b' ' | 0x7f.. => drop(write!(out, "+{byte:02X}")),
            _ => out.push(char::from(byte)),
        }
    }
    out
}

/// Writes `utf-8-addr-xtext` (RFC 6533 §3): everything but `QCHAR`s as `\x{HEXPOINT}`.
pub(crate) fn encode_utf8_address(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '!'..='~' if !matches!(c, '+' | '=' | '\\') => out.push(c),
            _ => drop(write!(out, "\\x{{{:02X}}}", u32::from(c))),
        }
    }
    out
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xtext_is_decoded_or_refused() {
        for (text, decoded) in [
            ("plain@example.test", Some("plain@example.test")),
            ("a+2Bb+3Dc", Some("a+b=c")),
            ("a+2bb", Some("a+b")),
            ("+E3+81+82", Some("あ")),
            ("", Some("")),
            ("a+", None),
            ("a+2", None),
            ("a+2G", None),
            ("a=b", None),
            ("a b", None),
            ("+0D+0A", None),
            ("+FF", None),
        ] {
            assert_eq!(decode(text).as_deref(), decoded, "{text:?}");
        }
    }

    #[test]
    fn points_of_utf8_addresses_are_decoded_or_refused() {
        for (text, decoded) in [
            (r"\x{3042}@example.test", Some("あ@example.test")),
            (r"a\x{5C}b\x{1F600}", Some("a\\b😀")),
            ("あ@example.test", Some("あ@example.test")),
            (r"\x{D800}", None),
            (r"\x{110000}", None),
            (r"\x{0A}", None),
            (r"\x{3042", None),
            (r"\y", None),
            (r"\x{+41}", None),
            (r"\x{0000041}", None),
        ] {
            assert_eq!(decode_utf8_address(text).as_deref(), decoded, "{text:?}");
        }
    }
}

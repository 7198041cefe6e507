//! Modified UTF-7 (RFC 3501 §5.1.3), in which Maildir folders are named.

/// The characters of its base 64, by value.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/// The text as modified UTF-7.
pub(super) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    let mut waiting: Vec<u16> = Vec::new();
    for c in text.chars() {
        if matches!(c, ' '..='~') && c != '&' {
            flush(&mut encoded, &mut waiting);
            encoded.push(c);
        } else if c == '&' {
            flush(&mut encoded, &mut waiting);
            encoded.push_str("&-");
        } else {
            waiting.extend_from_slice(c.encode_utf16(&mut [0; 2]));
        }
    }
    flush(&mut encoded, &mut waiting);
    encoded
}

fn flush(encoded: &mut String, waiting: &mut Vec<u16>) {
    if waiting.is_empty() {
        return;
    }
    encoded.push('&');
    let (mut bits, mut count) = (0_u32, 0);
    for unit in waiting.drain(..) {
        bits = (bits << 16) | u32::from(unit);
        count += 16;
        while count >= 6 {
            count -= 6;
            push_digit(encoded, bits >> count);
        }
        bits &= (1 << count) - 1;
    }
    if count > 0 {
        push_digit(encoded, bits << (6 - count));
    }
    encoded.push('-');
}

fn push_digit(encoded: &mut String, value: u32) {
    let digit = ALPHABET.get((value & 63) as usize).copied().unwrap_or(b'A');
    encoded.push(char::from(digit));
}

/// The text that modified UTF-7 stands for; nothing when it is no modified UTF-7.
pub(super) fn decode(encoded: &str) -> Option<String> {
    let mut text = String::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((before, after)) = rest.split_once('&') {
        text.push_str(before);
        let (shifted, next) = after.split_once('-')?;
        if shifted.is_empty() {
            text.push('&');
        } else {
            text.push_str(&decode_shifted(shifted)?);
        }
        rest = next;
    }
    text.push_str(rest);
    Some(text)
}

fn decode_shifted(shifted: &str) -> Option<String> {
    let mut units = Vec::with_capacity(shifted.len() / 2);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in shifted.bytes() {
        let value = ALPHABET.iter().position(|digit| *digit == byte)?;
        bits = (bits << 6) | u32::try_from(value).ok()?;
        count += 6;
        if count >= 16 {
            count -= 16;
            units.push(u16::try_from(bits >> count).ok()?);
            bits &= (1 << count) - 1;
        }
    }
    if bits != 0 || count >= 6 {
        return None;
    }
    String::from_utf16(&units).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_known_servers() {
        for (text, encoded) in [
            ("INBOX", "INBOX"),
            ("送信済みアイテム", "&kAFP4W4IMH8wojCkMMYw4A-"),
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("A & B", "A &- B"),
            ("絵文字😀", "&fXVlh1tX2D3eAA-"),
        ] {
            assert_eq!(encode(text), encoded);
            assert_eq!(decode(encoded).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_is_no_utf_7_is_not_guessed_at() {
        for encoded in ["a&b", "&", "&A-", "&AAAA-", "&é-", "&2D0-", "&====-"] {
            assert_eq!(decode(encoded), None, "{encoded:?}");
        }
    }
}

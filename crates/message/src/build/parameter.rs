//! Writing one parameter (RFC 2045 §5.1, RFC 2231).

use std::fmt::Write as _;

/// Longest piece of a parameter on a line, in bytes.
const MAX_PIECE: usize = 70;

/// The pieces of `name=value`: one, or RFC 2231 continuations.
pub(super) fn format(name: &str, value: &str) -> Vec<String> {
    let printable = value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if printable && name.len() + value.len() + 3 <= MAX_PIECE && !value.contains("=?") {
        let is_token = |byte: u8| byte.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(&byte);
        if !value.is_empty() && value.bytes().all(is_token) {
            return vec![format!("{name}={value}")];
        }
        let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
        return vec![format!("{name}=\"{escaped}\"")];
    }
    extended(name, value)
}

fn extended(name: &str, value: &str) -> Vec<String> {
    let head = "UTF-8''";
    let encoded: Vec<String> = value.chars().map(percent_encode).collect();
    let total: usize = encoded.iter().map(String::len).sum();
    if name.len() + 2 + head.len() + total <= MAX_PIECE {
        return vec![format!("{name}*={head}{}", encoded.concat())];
    }
    let mut pieces = Vec::new();
    let mut piece = format!("{name}*0*={head}");
    let mut empty = true;
    for character in encoded {
        if piece.len() + character.len() > MAX_PIECE && !empty {
            let next = format!("{name}*{}*=", pieces.len() + 1);
            pieces.push(std::mem::replace(&mut piece, next));
        }
        piece.push_str(&character);
        empty = false;
    }
    pieces.push(piece);
    pieces
}

/// A character in RFC 2231's attribute characters.
fn percent_encode(character: char) -> String {
    let mut buffer = [0; 4];
    let mut encoded = String::new();
    for byte in character.encode_utf8(&mut buffer).bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

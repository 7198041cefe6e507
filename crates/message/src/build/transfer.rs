//! Transfer encodings on the writing side (RFC 2045 §6).

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// Longest line of an encoded body (RFC 2045 §6.7, §6.8).
const MAX_ENCODED_LINE: usize = 76;

/// Longest line that needs no encoding (RFC 5322 §2.1.1).
const MAX_PLAIN_LINE: usize = 998;

/// `text` with every line end as CRLF.
pub(super) fn canonical_line_ends(text: &str) -> String {
    let mut canonical = String::with_capacity(text.len() + text.len() / 32);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\r' => {
                if characters.peek() == Some(&'\n') {
                    characters.next();
                }
                canonical.push_str("\r\n");
            }
            '\n' => canonical.push_str("\r\n"),
            _ => canonical.push(character),
        }
    }
    canonical
}

/// Whether `bytes`, with CRLF line ends, can be sent as `7bit` or, when 8-bit bytes are allowed,
/// as `8bit`: no NUL, no bare CR or LF, no line over 998 bytes.
pub(super) fn lines_are_sendable(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|&byte| byte == b'\n');
    let last = lines.next_back().unwrap_or_default();
    let sendable =
        |line: &[u8]| line.len() <= MAX_PLAIN_LINE && memchr::memchr2(0, b'\r', line).is_none();
    sendable(last) && lines.all(|line| line.strip_suffix(b"\r").is_some_and(sendable))
}

/// Base64 in lines of 76 characters.
pub(super) fn base64(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 54 * 76 + 80);
    for line in bytes.chunks(MAX_ENCODED_LINE / 4 * 3) {
        out.extend_from_slice(STANDARD.encode(line).as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// Quoted-printable of a text with CRLF line ends.
pub(super) fn quoted_printable(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 8);
    let mut lines = text.split(|&byte| byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        let last = lines.peek().is_none();
        let line = if last {
            line
        } else {
            line.strip_suffix(b"\r").unwrap_or(line)
        };
        quoted_line(line, &mut out);
        if !last {
            out.extend_from_slice(b"\r\n");
        }
    }
    out
}

fn quoted_line(line: &[u8], out: &mut Vec<u8>) {
    let mut used = 0;
    for (index, &byte) in line.iter().enumerate() {
        let at_end = index + 1 == line.len();
        let plain = match byte {
            b'=' => false,
            b' ' | b'\t' => !at_end,
            // `From ` at a line's start is changed by some stores, a lone dot by some relays.
            b'F' | b'.' if used == 0 => false,
            _ => byte.is_ascii_graphic(),
        };
        let cost = if plain { 1 } else { 3 };
        // One column is kept for the `=` of the soft line end.
        if used + cost > MAX_ENCODED_LINE - 1 && !(at_end && used + cost <= MAX_ENCODED_LINE) {
            out.extend_from_slice(b"=\r\n");
            used = 0;
        }
        if plain {
            out.push(byte);
        } else {
            out.extend_from_slice(format!("={byte:02X}").as_bytes());
        }
        used += cost;
    }
}

//! Strings in answers: atom, quoted or literal, whichever the bytes allow.

use crate::{parse::is_atom_char, sequence::write_number};

/// Writes a string, quoted where its bytes allow it and as a literal otherwise.
///
/// Quoted strings hold printable ASCII and tabs only: what has 8-bit characters, line ends or
/// other control characters goes as a literal (RFC 3501 §4.3). NUL is left out; it can travel in
/// neither form.
pub(crate) fn write_string(bytes: &[u8], out: &mut Vec<u8>) {
    if !bytes.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~')) {
        let sent = bytes.iter().copied().filter(|byte| *byte != 0);
        write_marker(sent.clone().count(), out);
        out.extend(sent);
        return;
    }
    write_quoted(bytes, out);
}

/// Writes bytes that may stand in quotes.
fn write_quoted(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for piece in bytes.split_inclusive(|byte| matches!(byte, b'"' | b'\\')) {
        match piece.split_last() {
            Some((special @ (b'"' | b'\\'), plain)) => {
                out.extend_from_slice(plain);
                out.extend_from_slice(&[b'\\', *special]);
            }
            _ => out.extend_from_slice(piece),
        }
    }
    out.push(b'"');
}

/// Writes a string, or NIL for none.
pub(super) fn write_nstring(bytes: Option<&[u8]>, out: &mut Vec<u8>) {
    match bytes {
        Some(bytes) => write_string(bytes, out),
        None => out.extend_from_slice(b"NIL"),
    }
}

/// Writes an atom where the bytes are one, a string otherwise. `NIL` is quoted: it would be read
/// as nothing.
pub(crate) fn write_astring(bytes: &[u8], out: &mut Vec<u8>) {
    let plain = |byte: &u8| is_atom_char(*byte) || *byte == b']';
    if !bytes.is_empty() && bytes.iter().all(plain) && !bytes.eq_ignore_ascii_case(b"NIL") {
        out.extend_from_slice(bytes);
    } else {
        write_string(bytes, out);
    }
}

/// Writes text for a client that understands UTF-8 in quoted strings (RFC 9755 §3), as an atom
/// where it is one. What has control characters goes as a literal.
pub(super) fn write_utf8(text: &str, out: &mut Vec<u8>) {
    if text.is_ascii() || text.chars().any(char::is_control) {
        write_astring(text.as_bytes(), out);
    } else {
        write_quoted(text.as_bytes(), out);
    }
}

/// Writes the announcement of a literal of `size` bytes.
pub(super) fn write_marker(size: usize, out: &mut Vec<u8>) {
    out.push(b'{');
    write_number(size as u64, out);
    out.extend_from_slice(b"}\r\n");
}

/// Writes text for people: printable ASCII, everything else as a question mark. Braces become
/// parentheses, and so does a bracket at the start: simple clients (Python's imaplib) take `{5}`
/// at the end of any line for a literal, and `[` begins a response code.
pub(super) fn write_text(text: &str, out: &mut Vec<u8>) {
    // The grammar wants one character at least.
    if text.is_empty() {
        out.push(b'.');
    }
    out.extend(
        text.chars()
            .enumerate()
            .map(|(index, character)| match character {
                '{' => b'(',
                '}' => b')',
                '[' if index == 0 => b'(',
                ' '..='~' => character as u8,
                _ => b'?',
            }),
    );
}

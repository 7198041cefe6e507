//! Tolerant quoted-printable (RFC 2045 §6.7), and the Q encoding of header words.

use memchr::memchr2;

/// Decodes a body. Soft line ends go away, with blanks after the `=` too; blanks at line ends go
/// away, as transport may have added them; an `=` that starts nothing valid stays.
pub(super) fn decode(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    // Where the current line's output starts; blanks decoded from =20 are never trimmed.
    let mut keep = 0;
    while let Some(at) = memchr2(b'=', b'\n', rest) {
        let (run, tail) = rest.split_at(at);
        out.extend_from_slice(run);
        rest = tail.get(1..).unwrap_or_default();
        if tail.first() == Some(&b'\n') {
            end_line(&mut out, keep);
            keep = out.len();
        } else if let Some(byte) = hex_pair(rest) {
            out.push(byte);
            keep = out.len();
            rest = rest.get(2..).unwrap_or_default();
        } else if let Some(len) = soft_line_end(rest) {
            rest = rest.get(len..).unwrap_or_default();
            keep = out.len();
        } else {
            out.push(b'=');
            keep = out.len();
        }
    }
    out.extend_from_slice(rest);
    let end = trimmed_len(&out, keep);
    out.truncate(end);
    out
}

/// Writes a line end after the blanks before it were removed; its CR, if any, is kept.
fn end_line(out: &mut Vec<u8>, keep: usize) {
    let carriage_return = out.len() > keep && out.last() == Some(&b'\r');
    if carriage_return {
        out.pop();
    }
    let end = trimmed_len(out, keep);
    out.truncate(end);
    out.extend_from_slice(if carriage_return { b"\r\n" } else { b"\n" });
}

fn trimmed_len(out: &[u8], keep: usize) -> usize {
    let line = out.get(keep..).unwrap_or_default();
    keep + line
        .iter()
        .rposition(|byte| !matches!(byte, b' ' | b'\t'))
        .map_or(0, |last| last + 1)
}

/// The length of the rest of a soft line end, after its `=`.
fn soft_line_end(rest: &[u8]) -> Option<usize> {
    let blanks = rest
        .iter()
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .count();
    match rest.get(blanks..)? {
        [b'\r', b'\n', ..] => Some(blanks + 2),
        [b'\n', ..] => Some(blanks + 1),
        [] => Some(blanks),
        _ => None,
    }
}

fn hex_pair(rest: &[u8]) -> Option<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let value = digit(rest.first()?)? * 16 + digit(rest.get(1)?)?;
    u8::try_from(value).ok()
}

/// Decodes the text of a Q word (RFC 2047 §4.2) to the end of `out`.
pub(crate) fn decode_word(text: &[u8], out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'_' => out.push(b' '),
            b'=' => match hex_pair(tail) {
                Some(byte) => {
                    out.push(byte);
                    rest = tail.get(2..).unwrap_or_default();
                }
                None => out.push(b'='),
            },
            b'\r' | b'\n' => {}
            _ => out.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies() {
        let cases: [(&[u8], &[u8]); 16] = [
            (b"", b""),
            (b"abc", b"abc"),
            (b"a=3Db=e5", b"a=b\xe5"),
            (b"a=\r\nb", b"ab"),
            (b"a=\nb", b"ab"),
            (b"a= \t\r\nb", b"ab"),
            (b"a=", b"a"),
            (b"a \t\r\nb  ", b"a\r\nb"),
            (b"a  \nb", b"a\nb"),
            (b"a=20\r\nb=20", b"a \r\nb "),
            (b"a=20 \r\n", b"a \r\n"),
            (b"100%=x =3", b"100%=x =3"),
            (b"a=0D=0Ab", b"a\r\nb"),
            (b"a\r\n\r\n b", b"a\r\n\r\n b"),
            (b"a\rb", b"a\rb"),
            (b"a =\r\n b", b"a  b"),
        ];
        for (text, expected) in cases {
            assert_eq!(decode(text), expected, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn words() {
        let mut out = Vec::new();
        decode_word(b"a_=5F=E5=b1=x=", &mut out);
        assert_eq!(out, b"a _\xe5\xb1=x=");
    }
}

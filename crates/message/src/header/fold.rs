//! Unfolding of header values (RFC 5322 §2.2.3).

use std::borrow::Cow;

use crate::cursor::trim;

/// The value without folding and without blanks at its ends.
///
/// A line end goes away; a tab that followed it becomes a space, as folding by tab means one.
/// Bare CR and LF, which cannot be shown, go away as well.
pub fn unfold(value: &[u8]) -> Cow<'_, [u8]> {
    let value = trim(value);
    if memchr::memchr2(b'\r', b'\n', value).is_none() {
        return Cow::Borrowed(value);
    }
    let mut unfolded = Vec::with_capacity(value.len());
    let mut after_line_end = false;
    for &byte in value {
        match byte {
            b'\r' | b'\n' => after_line_end = true,
            b'\t' if after_line_end => {
                unfolded.push(b' ');
                after_line_end = false;
            }
            _ => {
                unfolded.push(byte);
                after_line_end = false;
            }
        }
    }
    Cow::Owned(unfolded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_unfolded() {
        assert_eq!(*unfold(b" plain "), *b"plain");
        assert_eq!(*unfold(b" a\r\n b"), *b"a b");
        assert_eq!(*unfold(b" a\n\tb\tc"), *b"a b\tc");
        assert_eq!(*unfold(b"a\r\n  b\r\n \r\n c\r\n"), *b"a  b  c");
        assert_eq!(*unfold(b"a\rb"), *b"ab");
        assert_eq!(*unfold(b"\r\n"), *b"");
    }
}

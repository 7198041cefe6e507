//! Line ends: CR LF inside the mail store, LF in files.

use std::borrow::Cow;

/// Appends bytes to a message, giving each bare LF its CR. Works across pieces, because it looks at
/// what is there already.
pub(super) fn push_crlf(message: &mut Vec<u8>, piece: &[u8]) {
    let mut rest = piece;
    while let Some(at) = memchr::memchr(b'\n', rest) {
        let (line, after) = rest.split_at(at);
        message.extend_from_slice(line);
        if message.last() != Some(&b'\r') {
            message.push(b'\r');
        }
        message.push(b'\n');
        rest = after.get(1..).unwrap_or_default();
    }
    message.extend_from_slice(rest);
}

/// A message as it stands in a file: lines end in LF. One with other line ends than CR LF, or
/// with a CR within a line, stays as it is: it would come back as another message.
pub(super) fn in_file(message: &[u8]) -> Cow<'_, [u8]> {
    let carriage_returns = memchr::memchr_iter(b'\r', message).count();
    let line_feeds = memchr::memchr_iter(b'\n', message).count();
    let line_ends = memchr::memmem::find_iter(message, b"\r\n").count();
    if carriage_returns != line_ends || line_feeds != line_ends {
        return Cow::Borrowed(message);
    }
    let mut text = Vec::with_capacity(message.len() - line_ends);
    let mut rest = message;
    while let Some(at) = memchr::memchr(b'\r', rest) {
        let (line, after) = rest.split_at(at);
        text.extend_from_slice(line);
        rest = after.get(1..).unwrap_or_default();
    }
    text.extend_from_slice(rest);
    Cow::Owned(text)
}

/// The lines of a message, without their ends; CR LF and LF both end a line.
pub(super) fn lines(message: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = message;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', rest);
        let (line, after) = match end {
            Some(at) => (rest.get(..at), rest.get(at + 1..)),
            None => (Some(rest), None),
        };
        rest = after.unwrap_or_default();
        let line = line.unwrap_or_default();
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_line_feeds_get_their_cr_wherever_pieces_end() {
        let text = b"a\nb\r\nc\r\r\n\n";
        for at in 0..=text.len() {
            let mut message = Vec::new();
            push_crlf(&mut message, &text[..at]);
            push_crlf(&mut message, &text[at..]);
            assert_eq!(message, b"a\r\nb\r\nc\r\r\n\r\n", "split at {at}");
        }
    }

    #[test]
    fn what_is_written_to_files_comes_back() {
        for (message, expected) in [
            (&b"a\r\n\r\nb\r\n"[..], &b"a\n\nb\n"[..]),
            (b"a\r\n\r\nno end", b"a\n\nno end"),
            (b"a\r\r\n\r\n", b"a\r\r\n\r\n"),
            (b"a\r\n\r\nb\rc", b"a\r\n\r\nb\rc"),
            (b"", b""),
        ] {
            let text = in_file(message);
            assert_eq!(&*text, expected);
            let mut back = Vec::new();
            push_crlf(&mut back, &text);
            assert_eq!(back, message);
        }
    }

    #[test]
    fn lines_have_no_ends() {
        let found: Vec<&[u8]> = lines(b"a\r\n\nb").collect();
        assert_eq!(found, [&b"a"[..], b"", b"b"]);
    }
}

//! Messages as multi-line responses (RFC 1939 §3).
//!
//! A line that begins with a dot gets a second one, every line ends in CRLF, and a line with just
//! a dot ends the response. A line feed without its carriage return is a line end too: a client
//! that takes it for one must not find a lone dot that we did not mean.

/// Octets looked at before what was found is sent.
const WINDOW: usize = 64 * 1024;

/// What ends the response, after the last line end.
pub(crate) const END: &[u8] = b".\r\n";

/// A message in the pieces of its wire form: most are slices of the message itself.
#[derive(Debug)]
pub(crate) struct Stuffed<'a> {
    rest: &'a [u8],
    /// The octet before `rest`; a line feed stands for "nothing yet".
    before: u8,
    /// An octet to give before `rest`.
    extra: Option<&'static [u8]>,
    ended: bool,
}

impl<'a> Stuffed<'a> {
    /// The wire form of `message`, with the end of the response.
    pub(crate) fn new(message: &'a [u8]) -> Self {
        Self {
            rest: message,
            before: b'\n',
            extra: None,
            ended: false,
        }
    }

    /// Splits off the octets up to the next one that needs something put before it.
    fn take_clean(&mut self) -> &'a [u8] {
        let window = self.rest.get(..WINDOW).unwrap_or(self.rest);
        let (count, extra) = self.next_extra(window);
        self.extra = extra;
        let (clean, rest) = self
            .rest
            .split_at_checked(count)
            .unwrap_or((self.rest, b""));
        self.rest = rest;
        self.before = clean.last().copied().unwrap_or(self.before);
        clean
    }

    /// The first octet of the window that needs something before it, and what: octets need it only
    /// at and after a line feed.
    fn next_extra(&self, window: &[u8]) -> (usize, Option<&'static [u8]>) {
        if self.before == b'\n' && window.first() == Some(&b'.') {
            return (0, Some(b"."));
        }
        for feed in memchr::memchr_iter(b'\n', window) {
            let before = match feed.checked_sub(1) {
                Some(index) => window.get(index).copied(),
                None => Some(self.before),
            };
            if before != Some(b'\r') {
                return (feed, Some(b"\r"));
            }
            if window.get(feed + 1) == Some(&b'.') {
                return (feed + 1, Some(b"."));
            }
        }
        (window.len(), None)
    }
}

impl<'a> Iterator for Stuffed<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if let Some(extra) = self.extra.take() {
            // What comes next is the octet that needed this one, and needs it no more.
            self.before = if extra == b"\r" { b'\r' } else { b'.' };
            return Some(extra);
        }
        if self.rest.is_empty() {
            if self.ended {
                return None;
            }
            self.ended = true;
            return Some(match self.before {
                b'\n' => END,
                b'\r' => b"\n.\r\n",
                _ => b"\r\n.\r\n",
            });
        }
        // An empty slice, when the very first octet needs something, is harmless.
        Some(self.take_clean())
    }
}

/// The part of a message that TOP shows: its header, the empty line and `lines` lines of the body.
pub(crate) fn top(message: &[u8], lines: usize) -> &[u8] {
    let mut left: Option<usize> = None;
    let mut end = 0;
    for line in message.split_inclusive(|&octet| octet == b'\n') {
        if left == Some(0) {
            break;
        }
        end += line.len();
        left = match left {
            Some(left) => Some(left - 1),
            None if line == b"\r\n" || line == b"\n" => Some(lines),
            None => None,
        };
    }
    message.get(..end).unwrap_or(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(message: &[u8]) -> Vec<u8> {
        Stuffed::new(message).flatten().copied().collect()
    }

    #[test]
    fn dots_and_line_ends_are_made_right() {
        let cases: [(&str, &str); 14] = [
            ("", ".\r\n"),
            ("a", "a\r\n.\r\n"),
            ("a\r\n", "a\r\n.\r\n"),
            ("a\r", "a\r\n.\r\n"),
            (".", "..\r\n.\r\n"),
            (".\r\n", "..\r\n.\r\n"),
            ("a\r\n.\r\nb\r\n", "a\r\n..\r\nb\r\n.\r\n"),
            ("a\r\n..b.\r\n", "a\r\n...b.\r\n.\r\n"),
            ("a\n.\nb\n", "a\r\n..\r\nb\r\n.\r\n"),
            ("\n", "\r\n.\r\n"),
            ("\n\n", "\r\n\r\n.\r\n"),
            (".\n.\n", "..\r\n..\r\n.\r\n"),
            ("a\r.\r\n", "a\r.\r\n.\r\n"),
            ("\r\r\n", "\r\r\n.\r\n"),
        ];
        for (message, expected) in cases {
            let found = wire(message.as_bytes());
            assert_eq!(String::from_utf8_lossy(&found), expected, "{message:?}");
        }
    }

    /// A client undoes the stuffing and gets the message back, with CRLF line ends.
    #[test]
    fn what_a_client_reads_is_the_message() {
        let alphabet = b".\r\na";
        for length in 0..8_u32 {
            for mut code in 0..4_usize.pow(length) {
                let mut message = Vec::new();
                for _ in 0..length {
                    message.push(alphabet[code % 4]);
                    code /= 4;
                }
                let found = wire(&message);
                let body = found.strip_suffix(END).unwrap();
                assert!(body.is_empty() || body.ends_with(b"\r\n"));
                let mut read = Vec::new();
                for line in body.split_inclusive(|&octet| octet == b'\n') {
                    assert!(line.ends_with(b"\r\n"), "{message:?}");
                    assert_ne!(line, END, "{message:?}");
                    read.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
                }
                assert_eq!(read, normalised(&message), "{message:?}");
            }
        }
    }

    fn normalised(message: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        for &octet in message {
            if octet == b'\n' && text.last() != Some(&b'\r') {
                text.push(b'\r');
            }
            text.push(octet);
        }
        match text.last() {
            None | Some(b'\n') => {}
            Some(b'\r') => text.push(b'\n'),
            Some(_) => text.extend_from_slice(b"\r\n"),
        }
        text
    }

    #[test]
    fn windows_do_not_show() {
        for shift in 0..4 {
            let mut message = vec![b'a'; WINDOW - 3 + shift];
            message.extend_from_slice(b"\r\n.\r\nend");
            let mut expected = vec![b'a'; WINDOW - 3 + shift];
            expected.extend_from_slice(b"\r\n..\r\nend\r\n.\r\n");
            assert!(wire(&message) == expected, "{shift}");
        }
    }

    #[test]
    fn top_counts_lines_of_the_body() {
        let message = b"A: 1\r\nB: 2\r\n\r\none\r\ntwo\r\n\r\nfour";
        let cases: [(usize, &[u8]); 6] = [
            (0, b"A: 1\r\nB: 2\r\n\r\n"),
            (1, b"A: 1\r\nB: 2\r\n\r\none\r\n"),
            (3, b"A: 1\r\nB: 2\r\n\r\none\r\ntwo\r\n\r\n"),
            (4, message),
            (5, message),
            (usize::MAX, message),
        ];
        for (lines, expected) in cases {
            assert_eq!(top(message, lines), expected, "{lines}");
        }
        assert_eq!(top(b"A: 1\n\none\ntwo\n", 1), b"A: 1\n\none\n");
        assert_eq!(top(b"A: 1\r\nno body", 5), b"A: 1\r\nno body");
        assert_eq!(top(b"\r\nbody\r\n", 0), b"\r\n");
        assert_eq!(top(b"", 1), b"");
    }
}

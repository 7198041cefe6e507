//! The message behind DATA (RFC 5321 §4.5.2), as a client sends it.

use memchr::memchr2;

/// Stuffs dots and ends the message. What comes in may come in pieces.
///
/// A CR or LF of its own becomes CRLF (RFC 5321 §2.3.8: a client MUST NOT send one): a server that
/// takes it for a line end could otherwise see the end of the message, and commands behind it,
/// where the sender put them.
#[derive(Debug)]
pub struct DotStuffing {
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    LineStart,
    InLine,
    /// Behind a CR that is not written yet.
    Cr,
}

impl Default for DotStuffing {
    fn default() -> Self {
        Self {
            state: State::LineStart,
        }
    }
}

impl DotStuffing {
    /// Adds a piece of the message to `out`, which grows by twice its length at most.
    pub fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        let mut rest = piece;
        while let Some((&first, behind)) = rest.split_first() {
            match self.state {
                State::Cr => {
                    out.extend_from_slice(b"\r\n");
                    self.state = State::LineStart;
                    if first == b'\n' {
                        rest = behind;
                    }
                    continue;
                }
                State::LineStart if first == b'.' => out.push(b'.'),
                State::LineStart | State::InLine => {}
            }
            let Some(at) = memchr2(b'\r', b'\n', rest) else {
                out.extend_from_slice(rest);
                self.state = State::InLine;
                return;
            };
            let (line, end) = rest.split_at_checked(at).unwrap_or((rest, b""));
            out.extend_from_slice(line);
            match end.split_first() {
                Some((b'\r', behind)) => {
                    self.state = State::Cr;
                    rest = behind;
                }
                Some((_, behind)) => {
                    out.extend_from_slice(b"\r\n");
                    self.state = State::LineStart;
                    rest = behind;
                }
                None => return,
            }
        }
    }

    /// Adds the end of the message: a line end if it lacks one, and the final dot.
    pub fn finish(self, out: &mut Vec<u8>) {
        if self.state != State::LineStart {
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b".\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same whole and split at every position.
    fn stuffed(message: &[u8]) -> Vec<u8> {
        let through = |pieces: &[&[u8]]| {
            let (mut stuffing, mut out) = (DotStuffing::default(), Vec::new());
            for piece in pieces {
                stuffing.push(piece, &mut out);
            }
            stuffing.finish(&mut out);
            out
        };
        let whole = through(&[message]);
        for at in 0..message.len() {
            let (a, b) = message.split_at(at);
            assert_eq!(through(&[a, b]), whole, "split at {at}");
        }
        whole
    }

    #[test]
    fn dots_are_stuffed_and_lines_end_in_crlf() {
        for (message, wire) in [
            (&b""[..], &b".\r\n"[..]),
            (b"a", b"a\r\n.\r\n"),
            (b"a\r\n", b"a\r\n.\r\n"),
            (b".\r\n", b"..\r\n.\r\n"),
            (b".a\r\n..b\r\nc.\r\n", b"..a\r\n...b\r\nc.\r\n.\r\n"),
            (b"\r\n\r\n", b"\r\n\r\n.\r\n"),
            (b"a\n.\nb", b"a\r\n..\r\nb\r\n.\r\n"),
            (b"a\r.\rb", b"a\r\n..\r\nb\r\n.\r\n"),
            (b"a\r\r\n.", b"a\r\n\r\n..\r\n.\r\n"),
            (
                b"a\n.\r\nMAIL FROM:<>\r\n",
                b"a\r\n..\r\nMAIL FROM:<>\r\n.\r\n",
            ),
        ] {
            assert_eq!(
                stuffed(message),
                wire,
                "{:?}",
                String::from_utf8_lossy(message)
            );
        }
    }
}

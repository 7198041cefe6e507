//! Throwing away the rest of a refused command, so that the stream stays in step.

use super::{Literal, LiteralSync, Refusal};

/// How much of a line's end is remembered to see a literal announced there: `{`, 20 digits, `+}`
/// and the line end.
const TAIL: usize = 32;

/// What is left to throw away.
#[derive(Debug)]
pub(super) struct Discard {
    refusal: Refusal,
    /// Bytes of a literal still to come.
    literal_left: u64,
    /// Bytes that may still be thrown away before it is too much.
    allowance: u64,
    /// The last bytes of the current line.
    tail: Vec<u8>,
    literals_count: bool,
}

/// What one piece of input led to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// All of it is thrown away, and more is to come.
    More,
    /// The command ended after that many bytes.
    Done(usize),
    /// It is more than the limit.
    TooMuch,
}

impl Discard {
    /// From the middle of a line on.
    pub(super) const fn line(refusal: Refusal, limit: u64) -> Self {
        Self::literal(refusal, 0, limit)
    }

    /// From the start of a literal that the client sends without waiting.
    pub(super) const fn literal(refusal: Refusal, size: u64, limit: u64) -> Self {
        Self {
            refusal,
            literal_left: size,
            allowance: limit,
            tail: Vec::new(),
            literals_count: true,
        }
    }

    pub(super) fn refusal(&self) -> Refusal {
        self.refusal.clone()
    }

    /// The line is a bare one, in which `{n}` announces nothing.
    pub(super) fn ignore_literals(&mut self) {
        self.literals_count = false;
    }

    /// Takes note of what the line held before.
    pub(super) fn remember(&mut self, line: &[u8]) {
        let keep = line.get(line.len().saturating_sub(TAIL)..).unwrap_or(line);
        self.tail.extend_from_slice(keep);
        let surplus = self.tail.len().saturating_sub(TAIL);
        self.tail.drain(..surplus);
    }

    pub(super) fn feed(&mut self, input: &[u8]) -> Step {
        let mut at = 0;
        while let Some(rest) = input.get(at..).filter(|rest| !rest.is_empty()) {
            let taken = if self.literal_left > 0 {
                let left = usize::try_from(self.literal_left).unwrap_or(usize::MAX);
                let taken = left.min(rest.len());
                self.literal_left -= taken as u64;
                taken
            } else {
                let end = rest.iter().position(|byte| *byte == b'\n');
                let taken = end.map_or(rest.len(), |end| end + 1);
                self.remember(rest.get(..taken).unwrap_or(rest));
                if end.is_some() && self.line_ended() {
                    return Step::Done(at + taken);
                }
                taken
            };
            at += taken;
            match self.allowance.checked_sub(taken as u64) {
                Some(left) => self.allowance = left,
                None => return Step::TooMuch,
            }
        }
        Step::More
    }

    /// Whether the command is over with this line.
    fn line_ended(&mut self) -> bool {
        let literal = Literal::at_line_end(&self.tail).filter(|_| self.literals_count);
        self.tail.clear();
        match literal {
            // The client waits for an answer: the refusal is one.
            None
            | Some(Literal {
                sync: LiteralSync::Waits,
                ..
            }) => true,
            Some(literal) => {
                self.literal_left = literal.size;
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RefusalKind;

    fn discard(limit: u64) -> Discard {
        let refusal = Refusal {
            tag: None,
            kind: RefusalKind::Message,
        };
        Discard::line(refusal, limit)
    }

    #[test]
    fn a_line_is_thrown_away_with_the_literals_that_come_unasked() {
        let input = b"rest {3+}\r\na\nb more {2}\r\na1 NOOP\r\n";
        assert_eq!(discard(100).feed(input), Step::Done(25));
        let mut bytewise = discard(100);
        for byte in input.get(..24).unwrap() {
            assert_eq!(bytewise.feed(&[*byte]), Step::More);
        }
        assert_eq!(bytewise.feed(b"\n"), Step::Done(1));
    }

    #[test]
    fn endless_input_is_too_much() {
        assert_eq!(discard(4).feed(b"12345"), Step::TooMuch);
        assert_eq!(
            discard(4).feed(b"{99999999999999999999+}\r\n1"),
            Step::TooMuch
        );
        assert_eq!(discard(5).feed(b"12345"), Step::More);
    }

    #[test]
    fn the_tail_does_not_grow() {
        let mut discard = discard(10_000);
        for _ in 0..100 {
            discard.feed(&[b'x'; 50]);
        }
        assert!(discard.tail.len() <= TAIL);
        assert_eq!(discard.tail.len(), TAIL);
    }
}

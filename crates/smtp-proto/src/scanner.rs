//! Finds line ends, stuffed dots and the end of the message (RFC 5321 §4.5.2).
//!
//! The one place where a message ends. Invariant: the end is found at CR LF `.` CR LF (or at
//! `.` CR LF right at the start), whatever pieces the input comes in; a CR or LF alone never
//! starts or ends a line, and makes the message refused.

use memchr::memchr2;

use crate::content::{Content, Fault};

/// Octets that are looked at together: enough that the look costs little per octet, few enough that
/// a stuffed dot sends little down the slower path. Measured with `examples/framing_speed`.
const BLOCK: usize = 1_024;

/// Whether a dot at the start of a line has a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stuffing {
    /// DATA: it is stuffed, or the line is the end.
    Dots,
    /// BDAT: it is a dot.
    None,
}

/// Where in a line the input stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Right behind a CRLF, or at the very start.
    LineStart,
    /// Behind a dot at the start of a line.
    Dot,
    /// Behind a dot at the start of a line and a CR.
    DotCr,
    /// Anywhere else in a line.
    InLine,
    /// Behind a CR.
    Cr,
}

/// The state between two pieces of input.
#[derive(Debug)]
pub(crate) struct Scanner {
    state: State,
    stuffing: Stuffing,
}

impl Scanner {
    pub(crate) fn new(stuffing: Stuffing) -> Self {
        Self {
            state: State::LineStart,
            stuffing,
        }
    }

    /// Moves a piece of input into `content`. When the message ended, returns how many octets of
    /// the piece belonged to it; the rest are the next command's.
    pub(crate) fn scan(&mut self, input: &[u8], content: &mut Content) -> Option<usize> {
        let mut before = 0;
        for block in input.chunks(BLOCK) {
            if !self.take_plain(block, content)
                && let Some(consumed) = self.scan_block(block, content)
            {
                return Some(before + consumed);
            }
            before += block.len();
        }
        None
    }

    /// Moves a block in which nothing is to be done, neither a dot at the start of a line nor a CR
    /// or LF alone. Most are so, and it takes one look without a branch per line to know it.
    fn take_plain(&mut self, block: &[u8], content: &mut Content) -> bool {
        let before = match self.state {
            State::LineStart => b'\n',
            State::InLine => b' ',
            State::Cr => b'\r',
            State::Dot | State::DotCr => return false,
        };
        if content.counts_lines() || !is_plain(before, block, self.stuffing) {
            return false;
        }
        content.append(block);
        self.state = match block.last() {
            Some(b'\n') => State::LineStart,
            Some(b'\r') => State::Cr,
            _ => State::InLine,
        };
        true
    }

    /// Moves a block of any content, line by line.
    fn scan_block(&mut self, input: &[u8], content: &mut Content) -> Option<usize> {
        // What stands between `run` and `at` is content that was not moved yet.
        let mut run = 0;
        let mut at = 0;
        while let Some(&byte) = input.get(at) {
            match (self.state, byte) {
                (State::LineStart, b'.') if self.stuffing == Stuffing::Dots => {
                    content.append(slice(input, run, at));
                    at += 1;
                    run = at;
                    self.state = State::Dot;
                }
                (State::Dot, b'\r') => {
                    at += 1;
                    run = at;
                    self.state = State::DotCr;
                }
                (State::DotCr, b'\n') => return Some(at + 1),
                (State::Cr, b'\n') => {
                    at += 1;
                    content.end_line();
                    self.state = State::LineStart;
                }
                (State::DotCr | State::Cr, _) => {
                    content.refuse(Fault::BareCr);
                    self.state = State::InLine;
                }
                (State::LineStart | State::Dot, _) => self.state = State::InLine,
                (State::InLine, _) => at = self.scan_lines(input, at, content),
            }
        }
        content.append(slice(input, run, at));
        None
    }

    /// Whether the input stopped between a CR and what should be its LF.
    pub(crate) fn is_behind_cr(&self) -> bool {
        self.state == State::Cr
    }

    /// Goes on in a line as far as the next line that begins with a dot, or to the end of the
    /// input; returns where that is.
    fn scan_lines(&mut self, input: &[u8], from: usize, content: &mut Content) -> usize {
        let mut at = from;
        loop {
            let Some(found) = memchr2(b'\r', b'\n', slice(input, at, input.len())) else {
                content.lengthen_line(input.len() - at);
                return input.len();
            };
            content.lengthen_line(found);
            at += found + 1;
            if input.get(at - 1) == Some(&b'\n') {
                content.refuse(Fault::BareLf);
                continue;
            }
            match input.get(at) {
                Some(b'\n') => {
                    at += 1;
                    content.end_line();
                    if self.stuffing == Stuffing::Dots && input.get(at).is_none_or(|b| *b == b'.') {
                        self.state = State::LineStart;
                        return at;
                    }
                }
                Some(_) => content.refuse(Fault::BareCr),
                None => {
                    self.state = State::Cr;
                    return at;
                }
            }
        }
    }
}

/// Whether every CR in `before` and `block` is followed by LF, every LF preceded by CR, and no LF
/// followed by a dot that has a meaning. A CR at the very end is left to the next block.
fn is_plain(before: u8, block: &[u8], stuffing: Stuffing) -> bool {
    let dots = u8::from(stuffing == Stuffing::Dots);
    let odd = |first: u8, second: u8| {
        let alone = u8::from(first == b'\r') ^ u8::from(second == b'\n');
        alone | (u8::from(first == b'\n') & u8::from(second == b'.') & dots)
    };
    let start = block.first().map_or(0, |first| odd(before, *first));
    let rest = block.get(1..).unwrap_or_default();
    // One sum over all pairs, without early exit: the compiler makes vector instructions of it.
    block
        .iter()
        .zip(rest)
        .fold(start, |sum, (first, second)| sum | odd(*first, *second))
        == 0
}

/// A part of the input; the bounds are the scanner's own and always inside.
fn slice(input: &[u8], from: usize, to: usize) -> &[u8] {
    input.get(from..to).unwrap_or_default()
}

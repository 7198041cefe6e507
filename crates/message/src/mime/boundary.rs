//! Boundaries in force and the lines that may be one of them (RFC 2046 §5.1.1).

use memchr::{memchr, memmem};

use crate::limits::MAX_BOUNDARY_BYTES;

/// Whether a boundary line opens the next part or closes the multipart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Open,
    Close,
}

/// What stands after the boundary on its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tail {
    /// Text, which is tolerated.
    Text,
    /// Nothing or blanks.
    Blank,
}

/// A boundary line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Delimiter {
    /// Which of the boundaries in force it is, 0 for the outermost.
    pub(super) level: usize,
    pub(super) kind: Kind,
    pub(super) tail: Tail,
    /// Where the body before it ends: the line end before the boundary belongs to the boundary.
    pub(super) body_end: usize,
    /// Where the line starts.
    pub(super) start: usize,
    /// Where the next line starts.
    pub(super) next: usize,
}

/// The boundaries in force, outermost first, and the message.
#[derive(Debug)]
pub(super) struct Boundaries<'a> {
    message: &'a [u8],
    stack: Vec<Vec<u8>>,
    finder: memmem::Finder<'static>,
}

impl<'a> Boundaries<'a> {
    pub(super) fn new(message: &'a [u8]) -> Self {
        Self {
            message,
            stack: Vec::new(),
            finder: memmem::Finder::new(b"\n--"),
        }
    }

    /// Puts a boundary into force and returns its level.
    pub(super) fn push(&mut self, boundary: &[u8]) -> usize {
        let boundary = boundary.get(..MAX_BOUNDARY_BYTES).unwrap_or(boundary);
        self.stack.push(boundary.to_vec());
        self.stack.len() - 1
    }

    pub(super) fn pop(&mut self) {
        self.stack.pop();
    }

    /// The first boundary line from `start` on, which is the start of a line.
    pub(super) fn find(&self, start: usize) -> Option<Delimiter> {
        self.at(start).or_else(|| self.find_after(start, start))
    }

    /// The first boundary line after `closing`, the last line of a multipart.
    pub(super) fn find_beyond(&self, closing: &Delimiter) -> Option<Delimiter> {
        self.find_after(
            closing.next.saturating_sub(1).max(closing.start),
            closing.start,
        )
    }

    /// The first boundary line after a line end at `from` or later, of a body from `start` on.
    fn find_after(&self, from: usize, start: usize) -> Option<Delimiter> {
        if self.stack.is_empty() {
            return None;
        }
        let mut from = from;
        loop {
            let at = from + self.finder.find(self.message.get(from..)?)?;
            if let Some(mut found) = self.at(at + 1) {
                let crlf = at > start && self.message.get(at - 1) == Some(&b'\r');
                found.body_end = if crlf { at - 1 } else { at };
                return Some(found);
            }
            from = at + 1;
        }
    }

    /// The boundary line at `start`, which is the start of a line.
    pub(super) fn at(&self, start: usize) -> Option<Delimiter> {
        let line = self.message.get(start..)?;
        let after_dashes = line.strip_prefix(b"--")?;
        let mut best: Option<(Tail, usize, usize, Kind)> = None;
        for (level, boundary) in self.stack.iter().enumerate() {
            let Some(after) = after_dashes.strip_prefix(boundary.as_slice()) else {
                continue;
            };
            let Some((kind, tail)) = classify(after) else {
                continue;
            };
            let rank = (tail, boundary.len(), level);
            if best.is_none_or(|(tail, len, level, _)| rank > (tail, len, level)) {
                best = Some((tail, boundary.len(), level, kind));
            }
        }
        let (tail, _, level, kind) = best?;
        let next = memchr(b'\n', line).map_or(self.message.len(), |at| start + at + 1);
        Some(Delimiter {
            level,
            kind,
            tail,
            body_end: start,
            start,
            next,
        })
    }
}

/// What follows the boundary's text decides whether the line is one, and of which kind.
fn classify(after: &[u8]) -> Option<(Kind, Tail)> {
    if let Some(closed) = after.strip_prefix(b"--") {
        return tail(closed).map(|tail| (Kind::Close, tail));
    }
    tail(after).map(|tail| (Kind::Open, tail))
}

fn tail(after: &[u8]) -> Option<Tail> {
    let blanks = after
        .iter()
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .count();
    match after.get(blanks..)? {
        [] | [b'\n', ..] | [b'\r', b'\n', ..] | [b'\r'] => Some(Tail::Blank),
        [byte, ..] if blanks > 0 || !is_boundary_byte(*byte) => Some(Tail::Text),
        _ => None,
    }
}

/// The characters that a boundary may consist of (RFC 2046 §5.1.1), the space left aside.
fn is_boundary_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"'()+_,-./:=?".contains(&byte) || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(stack: &[&str], message: &str) -> Option<(usize, Kind, Tail, usize)> {
        let mut boundaries = Boundaries::new(message.as_bytes());
        for boundary in stack {
            boundaries.push(boundary.as_bytes());
        }
        boundaries
            .find(0)
            .map(|found| (found.level, found.kind, found.tail, found.body_end))
    }

    #[test]
    fn boundary_lines_are_told_from_text() {
        let open = |end| Some((0, Kind::Open, Tail::Blank, end));
        assert_eq!(find(&["b"], "--b\n"), open(0));
        assert_eq!(find(&["b"], "x\r\n--b \t\r\n"), open(1));
        assert_eq!(find(&["b"], "x\n--b"), open(1));
        assert_eq!(find(&["b"], "\n--b"), open(0));
        assert_eq!(
            find(&["b"], "x\n--b--\n"),
            Some((0, Kind::Close, Tail::Blank, 1))
        );
        assert_eq!(
            find(&["b"], "x\n--b text\n"),
            Some((0, Kind::Open, Tail::Text, 1))
        );
        assert_eq!(
            find(&["b"], "x\n--b--;\n"),
            Some((0, Kind::Close, Tail::Text, 1))
        );
        for text in [
            "x\n--bc\n",
            "x\n-- b\n",
            "x\n --b\n",
            "x\r--b\n",
            "x--b\n",
            "x\n--b-\n",
            "x\n--B",
        ] {
            assert_eq!(find(&["b"], text), None, "{text}");
        }
    }

    #[test]
    fn the_best_boundary_wins() {
        let level = |stack: &[&str], text: &str| find(stack, text).map(|found| found.0);
        // The longest, an exact one before one with text, the innermost of equals.
        assert_eq!(level(&["a", "a b"], "--a b\n"), Some(1));
        assert_eq!(level(&["a b", "a"], "--a b\n"), Some(0));
        assert_eq!(level(&["a--", "a"], "--a--\n"), Some(0));
        assert_eq!(level(&["a", "a"], "--a\n"), Some(1));
        assert_eq!(level(&[], "--a\n"), None);
    }

    #[test]
    fn an_endless_boundary_is_cut() {
        let long = "b".repeat(MAX_BOUNDARY_BYTES + 1);
        assert_eq!(
            find(&[&long], &format!("--{}\n", &long[1..])).map(|found| found.0),
            Some(0)
        );
    }
}

//! Byte ranges within one message.

use std::ops::Range;

/// A range of bytes of the message that was parsed. `start <= end` holds by construction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ByteRange {
    start: u32,
    end: u32,
}

impl ByteRange {
    /// The range from `start` up to, not including, `end`; empty at `start` when `end` is less.
    pub fn new(start: usize, end: usize) -> Self {
        let start = u32::try_from(start).unwrap_or(u32::MAX);
        let end = u32::try_from(end).unwrap_or(u32::MAX);
        Self {
            start,
            end: end.max(start),
        }
    }

    /// The empty range at `at`.
    pub fn empty_at(at: usize) -> Self {
        Self::new(at, at)
    }

    /// Offset of the first byte.
    pub fn start(self) -> usize {
        self.start as usize
    }

    /// Offset just after the last byte.
    pub fn end(self) -> usize {
        self.end as usize
    }

    /// Number of bytes.
    pub fn len(self) -> u32 {
        self.end - self.start
    }

    /// Whether there are no bytes in it.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The same as a standard range.
    pub fn as_range(self) -> Range<usize> {
        self.start()..self.end()
    }

    /// The bytes of `message` in this range. Total: where `message` is shorter than the message
    /// the range was made from, what is there.
    pub fn of(self, message: &[u8]) -> &[u8] {
        let end = self.end().min(message.len());
        let start = self.start().min(end);
        message.get(start..end).unwrap_or_default()
    }

    /// Whether `inner` lies within this range.
    pub fn contains(self, inner: Self) -> bool {
        self.start <= inner.start && inner.end <= self.end
    }

    /// From the start of this range to the end of `other`.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self {
            start: self.start,
            end: other.end.max(self.start),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_never_ends_before_it_starts() {
        assert_eq!(ByteRange::new(5, 2), ByteRange::empty_at(5));
        assert_eq!(ByteRange::new(5, 2).len(), 0);
        assert_eq!(ByteRange::new(2, 5).len(), 3);
    }

    #[test]
    fn slicing_a_shorter_message_is_total() {
        assert_eq!(ByteRange::new(1, 3).of(b"abcd"), b"bc");
        assert_eq!(ByteRange::new(1, 30).of(b"abcd"), b"bcd");
        assert_eq!(ByteRange::new(10, 30).of(b"abcd"), b"");
        assert_eq!(ByteRange::new(usize::MAX, 0).of(b"abcd"), b"");
    }
}

//! Sequence sets: which messages a command means.

use std::{num::NonZeroU32, ops::RangeInclusive};

use crate::parse::{Cursor, Parsed};

/// One end of a range.
///
/// ```abnf
/// seq-number = nz-number / "*"
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SequenceNumber {
    /// That message or UID.
    Number(NonZeroU32),
    /// `*`: the last message of the mailbox.
    Last,
}

impl SequenceNumber {
    fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        if cursor.take(b'*') {
            return Ok(Self::Last);
        }
        cursor.nz_number("a message number or *").map(Self::Number)
    }

    fn resolve(self, last: u32) -> u32 {
        match self {
            Self::Number(number) => number.get(),
            Self::Last => last,
        }
    }

    fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::Number(number) => write_number(number.get(), out),
            Self::Last => out.push(b'*'),
        }
    }
}

/// One number, or a range whose ends stand in any order.
///
/// ```abnf
/// seq-range = seq-number ":" seq-number
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SequenceRange {
    /// The end that the client wrote first.
    pub start: SequenceNumber,
    /// The other end; the same one for a single number.
    pub end: SequenceNumber,
}

/// A set of message numbers or UIDs as the client wrote it; never empty.
///
/// ```abnf
/// sequence-set = (seq-number / seq-range) *("," sequence-set)
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SequenceSet(Vec<SequenceRange>);

impl SequenceSet {
    pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        let mut ranges = Vec::new();
        loop {
            if ranges.len() == cursor.limits().set_items {
                return cursor.too_much("numbers in a sequence set");
            }
            let start = SequenceNumber::parse(cursor)?;
            let end = if cursor.take(b':') {
                SequenceNumber::parse(cursor)?
            } else {
                start
            };
            ranges.push(SequenceRange { start, end });
            if !cursor.take(b',') {
                return Ok(Self(ranges));
            }
        }
    }

    /// The ranges as written.
    pub fn ranges(&self) -> &[SequenceRange] {
        &self.0
    }

    /// The numbers that are meant when `*` is `last` (the number of messages, or the highest UID;
    /// 0 in an empty mailbox): sorted, merged, without 0.
    pub fn resolve(&self, last: u32) -> Ranges {
        let resolved = self.0.iter().map(|range| {
            let (start, end) = (range.start.resolve(last), range.end.resolve(last));
            start.min(end)..=start.max(end)
        });
        Ranges::new(resolved.collect())
    }

    /// The highest number written (`*` not counted).
    pub fn highest_number(&self) -> Option<NonZeroU32> {
        let ends = self.0.iter().flat_map(|range| [range.start, range.end]);
        ends.filter_map(|end| match end {
            SequenceNumber::Number(number) => Some(number),
            SequenceNumber::Last => None,
        })
        .max()
    }

    /// Whether `*` stands in it.
    pub fn names_last(&self) -> bool {
        let last = SequenceNumber::Last;
        self.0
            .iter()
            .any(|range| range.start == last || range.end == last)
    }

    /// Writes it as it was read.
    pub fn write(&self, out: &mut Vec<u8>) {
        for (index, range) in self.0.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            range.start.write(out);
            if range.start != range.end {
                out.push(b':');
                range.end.write(out);
            }
        }
    }
}

/// Numbers as sorted ranges that neither touch nor overlap; 0 is not in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ranges(Vec<RangeInclusive<u32>>);

impl Ranges {
    /// Sorts and merges.
    pub fn new(mut ranges: Vec<RangeInclusive<u32>>) -> Self {
        ranges.sort_unstable_by_key(|range| *range.start());
        let mut merged: Vec<RangeInclusive<u32>> = Vec::with_capacity(ranges.len());
        for range in ranges {
            let range = (*range.start()).max(1)..=*range.end();
            if range.is_empty() {
                continue;
            }
            match merged.last_mut() {
                Some(last) if *range.start() <= last.end().saturating_add(1) => {
                    *last = *last.start()..=*last.end().max(range.end());
                }
                _ => merged.push(range),
            }
        }
        Self(merged)
    }

    /// The ranges, ascending.
    pub fn as_slice(&self) -> &[RangeInclusive<u32>] {
        &self.0
    }

    /// Whether no number is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The highest number.
    pub fn last(&self) -> Option<u32> {
        self.0.last().map(|range| *range.end())
    }

    /// Whether `number` is in it, in logarithmic time.
    pub fn contains(&self, number: u32) -> bool {
        let after = self.0.partition_point(|range| *range.start() <= number);
        after
            .checked_sub(1)
            .and_then(|at| self.0.get(at))
            .is_some_and(|range| range.contains(&number))
    }
}

/// Writes ascending numbers as a compact set: `1:3,7`. Nothing is written for no numbers.
pub(crate) fn write_compact(numbers: impl IntoIterator<Item = u32>, out: &mut Vec<u8>) {
    let mut numbers = numbers.into_iter().peekable();
    let mut first = true;
    while let Some(start) = numbers.next() {
        let mut end = start;
        while let Some(next) = numbers.next_if(|next| end.checked_add(1) == Some(*next)) {
            end = next;
        }
        if !first {
            out.push(b',');
        }
        first = false;
        write_number(start, out);
        if end != start {
            out.push(b':');
            write_number(end, out);
        }
    }
}

/// Writes a decimal number without allocating.
pub(crate) fn write_number(number: impl Into<u64>, out: &mut Vec<u8>) {
    let mut number = number.into();
    let mut digits = [0_u8; 20];
    let mut length = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
        length += 1;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(20 - length..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    fn set(text: &str) -> Result<SequenceSet, String> {
        let limits = Limits::default();
        let mut cursor = Cursor::over(text.as_bytes(), &limits);
        let set = SequenceSet::parse(&mut cursor).map_err(|error| error.to_string())?;
        cursor.end().map_err(|error| error.to_string())?;
        Ok(set)
    }

    fn resolved(text: &str, last: u32) -> Vec<RangeInclusive<u32>> {
        set(text).unwrap().resolve(last).as_slice().to_vec()
    }

    #[test]
    fn sets_are_written_as_they_were_read() {
        for text in ["1", "*", "1:*", "*:5", "2,4:7,9,12:*", "4294967295"] {
            let mut out = Vec::new();
            set(text).unwrap().write(&mut out);
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
        for text in [
            "",
            "0",
            "1:",
            ":1",
            "1,,2",
            "1,",
            "a",
            "1:2:3",
            "4294967296",
            "-1",
            "1 :2",
        ] {
            assert!(set(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn sets_are_sorted_and_merged() {
        assert_eq!(resolved("5:2,1,9,8", 10), [1..=5, 8..=9]);
        assert_eq!(resolved("1:4294967295,7", 10), [1..=u32::MAX]);
        assert_eq!(resolved("3,3,3", 10), [3..=3]);
    }

    #[test]
    fn the_last_message_is_always_in_a_set_that_names_it() {
        // RFC 3501 §6.4.8: 559:* is in a mailbox of 20 messages 20:559.
        assert_eq!(resolved("559:*", 20), [20..=559]);
        assert_eq!(resolved("*", 20), [20..=20]);
        assert_eq!(resolved("*", 0), []);
        assert_eq!(resolved("1:*", 0), [1..=1]);
    }

    #[test]
    fn a_number_is_found() {
        let ranges = set("2:4,8").unwrap().resolve(9);
        let inside: Vec<u32> = (0..10).filter(|number| ranges.contains(*number)).collect();
        assert_eq!(inside, [2, 3, 4, 8]);
        assert_eq!(ranges.last(), Some(8));
    }

    #[test]
    fn numbers_are_written_compactly() {
        for (numbers, expected) in [
            (&[][..], ""),
            (&[7], "7"),
            (&[1, 2, 3, 7, 9, 10], "1:3,7,9:10"),
            (&[u32::MAX - 1, u32::MAX], "4294967294:4294967295"),
            (&[0], "0"),
        ] {
            let mut out = Vec::new();
            write_compact(numbers.iter().copied(), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn too_many_numbers_are_refused() {
        let limit = Limits::default().set_items;
        let text = vec!["1"; limit].join(",");
        assert!(set(&text).is_ok());
        let error = set(&format!("{text},1")).unwrap_err();
        assert_eq!(error, "too many or too long: numbers in a sequence set");
    }
}

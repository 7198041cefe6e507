//! A set of UIDs as ranges, so that `1:*` costs as little as a single number.

use std::ops::RangeInclusive;

use hikyaku_types::Uid;

/// UIDs as sorted ranges that neither touch nor overlap.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UidSet {
    ranges: Vec<(u32, u32)>,
}

impl UidSet {
    /// The empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Every UID there can be.
    pub fn all() -> Self {
        Self {
            ranges: vec![(Uid::MIN.get(), Uid::MAX.get())],
        }
    }

    /// The set of the given ranges, in any order, overlapping or not.
    pub fn from_ranges(ranges: impl IntoIterator<Item = RangeInclusive<Uid>>) -> Self {
        let mut ranges: Vec<(u32, u32)> = ranges
            .into_iter()
            .filter(|range| !range.is_empty())
            .map(|range| (range.start().get(), range.end().get()))
            .collect();
        ranges.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match merged.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => {
                    before.1 = before.1.max(last);
                }
                _ => merged.push((first, last)),
            }
        }
        Self { ranges: merged }
    }

    /// Whether the UID is in the set.
    pub fn contains(&self, uid: Uid) -> bool {
        let uid = uid.get();
        let at = self.ranges.partition_point(|(_, last)| *last < uid);
        self.ranges.get(at).is_some_and(|(first, _)| *first <= uid)
    }

    /// Whether there is nothing in the set.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The lowest and the highest UID of the set.
    pub(crate) fn bounds(&self) -> Option<(u32, u32)> {
        let (first, _) = self.ranges.first()?;
        let (_, last) = self.ranges.last()?;
        Some((*first, *last))
    }

    /// How many UIDs the set names, whether they exist or not.
    pub fn count(&self) -> u64 {
        self.ranges
            .iter()
            .map(|(first, last)| u64::from(last - first) + 1)
            .sum()
    }

    /// The ranges in ascending order.
    pub fn ranges(&self) -> impl Iterator<Item = RangeInclusive<Uid>> + '_ {
        let uid = |raw| Uid::new(raw).unwrap_or(Uid::MIN);
        self.ranges
            .iter()
            .map(move |(first, last)| uid(*first)..=uid(*last))
    }

    /// The part of the set after `uid`; all of it for nothing.
    #[must_use]
    pub fn after(&self, uid: Option<Uid>) -> Self {
        let Some(uid) = uid else {
            return self.clone();
        };
        let from = self.ranges.partition_point(|(_, last)| *last <= uid.get());
        let mut ranges = self.ranges.get(from..).unwrap_or_default().to_vec();
        if let Some(first) = ranges.first_mut() {
            // Not beyond the end: this range's last UID is above `uid`.
            first.0 = first.0.max(uid.get() + 1);
        }
        Self { ranges }
    }
}

impl FromIterator<Uid> for UidSet {
    fn from_iter<T: IntoIterator<Item = Uid>>(uids: T) -> Self {
        Self::from_ranges(uids.into_iter().map(|uid| uid..=uid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uid(raw: u32) -> Uid {
        Uid::new(raw).unwrap()
    }

    fn set(ranges: &[(u32, u32)]) -> UidSet {
        UidSet::from_ranges(ranges.iter().map(|(a, b)| uid(*a)..=uid(*b)))
    }

    #[test]
    fn ranges_that_touch_become_one() {
        let merged = set(&[(5, 9), (1, 2), (3, 3), (8, 12), (20, 19)]);
        assert_eq!(merged, set(&[(1, 3), (5, 12)]));
        assert_eq!(merged.count(), 11);
        assert_eq!(
            [3, 1, 2, 2].map(uid).into_iter().collect::<UidSet>(),
            set(&[(1, 3)])
        );
    }

    #[test]
    fn membership_and_the_rest_after_a_uid() {
        let set_ = set(&[(2, 4), (7, 7), (9, u32::MAX)]);
        let inside: Vec<u32> = (1..=10).filter(|n| set_.contains(uid(*n))).collect();
        assert_eq!(inside, [2, 3, 4, 7, 9, 10]);
        assert!(set_.contains(Uid::MAX));
        assert_eq!(
            set_.after(Some(uid(3))),
            set(&[(4, 4), (7, 7), (9, u32::MAX)])
        );
        assert_eq!(set_.after(Some(uid(7))), set(&[(9, u32::MAX)]));
        assert!(set_.after(Some(Uid::MAX)).is_empty());
        assert_eq!(set_.after(None), set_);
    }
}

//! A mailbox's UIDs in ascending order, in little memory, shared between those who know the same.
//!
//! Runs of consecutive UIDs are kept as their ends, some hundred runs to a slot. A list never
//! changes: a changed one shares all slots with the old one but those that the change touched. So
//! a mailbox from which little was deleted costs some bytes whatever its size, and a thousand
//! sessions in one mailbox cost as much as one.

use std::{fmt, iter, ops::RangeInclusive, sync::Arc};

use hikyaku_types::Uid;

/// Most runs of a slot (256): 2 KiB, which is what a change copies.
const SLOT_RUNS: usize = 256;

/// UIDs in ascending order. Cheap to clone.
#[derive(Clone, Default)]
pub struct UidList {
    slots: Arc<[Slot]>,
    len: u32,
}

/// Some runs, with what stands before them.
#[derive(Clone)]
struct Slot {
    first: u32,
    last: u32,
    /// UIDs in the slots before.
    before: u32,
    count: u32,
    runs: Arc<[Run]>,
}

/// Consecutive UIDs. The run ends where the next one's `before` or the slot's count says.
#[derive(Clone, Copy)]
struct Run {
    first: u32,
    /// UIDs in the runs of the slot before this one.
    before: u32,
}

impl Slot {
    /// The run at an index, as its first UID, how many stand before it, and how many it has.
    fn run(&self, index: usize) -> Option<(u32, u32, u32)> {
        let run = self.runs.get(index)?;
        let end = self
            .runs
            .get(index + 1)
            .map_or(self.count, |next| next.before);
        Some((run.first, run.before, end - run.before))
    }

    /// The runs as their first and last UIDs.
    fn ranges(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        (0..self.runs.len()).filter_map(|index| {
            let (first, _, count) = self.run(index)?;
            Some((first, first + (count - 1)))
        })
    }

    /// How many of its UIDs are below `uid`, and whether `uid` is one of them.
    fn rank(&self, uid: u32) -> (u32, bool) {
        let after = self.runs.partition_point(|run| run.first <= uid);
        let found = after.checked_sub(1).and_then(|index| self.run(index));
        let Some((first, before, count)) = found else {
            return (0, false);
        };
        let offset = uid - first;
        (before + offset.min(count), offset < count)
    }
}

impl UidList {
    /// The empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many UIDs there are.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The lowest UID.
    pub fn first(&self) -> Option<Uid> {
        self.slots.first().and_then(|slot| Uid::new(slot.first))
    }

    /// The highest UID.
    pub fn last(&self) -> Option<Uid> {
        self.slots.last().and_then(|slot| Uid::new(slot.last))
    }

    /// The UID at a position, from 0.
    pub fn at(&self, position: u32) -> Option<Uid> {
        if position >= self.len {
            return None;
        }
        let after = self.slots.partition_point(|slot| slot.before <= position);
        let slot = self.slots.get(after.checked_sub(1)?)?;
        let inside = position - slot.before;
        let after = slot.runs.partition_point(|run| run.before <= inside);
        let run = slot.runs.get(after.checked_sub(1)?)?;
        Uid::new(run.first + (inside - run.before))
    }

    /// The position of a UID, from 0, if it is in the list.
    pub fn position(&self, uid: Uid) -> Option<u32> {
        let (rank, found) = self.rank(uid.get());
        found.then_some(rank)
    }

    /// Whether the UID is in the list.
    pub fn contains(&self, uid: Uid) -> bool {
        self.position(uid).is_some()
    }

    /// How many UIDs of the list are in a range.
    pub fn count_in(&self, range: &RangeInclusive<Uid>) -> u32 {
        if range.is_empty() {
            return 0;
        }
        let (below, _) = self.rank(range.start().get());
        let (rank, found) = self.rank(range.end().get());
        rank + u32::from(found) - below
    }

    /// How many UIDs are below `uid`, and whether `uid` is in the list.
    fn rank(&self, uid: u32) -> (u32, bool) {
        let after = self.slots.partition_point(|slot| slot.first <= uid);
        let slot = after.checked_sub(1).and_then(|index| self.slots.get(index));
        slot.map_or((0, false), |slot| {
            let (rank, found) = slot.rank(uid);
            (slot.before + rank, found)
        })
    }

    /// All of them, ascending.
    pub fn iter(&self) -> impl Iterator<Item = Uid> + '_ {
        self.in_range(Uid::MIN..=Uid::MAX)
    }

    /// Those in a range, ascending.
    pub fn in_range(&self, range: RangeInclusive<Uid>) -> impl Iterator<Item = Uid> + '_ {
        let (start, end) = (range.start().get(), range.end().get());
        let from = self.slots.partition_point(|slot| slot.last < start);
        let slots = self.slots.get(from..).unwrap_or_default();
        slots
            .iter()
            .take_while(move |slot| slot.first <= end)
            .flat_map(Slot::ranges)
            .flat_map(move |(first, last)| first.max(start)..=last.min(end))
            .filter_map(Uid::new)
    }

    /// The list without some UIDs, which are ascending, and with others, which are ascending and
    /// above all that are in it (those that are not are passed over).
    #[must_use]
    pub fn changed(&self, gone: &[Uid], new: impl IntoIterator<Item = Uid>) -> Self {
        let mut builder = UidListBuilder::default();
        let mut gone = gone.iter().map(|uid| uid.get()).peekable();
        for slot in self.slots.iter() {
            while gone.next_if(|uid| *uid < slot.first).is_some() {}
            if gone.peek().is_some_and(|uid| *uid <= slot.last) {
                for (first, last) in slot.ranges() {
                    builder.push_without(first, last, &mut gone);
                }
            } else {
                builder.push_slot(slot);
            }
        }
        let last = self.last();
        for uid in new {
            if last.is_none_or(|last| last < uid) {
                builder.push(uid);
            }
        }
        builder.build()
    }

    /// Bytes of memory it holds, shared or not, about.
    pub fn memory(&self) -> usize {
        let runs: usize = self.slots.iter().map(|slot| slot.runs.len()).sum();
        runs * size_of::<Run>() + self.slots.len() * (size_of::<Slot>() + 2 * size_of::<usize>())
    }
}

impl PartialEq for UidList {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len
            && (Arc::ptr_eq(&self.slots, &other.slots) || self.iter().eq(other.iter()))
    }
}

impl Eq for UidList {}

impl PartialEq<Vec<Uid>> for UidList {
    fn eq(&self, other: &Vec<Uid>) -> bool {
        self.iter().eq(other.iter().copied())
    }
}

impl fmt::Debug for UidList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ranges = self.slots.iter().flat_map(Slot::ranges);
        f.debug_list()
            .entries(ranges.map(|(first, last)| first..=last))
            .finish()
    }
}

impl FromIterator<Uid> for UidList {
    /// The list of ascending UIDs; those that are not above the one before are passed over.
    fn from_iter<T: IntoIterator<Item = Uid>>(uids: T) -> Self {
        let mut builder = UidListBuilder::default();
        for uid in uids {
            builder.push(uid);
        }
        builder.build()
    }
}

/// Makes a [`UidList`] from ascending UIDs.
#[derive(Debug, Default)]
pub struct UidListBuilder {
    slots: Vec<Slot>,
    /// The runs of the slot that is being filled, as their first and last UIDs.
    open: Vec<(u32, u32)>,
    last: u32,
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ranges()).finish()
    }
}

impl UidListBuilder {
    /// Adds a UID; one that is not above the last is passed over.
    pub fn push(&mut self, uid: Uid) {
        if uid.get() > self.last {
            self.push_range(uid.get(), uid.get());
        }
    }

    /// Adds the UIDs of a range that is not empty and above all that were added.
    fn push_range(&mut self, first: u32, last: u32) {
        self.last = last;
        match self.open.last_mut() {
            Some(run) if run.1 + 1 == first => run.1 = last,
            _ => {
                if self.open.len() == SLOT_RUNS {
                    self.close();
                }
                self.open.push((first, last));
            }
        }
    }

    /// Adds a range but for what is gone of it.
    fn push_without(
        &mut self,
        first: u32,
        last: u32,
        gone: &mut iter::Peekable<impl Iterator<Item = u32>>,
    ) {
        let mut from = first;
        while let Some(uid) = gone.next_if(|uid| *uid <= last) {
            if uid > from {
                self.push_range(from, uid - 1);
            }
            // A UID that is named twice, or was not there, takes nothing away.
            if uid >= from {
                if uid == last {
                    return;
                }
                from = uid + 1;
            }
        }
        self.push_range(from, last);
    }

    /// Adds all of a slot, as it is unless it fits to the one that is being filled.
    fn push_slot(&mut self, slot: &Slot) {
        if self.open.len() + slot.runs.len() <= SLOT_RUNS && !self.open.is_empty() {
            for (first, last) in slot.ranges() {
                self.push_range(first, last);
            }
            return;
        }
        self.close();
        let before = self.count();
        self.slots.push(Slot {
            before,
            ..slot.clone()
        });
        self.last = slot.last;
    }

    fn count(&self) -> u32 {
        self.slots.last().map_or(0, |slot| slot.before + slot.count)
    }

    fn close(&mut self) {
        let (Some(first), Some(last)) = (self.open.first(), self.open.last()) else {
            return;
        };
        let (first, last) = (first.0, last.1);
        let mut count = 0;
        let runs = self.open.iter().map(|(start, end)| {
            let run = Run {
                first: *start,
                before: count,
            };
            count += end - start + 1;
            run
        });
        let runs: Arc<[Run]> = runs.collect();
        self.slots.push(Slot {
            first,
            last,
            before: self.count(),
            count,
            runs,
        });
        self.open.clear();
    }

    /// The list.
    pub fn build(mut self) -> UidList {
        self.close();
        UidList {
            len: self.count(),
            slots: self.slots.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uid(raw: u32) -> Uid {
        Uid::new(raw).unwrap()
    }

    fn uids(raw: impl IntoIterator<Item = u32>) -> Vec<Uid> {
        raw.into_iter().map(uid).collect()
    }

    /// Everything the list answers, compared with the plain one.
    fn agrees(list: &UidList, plain: &[Uid]) {
        assert_eq!(list.len() as usize, plain.len());
        assert!(list.iter().eq(plain.iter().copied()));
        assert_eq!(list.first(), plain.first().copied());
        assert_eq!(list.last(), plain.last().copied());
        for (position, uid) in plain.iter().enumerate() {
            assert_eq!(list.at(position as u32), Some(*uid));
            assert_eq!(list.position(*uid), Some(position as u32));
        }
        assert_eq!(list.at(plain.len() as u32), None);
    }

    #[test]
    fn a_list_answers_as_a_plain_one_does() {
        for plain in [
            uids([]),
            uids([1]),
            uids([u32::MAX]),
            uids([3, 7, 8, 20]),
            uids(1..=5000),
            uids((1..=5000).map(|n| n * 2)),
            uids((1..=3000).filter(|n| n % 7 != 0)),
        ] {
            let list: UidList = plain.iter().copied().collect();
            agrees(&list, &plain);
            for (from, to) in [(1, 1), (4, 8), (100, 2000), (1, u32::MAX), (4999, 9000)] {
                let range = uid(from)..=uid(to);
                let inside = plain.iter().filter(|uid| range.contains(uid)).copied();
                assert!(list.in_range(range.clone()).eq(inside.clone()));
                assert_eq!(list.count_in(&range) as usize, inside.count());
            }
            assert!(!list.contains(uid(6_000_000)));
        }
    }

    #[test]
    fn changes_leave_the_old_list_as_it_was() {
        let plain = uids(1..=20_000);
        let old: UidList = plain.iter().copied().collect();
        assert!(old.memory() < 100, "{}", old.memory());
        // Every second one goes: as many runs as messages.
        let gone = uids((1..=20_000).filter(|n| n % 2 == 0));
        let half = old.changed(&gone, uids([20_001, 20_002]));
        let mut expected = uids((1..=20_000).filter(|n| n % 2 == 1));
        expected.extend(uids([20_001, 20_002]));
        agrees(&half, &expected);
        agrees(&old, &plain);
        assert!(half.memory() < 9 * expected.len());
        // One change shares all slots but one.
        let one = half.changed(&uids([9_999]), []);
        let shared = |slot: &&Slot| {
            let same = |other: &Slot| Arc::ptr_eq(&slot.runs, &other.runs);
            half.slots.iter().any(same)
        };
        assert_eq!(one.slots.len(), half.slots.len());
        assert_eq!(
            one.slots.iter().filter(shared).count(),
            half.slots.len() - 1
        );
        // All go: slots that are left nearly empty do not pile up.
        let few = half.changed(&expected[..9_990], []);
        agrees(&few, &expected[9_990..]);
        assert_eq!(few.slots.len(), 1);
        agrees(&few.changed(&expected, []), &[]);
    }

    #[test]
    fn what_makes_no_sense_is_passed_over() {
        let list: UidList = uids([5, 3, 5, 9]).into_iter().collect();
        agrees(&list, &uids([5, 9]));
        let same = list.changed(&uids([1, 5, 5, 6, 10]), uids([7, 9, 11]));
        agrees(&same, &uids([9, 11]));
        assert_eq!(same, uids([9, 11]));
        assert_ne!(same, list);
        assert_eq!(format!("{list:?}"), "[5..=5, 9..=9]");
    }
}

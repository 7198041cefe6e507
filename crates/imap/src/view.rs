//! A mailbox as the client of one session sees it: which message has which number.
//!
//! Invariant: it changes only together with what the client is told (EXPUNGE, EXISTS).

use std::ops::RangeInclusive;

use hikyaku_imap_proto::{Numbering, Ranges, SequenceSet};
use hikyaku_mailstore::{UidList, UidSet};
use hikyaku_types::Uid;

/// A sequence number that no message has (RFC 3501 §9: such a command is BAD).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoSuchNumber;

/// The messages, by ascending UID; the position is the sequence number less one.
#[derive(Debug, Default)]
pub(crate) struct View {
    uids: UidList,
    /// Ranges of UIDs that are recent in this session, ascending.
    recent: Vec<RangeInclusive<Uid>>,
}

impl View {
    /// A view of these messages.
    pub(crate) fn new(uids: UidList) -> Self {
        Self {
            uids,
            recent: Vec::new(),
        }
    }

    /// How many messages there are (EXISTS).
    pub(crate) fn len(&self) -> u32 {
        self.uids.len()
    }

    /// The UIDs, ascending.
    pub(crate) fn uids(&self) -> &UidList {
        &self.uids
    }

    /// The highest UID.
    pub(crate) fn last(&self) -> Option<Uid> {
        self.uids.last()
    }

    /// The sequence number of a message.
    pub(crate) fn sequence(&self, uid: Uid) -> Option<u32> {
        self.uids.position(uid).map(|position| position + 1)
    }

    /// The message of a sequence number.
    fn numbered(&self, number: u32) -> Option<Uid> {
        self.uids.at(number.checked_sub(1)?)
    }

    /// The messages that a command means, as UIDs. UIDs that do not exist are let pass; sequence
    /// numbers must exist.
    pub(crate) fn resolve(
        &self,
        set: &SequenceSet,
        numbering: Numbering,
    ) -> Result<UidSet, NoSuchNumber> {
        match numbering {
            Numbering::Uid => {
                let last = self.last().map_or(0, Uid::get);
                Ok(self.known(&set.resolve(last)))
            }
            Numbering::Sequence => self.all_numbered(&set.resolve(self.len())),
        }
    }

    /// The messages that a SEARCH key means. Unlike elsewhere numbers that no message has are let
    /// pass: clients search `1:*` in a mailbox without looking whether it is empty.
    pub(crate) fn matching(&self, set: &SequenceSet, numbering: Numbering) -> UidSet {
        if numbering == Numbering::Uid {
            return self.known(&set.resolve(self.last().map_or(0, Uid::get)));
        }
        let ranges = set.resolve(self.len());
        UidSet::from_ranges(ranges.as_slice().iter().filter_map(|range| {
            let first = self.numbered(*range.start())?;
            Some(first..=self.numbered((*range.end()).min(self.len()))?)
        }))
    }

    /// UIDs up to the last one the client knows: a message that it was not told of has no number.
    fn known(&self, ranges: &Ranges) -> UidSet {
        let Some(last) = self.last() else {
            return UidSet::new();
        };
        UidSet::from_ranges(ranges.as_slice().iter().filter_map(|range| {
            let start = Uid::new(*range.start())?;
            let end = Uid::new(*range.end())?.min(last);
            (start <= end).then_some(start..=end)
        }))
    }

    fn all_numbered(&self, ranges: &Ranges) -> Result<UidSet, NoSuchNumber> {
        let mut found = Vec::with_capacity(ranges.as_slice().len());
        for range in ranges.as_slice() {
            match (self.numbered(*range.start()), self.numbered(*range.end())) {
                // No other message lies between two neighbours of the view: the later ones have
                // higher UIDs, and those that are gone do not come back.
                (Some(start), Some(end)) => found.push(start..=end),
                _ => return Err(NoSuchNumber),
            }
        }
        if found.is_empty() {
            return Err(NoSuchNumber);
        }
        Ok(UidSet::from_ranges(found))
    }

    /// The messages of the view that are in the set, ascending.
    pub(crate) fn members(&self, set: &UidSet) -> Vec<Uid> {
        let members = set.ranges().flat_map(|range| self.uids.in_range(range));
        members.collect()
    }

    /// How many messages of the view are in the set.
    pub(crate) fn count(&self, set: &UidSet) -> u32 {
        set.ranges().map(|range| self.uids.count_in(&range)).sum()
    }

    /// Takes messages out, which are ascending, and adds others at the end, which are so too.
    /// Those that are in it already are passed over.
    pub(crate) fn change(&mut self, gone: &[Uid], new: impl IntoIterator<Item = Uid>) {
        self.uids = self.uids.changed(gone, new);
    }

    /// Takes the same list of UIDs from somebody who has it too.
    pub(crate) fn share(&mut self, same: UidList) {
        debug_assert_eq!(self.uids, same, "both know the same");
        self.uids = same;
    }

    /// Messages in the range are recent in this session. It is after the ranges before.
    pub(crate) fn add_recent(&mut self, range: RangeInclusive<Uid>) {
        if range.is_empty() {
            return;
        }
        match self.recent.last_mut() {
            Some(last) if range.start().get() <= last.end().get().saturating_add(1) => {
                *last = *last.start()..=*last.end().max(range.end());
            }
            _ => self.recent.push(range),
        }
    }

    /// Whether a message is recent.
    pub(crate) fn is_recent(&self, uid: Uid) -> bool {
        self.recent.iter().rev().any(|range| range.contains(&uid))
    }

    /// How many messages are recent (RECENT).
    pub(crate) fn recent_count(&self) -> u32 {
        self.recent
            .iter()
            .map(|range| self.uids.count_in(range))
            .sum()
    }

    /// The UIDs that are recent.
    pub(crate) fn recent(&self) -> UidSet {
        UidSet::from_ranges(self.recent.iter().cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hikyaku_imap_proto::{Command, Limits, RawCommand, Request};

    fn uid(number: u32) -> Uid {
        Uid::new(number).unwrap()
    }

    fn view(uids: &[u32]) -> View {
        View::new(uids.iter().copied().map(uid).collect())
    }

    fn set(text: &str) -> SequenceSet {
        let raw = RawCommand::from_bytes(format!("a UID EXPUNGE {text}"));
        match Request::parse(&raw, &Limits::default()).unwrap().command {
            Command::Expunge(Some(set)) => set,
            other => panic!("{other:?}"),
        }
    }

    fn members(view: &View, text: &str, numbering: Numbering) -> Option<Vec<u32>> {
        let set = view.resolve(&set(text), numbering).ok()?;
        Some(view.members(&set).into_iter().map(Uid::get).collect())
    }

    #[test]
    fn sequence_numbers_are_positions() {
        let view = view(&[3, 7, 8, 20]);
        let found = |text| members(&view, text, Numbering::Sequence);
        assert_eq!(found("1"), Some(vec![3]));
        assert_eq!(found("2:*"), Some(vec![7, 8, 20]));
        assert_eq!(found("*:3,1"), Some(vec![3, 8, 20]));
        assert_eq!(found("5"), None);
        assert_eq!(found("3:9"), None);
        assert_eq!(view.sequence(uid(8)), Some(3));
        assert_eq!(view.sequence(uid(9)), None);
    }

    #[test]
    fn uids_that_do_not_exist_are_let_pass() {
        let view = view(&[3, 7, 8, 20]);
        let found = |text| members(&view, text, Numbering::Uid);
        assert_eq!(found("1:7"), Some(vec![3, 7]));
        assert_eq!(found("9,10:12"), Some(vec![]));
        assert_eq!(found("*"), Some(vec![20]));
        // RFC 3501 §6.4.8: `*` stands for the last message, whichever end it is.
        assert_eq!(found("559:*"), Some(vec![20]));
        assert_eq!(found("1:4294967295"), Some(vec![3, 7, 8, 20]));
    }

    #[test]
    fn a_search_lets_numbers_pass_that_do_not_exist() {
        let searched = |view: &View, text| {
            let found = view.matching(&set(text), Numbering::Sequence);
            view.members(&found)
                .into_iter()
                .map(Uid::get)
                .collect::<Vec<_>>()
        };
        let (some, none) = (view(&[3, 7, 8]), view(&[]));
        assert_eq!(searched(&some, "2:9,1"), [3, 7, 8]);
        assert_eq!(searched(&some, "4,9:*"), [8]);
        assert_eq!(searched(&some, "4"), [0; 0]);
        assert_eq!(searched(&none, "1:*"), [0; 0]);
        assert_eq!(searched(&none, "*"), [0; 0]);
    }

    #[test]
    fn an_empty_mailbox_has_no_numbers() {
        let view = view(&[]);
        assert_eq!(members(&view, "1:*", Numbering::Sequence), None);
        assert_eq!(members(&view, "*", Numbering::Sequence), None);
        assert_eq!(members(&view, "1:*", Numbering::Uid), Some(vec![]));
    }

    #[test]
    fn messages_come_and_go() {
        let mut view = view(&[3, 7, 8]);
        view.change(&[uid(3), uid(8)], [uid(7), uid(9), uid(12)]);
        assert_eq!(*view.uids(), vec![uid(7), uid(9), uid(12)]);
        assert_eq!(view.len(), 3);
        view.add_recent(uid(9)..=uid(11));
        view.add_recent(uid(12)..=uid(11));
        assert!(view.is_recent(uid(9)) && !view.is_recent(uid(12)));
        assert_eq!(view.recent_count(), 1);
        view.add_recent(uid(12)..=uid(12));
        view.add_recent(uid(20)..=uid(20));
        assert_eq!(view.recent, [uid(9)..=uid(12), uid(20)..=uid(20)]);
        assert_eq!(view.recent_count(), 2);
    }
}

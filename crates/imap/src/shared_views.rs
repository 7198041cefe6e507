//! What sessions know of mailboxes, kept once for all that know the same.
//!
//! A snapshot belongs to a mailbox and a modseq: whoever read everything up to that modseq has the
//! same list of UIDs. So the newest one is kept here, sessions that get there take its list in the
//! place of their own, and SELECT reads only what changed since.
//!
//! Invariant: what is kept was read from the store, or made from what was by the very next changes.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use hikyaku_mailstore::{Delta, Snapshot, UidList};
use hikyaku_types::{MailboxId, ModSeq};

/// The snapshots of mailboxes that were selected lately.
#[derive(Debug)]
pub(crate) struct SharedViews {
    limits: SharedViewLimits,
    kept: Mutex<Kept>,
}

/// How much is kept for mailboxes, whether sessions are in them or not.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SharedViewLimits {
    /// Mailboxes whose views are kept (4096): more are opened at once only by a very large host,
    /// which then reads some again.
    pub(crate) mailboxes: usize,
    /// Memory of all kept views, in bytes (8 MiB): some millions of UIDs in their compact form.
    pub(crate) bytes: usize,
}

#[derive(Debug, Default)]
struct Kept {
    views: HashMap<MailboxId, Entry>,
    bytes: usize,
    /// Counts uses, to know which is the oldest.
    clock: u64,
}

#[derive(Debug)]
struct Entry {
    snapshot: Snapshot,
    bytes: usize,
    used: u64,
}

/// Bytes of an entry beside its list and its keywords, about.
const ENTRY_BYTES: usize = 256;

impl Entry {
    fn new(snapshot: Snapshot, used: u64) -> Self {
        let keywords: usize = snapshot
            .keywords
            .iter()
            .map(|word| word.as_str().len() + 32)
            .sum();
        Self {
            bytes: ENTRY_BYTES + snapshot.uids.memory() + keywords,
            snapshot,
            used,
        }
    }
}

impl SharedViews {
    pub(crate) fn new(limits: SharedViewLimits) -> Self {
        Self {
            limits,
            kept: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // Nothing in here panics between two changes that belong together.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest snapshot of a mailbox that is known.
    pub(crate) fn newest(&self, mailbox: MailboxId) -> Option<Snapshot> {
        let mut kept = self.lock();
        kept.clock += 1;
        let clock = kept.clock;
        let entry = kept.views.get_mut(&mailbox)?;
        entry.used = clock;
        Some(entry.snapshot.clone())
    }

    /// Keeps a snapshot that was just read, unless a newer one is known.
    pub(crate) fn keep(&self, mailbox: MailboxId, snapshot: &Snapshot) {
        let mut kept = self.lock();
        let known = kept.views.get(&mailbox);
        if known.is_none_or(|entry| entry.snapshot.modseq <= snapshot.modseq) {
            self.put(&mut kept, mailbox, snapshot.clone());
        }
    }

    /// A session read what happened after `since`. The list of UIDs as it is then, if it is known
    /// here or can be made from what is.
    pub(crate) fn follow(
        &self,
        mailbox: MailboxId,
        since: ModSeq,
        delta: &Delta,
    ) -> Option<UidList> {
        let mut kept = self.lock();
        let known = &kept.views.get(&mailbox)?.snapshot;
        if known.modseq == delta.modseq {
            return Some(known.uids.clone());
        }
        if known.modseq != since {
            return None;
        }
        let mut snapshot = known.clone();
        snapshot.apply(delta);
        let uids = snapshot.uids.clone();
        self.put(&mut kept, mailbox, snapshot);
        Some(uids)
    }

    fn put(&self, kept: &mut Kept, mailbox: MailboxId, snapshot: Snapshot) {
        kept.clock += 1;
        let entry = Entry::new(snapshot, kept.clock);
        kept.bytes += entry.bytes;
        if let Some(before) = kept.views.insert(mailbox, entry) {
            kept.bytes -= before.bytes;
        }
        while kept.bytes > self.limits.bytes || kept.views.len() > self.limits.mailboxes {
            let oldest = kept.views.iter().min_by_key(|(_, entry)| entry.used);
            let Some(oldest) = oldest.map(|(mailbox, _)| *mailbox) else {
                break;
            };
            if let Some(gone) = kept.views.remove(&oldest) {
                kept.bytes -= gone.bytes;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use hikyaku_mailstore::{FlagState, Flags};
    use hikyaku_types::{Id as _, Uid, UidValidity};

    fn uid(raw: u32) -> Uid {
        Uid::new(raw).unwrap()
    }

    fn snapshot(modseq: u64, uids: &[u32]) -> Snapshot {
        Snapshot {
            uids: uids.iter().copied().map(uid).collect(),
            uid_validity: UidValidity(1),
            uid_next: uid(1000),
            modseq: ModSeq(modseq),
            first_recent: uid(1000),
            first_unseen: None,
            unseen: 0,
            keywords: Arc::default(),
            unseen_from: None,
        }
    }

    /// One message that came and one that went.
    fn delta(modseq: u64, came: u32, went: u32) -> Delta {
        let state = FlagState {
            uid: uid(came),
            flags: Flags::default(),
            modseq: ModSeq(modseq),
        };
        Delta {
            new: vec![state],
            expunged: vec![uid(went)],
            modseq: ModSeq(modseq),
            ..Delta::default()
        }
    }

    fn views(mailboxes: usize, bytes: usize) -> SharedViews {
        SharedViews::new(SharedViewLimits { mailboxes, bytes })
    }

    #[test]
    fn whoever_knows_the_same_shares_it() {
        let (views, mailbox) = (views(10, 1 << 20), MailboxId::from_i64(1));
        assert_eq!(views.follow(mailbox, ModSeq(1), &delta(2, 9, 1)), None);
        views.keep(mailbox, &snapshot(5, &[1, 2, 3]));
        views.keep(mailbox, &snapshot(4, &[1, 2]));
        assert_eq!(views.newest(mailbox).unwrap().modseq, ModSeq(5));
        // The first that goes on takes the others along.
        let next = views.follow(mailbox, ModSeq(5), &delta(7, 4, 2)).unwrap();
        assert_eq!(next, vec![uid(1), uid(3), uid(4)]);
        assert_eq!(views.newest(mailbox).unwrap().modseq, ModSeq(7));
        assert_eq!(views.newest(mailbox).unwrap().unseen_from, Some(uid(4)));
        let same = views.follow(mailbox, ModSeq(4), &delta(7, 4, 2));
        assert_eq!(same, Some(next));
        // Who is behind, or comes from elsewhere, keeps its own.
        assert_eq!(views.follow(mailbox, ModSeq(4), &delta(6, 4, 2)), None);
        assert_eq!(views.follow(mailbox, ModSeq(8), &delta(9, 5, 1)), None);
    }

    #[test]
    fn what_was_not_used_for_longest_goes_first() {
        let ids: Vec<MailboxId> = (1..=4).map(MailboxId::from_i64).collect();
        let views = views(3, 1 << 20);
        for id in &ids[..3] {
            views.keep(*id, &snapshot(1, &[1]));
        }
        assert!(views.newest(ids[0]).is_some());
        views.keep(ids[3], &snapshot(1, &[1]));
        let kept: Vec<bool> = ids.iter().map(|id| views.newest(*id).is_some()).collect();
        assert_eq!(kept, [true, false, true, true]);
    }

    #[test]
    fn many_bytes_are_too_many() {
        let every_second: Vec<u32> = (1..2000).map(|n| n * 2).collect();
        let large = snapshot(1, &every_second);
        let one = Entry::new(large.clone(), 0).bytes;
        assert!(one > 8 * every_second.len());
        let views = views(10, 2 * one);
        for id in 1..=3 {
            views.keep(MailboxId::from_i64(id), &large);
        }
        let kept = (1..=3).filter(|id| views.newest(MailboxId::from_i64(*id)).is_some());
        assert_eq!(kept.collect::<Vec<_>>(), [2, 3]);
        // One that is larger than all room is not kept at all.
        let views = self::views(10, one - 1);
        views.keep(MailboxId::from_i64(1), &large);
        assert!(views.newest(MailboxId::from_i64(1)).is_none());
        assert_eq!(views.lock().bytes, 0);
    }
}

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
    pub(crate) mailboxes: usize,
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

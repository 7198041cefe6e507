//! A mailbox as the rest of the house sees it.

use std::{collections::BTreeSet, sync::Arc};

use hikyaku_types::{ByteSize, MailboxId, ModSeq, Uid, UidValidity};

use crate::{
    change::Delta, flags::Keyword, name::MailboxPath, snapshot::LISTED_KEYWORDS_MAX,
    special_use::SpecialUse, uid_list::UidList,
};

/// A mailbox with its counters: all that STATUS and LIST need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The id, which survives renaming. A mailbox created again has another.
    pub id: MailboxId,
    /// The whole name.
    pub path: MailboxPath,
    /// What it is for.
    pub role: Option<SpecialUse>,
    /// The generation of its UIDs.
    pub uid_validity: UidValidity,
    /// The UID that the next message will have at least.
    pub uid_next: Uid,
    /// The modseq of its last change (HIGHESTMODSEQ).
    pub modseq: ModSeq,
    /// Messages in it.
    pub total: u32,
    /// Messages without the Seen flag.
    pub unseen: u32,
    /// Messages with the Deleted flag.
    pub deleted: u32,
    /// Sizes of its messages together.
    pub size: ByteSize,
    /// Whether there are mailboxes below it.
    pub has_children: bool,
}

/// Whether reading a mailbox's list of UIDs also takes its recent messages, so that no other
/// session gets them as recent (RFC 3501 §2.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recent {
    /// SELECT does.
    Take,
    /// EXAMINE and STATUS do not.
    Leave,
}

/// What a session needs to number the messages of a mailbox, all from one instant. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The UIDs of all messages, ascending.
    pub uids: UidList,
    /// The generation of the UIDs.
    pub uid_validity: UidValidity,
    /// The UID that the next message will have at least.
    pub uid_next: Uid,
    /// The modseq of the last change: pass it to [`Mailstore::changes`](crate::Mailstore::changes).
    pub modseq: ModSeq,
    /// Messages from this UID on are recent for the session that took them.
    pub first_recent: Uid,
    /// The first message without the Seen flag.
    pub first_unseen: Option<Uid>,
    /// Messages without the Seen flag.
    pub unseen: u32,
    /// Keywords in use, sorted; also ones that were in use not long ago.
    pub keywords: Arc<[Keyword]>,
    /// All messages below this UID have the Seen flag; without one all messages have it.
    pub unseen_from: Option<Uid>,
}

impl Snapshot {
    /// Brings the list of UIDs and the keywords to what they are after some changes, which must be
    /// the next ones after [`Snapshot::modseq`]. The counters are those of the instant before:
    /// [`Mailstore::snapshot_after`](crate::Mailstore::snapshot_after) reads them.
    pub fn apply(&mut self, delta: &Delta) {
        if !delta.expunged.is_empty() || !delta.new.is_empty() {
            let new = delta.new.iter().map(|state| state.uid);
            self.uids = self.uids.changed(&delta.expunged, new);
        }
        let states = || delta.new.iter().chain(&delta.flags);
        for state in states().filter(|state| !state.flags.is_seen()) {
            let from = self
                .unseen_from
                .map_or(state.uid, |from| from.min(state.uid));
            self.unseen_from = Some(from);
        }
        let mut more: BTreeSet<&Keyword> = BTreeSet::new();
        for keyword in states().flat_map(|state| state.flags.keywords()) {
            if self.keywords.binary_search(keyword).is_err() {
                more.insert(keyword);
            }
        }
        if !more.is_empty() && self.keywords.len() < LISTED_KEYWORDS_MAX {
            more.extend(self.keywords.iter());
            self.keywords = more
                .into_iter()
                .take(LISTED_KEYWORDS_MAX)
                .cloned()
                .collect();
        }
        self.modseq = delta.modseq;
    }
}

//! The selected mailbox of a session.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use hikyaku_db::HintSubscription;
use hikyaku_mailstore::{FlagState, Flags, Keyword, Mailbox, Snapshot};
use hikyaku_types::{MailboxId, ModSeq, Uid, UidValidity};

use crate::{
    enabled::Extension,
    flags::{self, Recent},
    reply::Reply,
    view::View,
    wire::Wire,
};
use hikyaku_imap_proto::{Code, ResponseBuf};

/// Whether the mailbox was selected or examined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// SELECT.
    ReadWrite,
    /// EXAMINE: nothing changes, not even `\Recent`.
    ReadOnly,
}

/// A mailbox and what the client knows of it.
#[derive(Debug)]
pub(crate) struct Selected {
    pub(crate) mailbox: MailboxId,
    pub(crate) access: Access,
    pub(crate) uid_validity: UidValidity,
    /// What the client was told of.
    pub(crate) view: View,
    /// Up to where changes were read.
    pub(crate) modseq: ModSeq,
    /// Messages that are gone and still in the view, ascending: the client could not be told yet.
    pub(crate) gone: Vec<Uid>,
    /// Told when mail of the account changes.
    pub(crate) changes: HintSubscription,
    /// Keywords named in FLAGS so far, sorted.
    keywords: Arc<[Keyword]>,
    /// Flags that the client knows because its own command set them.
    own: HashMap<Uid, ModSeq>,
}

impl Selected {
    /// What SELECT found. `changes` was subscribed to before the snapshot was taken, so that
    /// nothing falls between.
    pub(crate) fn new(
        mailbox: &Mailbox,
        snapshot: Snapshot,
        access: Access,
        changes: HintSubscription,
    ) -> Self {
        let mut view = View::new(snapshot.uids);
        if let Some(last) = view.last() {
            view.add_recent(snapshot.first_recent..=last);
        }
        Self {
            mailbox: mailbox.id,
            access,
            uid_validity: snapshot.uid_validity,
            view,
            modseq: snapshot.modseq,
            gone: Vec::new(),
            changes,
            keywords: snapshot.keywords,
            own: HashMap::new(),
        }
    }

    /// For commands that change the mailbox.
    pub(crate) fn writable(&self) -> Result<(), Reply> {
        match self.access {
            Access::ReadWrite => Ok(()),
            Access::ReadOnly => Err(Reply::no_with(
                Code::ReadOnly,
                "The mailbox is open for reading only",
            )),
        }
    }

    /// Whether a message is recent, for its flags.
    pub(crate) fn recent(&self, uid: Uid) -> Recent {
        if self.view.is_recent(uid) {
            Recent::Yes
        } else {
            Recent::No
        }
    }

    /// Notes that the client learns these flags from the answer to its own command.
    pub(crate) fn knows(&mut self, state: &FlagState) {
        self.own.insert(state.uid, state.modseq);
    }

    /// Whether the client knows these flags already.
    pub(crate) fn is_known(&self, state: &FlagState) -> bool {
        self.own
            .get(&state.uid)
            .is_some_and(|modseq| *modseq >= state.modseq)
    }

    /// Changes were read up to `modseq`: what the client did before is behind that.
    pub(crate) fn caught_up(&mut self, modseq: ModSeq) {
        self.modseq = modseq;
        self.own.retain(|_, known| *known > modseq);
        if self.own.is_empty() {
            self.own = HashMap::new();
        }
    }

    /// Writes FLAGS and PERMANENTFLAGS (RFC 3501 §7.2.6, §7.1).
    pub(crate) fn write_flags(&self, out: &mut ResponseBuf) {
        let system = || flags::SYSTEM.iter().map(|(_, name)| *name);
        out.flags(system().chain(self.keywords.iter().map(Keyword::as_str)));
        let mut permanent: Vec<&str> = Vec::new();
        if self.access == Access::ReadWrite {
            permanent.extend(system());
            permanent.extend(self.keywords.iter().map(Keyword::as_str));
            permanent.push("\\*");
        }
        let code = Code::PermanentFlags(&permanent);
        let text = match self.access {
            Access::ReadWrite => "Flags that can be set",
            Access::ReadOnly => "The mailbox is open for reading only",
        };
        out.untagged(hikyaku_imap_proto::Condition::Ok, Some(code), text);
    }

    /// Tells of keywords that were not in FLAGS yet, before they are seen in a message. Beyond
    /// [`hikyaku_mailstore::LISTED_KEYWORDS_MAX`] they are shown only there.
    pub(crate) fn introduce(&mut self, flags: &Flags, out: &mut ResponseBuf) {
        let known = |keyword| self.keywords.binary_search(keyword).is_ok();
        let most = hikyaku_mailstore::LISTED_KEYWORDS_MAX;
        if flags.keywords().iter().all(known) || self.keywords.len() >= most {
            return;
        }
        let all: BTreeSet<&Keyword> = self.keywords.iter().chain(flags.keywords()).collect();
        self.keywords = all.into_iter().take(most).cloned().collect();
        self.write_flags(out);
    }

    /// Writes a FETCH answer with a message's flags, if the message has a number.
    /// It has the modification sequence for a client that knows them (RFC 7162 §3.2).
    pub(crate) fn write_state(&mut self, state: &FlagState, wire: &mut Wire) {
        let Some(sequence) = self.view.sequence(state.uid) else {
            return;
        };
        self.introduce(&state.flags, &mut wire.out);
        let mut fetch = wire.out.fetch(sequence);
        fetch.uid(state.uid);
        fetch.flags(flags::names(&state.flags, self.recent(state.uid)));
        if wire.enabled.contains(Extension::Condstore) {
            fetch.modseq(state.modseq);
        }
        fetch.end();
    }

    /// Writes a FETCH answer with a message's modification sequence alone: what a client is told
    /// of flags that it has set itself.
    pub(crate) fn write_modseq(&self, state: &FlagState, wire: &mut Wire) {
        if let Some(sequence) = self.view.sequence(state.uid) {
            let mut fetch = wire.out.fetch(sequence);
            fetch.uid(state.uid);
            fetch.modseq(state.modseq);
            fetch.end();
        }
    }
}

//! What a SEARCH has found so far, in little memory.

use hikyaku_imap_proto::SearchReturn;
use hikyaku_mailstore::{Found, UidList, UidListBuilder};
use hikyaku_types::ModSeq;

/// Which of the messages found the answer is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// All, or how many.
    All,
    /// Only the first: then the search ends with it.
    First,
    /// Only the last.
    Last,
    /// The first and the last.
    Ends,
}

impl Need {
    /// What the options of an extended answer need; none are those of the plain one.
    pub(super) fn of(returns: Option<&[SearchReturn]>) -> Self {
        let Some(returns) = returns else {
            return Self::All;
        };
        let wants = |option| returns.contains(&option);
        if wants(SearchReturn::All) || wants(SearchReturn::Count) {
            return Self::All;
        }
        match (wants(SearchReturn::Min), wants(SearchReturn::Max)) {
            (true, false) => Self::First,
            (false, true) => Self::Last,
            _ => Self::Ends,
        }
    }
}

/// The messages found.
#[derive(Debug, Default)]
pub(super) struct Hits {
    builder: UidListBuilder,
    first: Option<ModSeq>,
    last: Option<ModSeq>,
    highest: Option<ModSeq>,
}

impl Hits {
    /// Adds messages behind those before.
    pub(super) fn add(&mut self, found: impl IntoIterator<Item = Found>) {
        for found in found {
            self.builder.push(found.uid);
            self.first = self.first.or(Some(found.modseq));
            self.last = Some(found.modseq);
            self.highest = self.highest.max(Some(found.modseq));
        }
    }

    /// Whether nothing was found yet.
    pub(super) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// That is all.
    pub(super) fn finish(self) -> Answer {
        Answer {
            uids: self.builder.build(),
            first: self.first,
            last: self.last,
            highest: self.highest,
        }
    }
}

/// All messages found.
#[derive(Debug)]
pub(super) struct Answer {
    uids: UidList,
    first: Option<ModSeq>,
    last: Option<ModSeq>,
    highest: Option<ModSeq>,
}

impl Answer {
    /// Messages of which only the UIDs were asked for.
    pub(super) fn of_uids(uids: UidList) -> Self {
        Self {
            uids,
            first: None,
            last: None,
            highest: None,
        }
    }

    /// The UIDs, ascending.
    pub(super) fn uids(&self) -> &UidList {
        &self.uids
    }

    /// The highest modification sequence among the messages that the answer is about (RFC 4731
    /// §3.2).
    pub(super) fn modseq(&self, need: Need) -> Option<ModSeq> {
        match need {
            Need::All => self.highest,
            Need::First => self.first,
            Need::Last => self.last,
            Need::Ends => self.first.max(self.last),
        }
    }
}

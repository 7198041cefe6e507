//! Which names a LIST finds (RFC 5258 §3, §3.5).

use std::collections::{BTreeSet, HashSet};

use hikyaku_imap_proto::{List, ListSelect, list_matches};
use hikyaku_mailstore::{Mailbox, MailboxPath};

/// Names looked at before others get a turn: matching a long pattern takes a while.
const TURN: usize = 16;

/// A name that a LIST tells of.
pub(super) struct Found {
    pub(super) path: MailboxPath,
    /// Its mailbox; a name can be subscribed to, or stand above such names, without one.
    pub(super) mailbox: Option<Mailbox>,
    /// Whether it is subscribed to, where that was looked up.
    pub(super) is_subscribed: bool,
    /// Whether the selection options are true for it.
    pub(super) is_selected: bool,
    /// Whether they are true for a name below it, and the client asked for that
    /// (`RECURSIVEMATCH`).
    pub(super) is_above_selected: bool,
}

/// Finds the names, mailboxes first and in their order. `subscribed` is empty where subscriptions
/// make no difference.
pub(super) async fn find(
    list: &List,
    mailboxes: Vec<Mailbox>,
    subscribed: Vec<MailboxPath>,
) -> Vec<Found> {
    let mut names = Names {
        patterns: super::full_patterns(list),
        list,
        known: HashSet::new(),
        matching: Vec::new(),
        above: BTreeSet::new(),
        above_hidden: HashSet::new(),
    };
    let mut subscribed: BTreeSet<MailboxPath> = subscribed.into_iter().collect();
    for (index, mailbox) in mailboxes.into_iter().enumerate() {
        give_way(index).await;
        let is_subscribed = subscribed.remove(&mailbox.path);
        names.add(mailbox.path.clone(), Some(mailbox), is_subscribed);
    }
    // RFC 5258 §3.1: names without a mailbox belong to the answer about subscriptions.
    if list.select.contains(&ListSelect::Subscribed) {
        for (index, path) in subscribed.into_iter().enumerate() {
            give_way(index).await;
            names.add(path, None, true);
        }
    }
    for (index, path) in names.above.clone().into_iter().enumerate() {
        give_way(index).await;
        if !names.known.contains(&path) {
            names.add(path, None, false);
        }
    }
    names.found()
}

/// Lets others have a turn now and then.
async fn give_way(index: usize) {
    if index % TURN == TURN - 1 {
        tokio::task::yield_now().await;
    }
}

struct Names<'a> {
    list: &'a List,
    patterns: Vec<String>,
    known: HashSet<MailboxPath>,
    /// Names that match a pattern.
    matching: Vec<Found>,
    /// Names that selected ones are below of.
    above: BTreeSet<MailboxPath>,
    /// Those of them with a selected name below that no pattern matches.
    above_hidden: HashSet<MailboxPath>,
}

impl Names<'_> {
    fn add(&mut self, path: MailboxPath, mailbox: Option<Mailbox>, is_subscribed: bool) {
        let name = path.as_str();
        let matches = self.patterns.iter().any(|one| list_matches(one, name));
        let is_selected = self.list.select.iter().all(|option| match option {
            // They say nothing of the name itself: RFC 5258 §3.1.
            ListSelect::RecursiveMatch | ListSelect::Remote => true,
            ListSelect::Subscribed => is_subscribed,
            ListSelect::SpecialUse => mailbox.as_ref().is_some_and(|it| it.role.is_some()),
        }) && (mailbox.is_some() || is_subscribed);
        if self.list.select.contains(&ListSelect::RecursiveMatch) {
            self.known.insert(path.clone());
            if is_selected {
                for parent in std::iter::successors(path.parent(), MailboxPath::parent) {
                    if !matches {
                        self.above_hidden.insert(parent.clone());
                    }
                    self.above.insert(parent);
                }
            }
        }
        if matches {
            self.matching.push(Found {
                path,
                mailbox,
                is_subscribed,
                is_selected,
                is_above_selected: false,
            });
        }
    }

    /// A name that is not selected itself is told of only where one below it is, and is not told of
    /// (RFC 5258 §3.5).
    fn found(self) -> Vec<Found> {
        let mut found = self.matching;
        found.retain(|name| name.is_selected || self.above_hidden.contains(&name.path));
        for name in &mut found {
            name.is_above_selected = self.above.contains(&name.path);
        }
        found
    }
}

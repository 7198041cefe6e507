//! What was offered to the server, and what it said: the other side of its promises.

use std::{
    collections::BTreeMap,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Result, bail, ensure};
use hikyaku_testkit::{line::PATIENCE, smtp::Verdict};

use crate::scene::Mailboxes;

/// What became of one message for one recipient, as the sender knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// No answer: it may be there or not.
    Unknown,
    /// Refused or deferred. A server that lost its database in the middle of a commit cannot know
    /// better, so it may be there once.
    Refused,
    /// Acknowledged: it must be there.
    Accepted,
    /// Deleted, and that was acknowledged: it must be gone.
    Deleted,
}

/// Everything offered in a test. All senders write into it.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// By Message-ID and recipient.
    fates: BTreeMap<(String, String), Fate>,
    accepted: u64,
    refusals: Vec<String>,
}

impl Ledger {
    /// Before a message is sent.
    pub(crate) fn offer(&self, id: &str, recipient: &str) {
        let key = (id.to_owned(), recipient.to_owned());
        self.lock().fates.insert(key, Fate::Unknown);
    }

    /// When the server has answered.
    pub(crate) fn decide(&self, id: &str, recipient: &str, verdict: &Verdict) {
        let mut state = self.lock();
        let fate = match verdict {
            Verdict::Accepted(_) => {
                state.accepted += 1;
                Fate::Accepted
            }
            Verdict::Refused(reply) => {
                state.refusals.push(reply.clone());
                Fate::Refused
            }
        };
        state
            .fates
            .insert((id.to_owned(), recipient.to_owned()), fate);
        drop(state);
        self.changed.notify_all();
    }

    /// When the server has said that a message is deleted.
    pub(crate) fn delete(&self, id: &str, recipient: &str) {
        let key = (id.to_owned(), recipient.to_owned());
        self.lock().fates.insert(key, Fate::Deleted);
    }

    /// Deliveries acknowledged so far.
    pub(crate) fn accepted(&self) -> u64 {
        self.lock().accepted
    }

    /// The messages for a recipient that are acknowledged so far.
    pub(crate) fn accepted_for(&self, recipient: &str) -> Vec<String> {
        let state = self.lock();
        let accepted = state
            .fates
            .iter()
            .filter(|((_, to), fate)| to == recipient && **fate == Fate::Accepted);
        accepted.map(|((id, _), _)| id.clone()).collect()
    }

    /// The replies that refused something, in order.
    pub(crate) fn refusals(&self) -> Vec<String> {
        self.lock().refusals.clone()
    }

    /// Waits until so many deliveries are acknowledged.
    pub(crate) fn wait_for_accepted(&self, count: u64) -> Result<()> {
        let done = self.wait(PATIENCE, |state| state.accepted >= count);
        ensure!(
            done,
            "{count} acknowledged deliveries did not come: {}",
            self.accepted()
        );
        Ok(())
    }

    /// Waits until something was refused; returns the reply.
    pub(crate) fn wait_for_refusal(&self, after: usize) -> Result<String> {
        ensure!(
            self.wait(PATIENCE, |state| state.refusals.len() > after),
            "nothing was refused"
        );
        Ok(self.lock().refusals.last().cloned().unwrap_or_default())
    }

    /// Waits for the next acknowledgement, this long at most.
    pub(crate) fn wait_a_moment(&self, at_most: Duration) {
        let before = self.accepted();
        self.wait(at_most, |state| state.accepted > before);
    }

    fn wait(&self, at_most: Duration, is_done: impl Fn(&State) -> bool) -> bool {
        let deadline = Instant::now() + at_most;
        let mut state = self.lock();
        while !is_done(&state) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Every acknowledged message is in its mailbox exactly once, every other one at most once, and
    /// nothing else is there.
    pub(crate) fn verify(&self, found: &Mailboxes) -> Result<()> {
        let mut counts: BTreeMap<(String, String), u32> = BTreeMap::new();
        for (recipient, messages) in found {
            for id in messages {
                *counts.entry((id.clone(), recipient.clone())).or_default() += 1;
            }
        }
        let state = self.lock();
        let mut wrong = Vec::new();
        for (key, fate) in &state.fates {
            let count = counts.remove(key).unwrap_or(0);
            let is_right = match fate {
                Fate::Accepted => count == 1,
                Fate::Deleted => count == 0,
                Fate::Unknown | Fate::Refused => count <= 1,
            };
            if !is_right {
                wrong.push(format!("{} for {}: {fate:?}, found {count}", key.0, key.1));
            }
        }
        let strangers = counts
            .keys()
            .map(|(id, to)| format!("{id} for {to}: never offered"));
        wrong.extend(strangers);
        if !wrong.is_empty() {
            bail!(
                "{} messages are not as promised:\n{}",
                wrong.len(),
                wrong.join("\n")
            );
        }
        eprintln!(
            "{} deliveries were offered, {} of them acknowledged: all as promised",
            state.fates.len(),
            state.accepted
        );
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[test]
fn the_ledger_notices_what_is_lost_doubled_or_strange() {
    let ledger = Ledger::default();
    let accepted = Verdict::Accepted("250".to_owned());
    ledger.offer("kept", "a");
    ledger.decide("kept", "a", &accepted);
    ledger.offer("unknown", "a");
    let holds = |ids: &[&str]| {
        let messages = ids.iter().map(|id| (*id).to_owned()).collect();
        ledger.verify(&Mailboxes::from([("a".to_owned(), messages)]))
    };
    assert!(holds(&["kept"]).is_ok());
    assert!(holds(&["unknown", "kept"]).is_ok());
    for wrong in [&["unknown"][..], &["kept", "kept"], &["kept", "strange"]] {
        assert!(holds(wrong).is_err(), "{wrong:?}");
    }
    assert!(holds(&["unknown", "unknown", "kept"]).is_err());
    ledger.delete("kept", "a");
    assert!(holds(&["kept"]).is_err());
    assert!(holds(&[]).is_ok());
}

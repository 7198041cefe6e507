//! A client that watches a mailbox: UIDs appear in rising order, and what was seen stays.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use anyhow::{Context as _, Result, ensure};
use hikyaku_testkit::{host::PASSWORD, imap::ImapClient, line::LineClient};

use crate::ledger::Ledger;

/// What the client knows of one mailbox, over all its connections.
#[derive(Debug)]
pub(crate) struct Watcher {
    who: String,
    validity: Option<u32>,
    seen: BTreeMap<u32, String>,
    looks: u64,
}

impl Watcher {
    /// Of the mailbox of this account.
    pub(crate) fn of(who: &str) -> Self {
        Self {
            who: who.to_owned(),
            validity: None,
            seen: BTreeMap::new(),
            looks: 0,
        }
    }

    /// Connects; the first look comes with [`Self::watch`].
    pub(crate) fn connect(&mut self, imap: SocketAddr) -> Result<ImapClient> {
        let mut client = ImapClient::sign_in(LineClient::connect(imap)?, &self.who, PASSWORD)?;
        let validity = client.select("INBOX")?;
        let known = *self.validity.get_or_insert(validity);
        ensure!(
            known == validity,
            "UIDVALIDITY was {known} and is {validity}"
        );
        Ok(client)
    }

    /// Looks again and again until told to stop or until the connection breaks, which is no error
    /// here. What is wrong is one.
    pub(crate) fn watch(
        &mut self,
        client: ImapClient,
        ledger: &Ledger,
        stop: &AtomicBool,
    ) -> Result<()> {
        match self.look_on(client, ledger, stop) {
            Err(error) if is_broken_connection(&error) => Ok(()),
            other => other,
        }
    }

    fn look_on(
        &mut self,
        mut client: ImapClient,
        ledger: &Ledger,
        stop: &AtomicBool,
    ) -> Result<()> {
        while !stop.load(Relaxed) {
            let promised = ledger.accepted_for(&self.who);
            // All UIDs each time, so that a lower one that appears late is noticed.
            let uids = client.uids()?;
            let highest = self.seen.last_key_value().map_or(0, |(uid, _)| *uid);
            let new = uids
                .iter()
                .filter(|uid| !self.seen.contains_key(uid))
                .min()
                .copied();
            for uid in self.seen.keys() {
                ensure!(uids.contains(uid), "UID {uid} was seen and is gone");
            }
            if let Some(new) = new {
                ensure!(new > highest, "UID {new} appears after {highest} was seen");
                self.seen.extend(client.message_ids(new)?);
            }
            // What was acknowledged before we looked must be seen by now.
            let late = promised
                .iter()
                .find(|id| !self.seen.values().any(|seen| seen == *id));
            ensure!(
                late.is_none(),
                "{late:?} was acknowledged and is not to be seen"
            );
            self.looks += 1;
        }
        Ok(())
    }

    /// Looks for the last time.
    pub(crate) fn agrees_with(&mut self, imap: SocketAddr) -> Result<()> {
        let mut client = self.connect(imap)?;
        self.agree(&client.message_ids(1)?)?;
        client.log_out()
    }

    /// What the mailbox holds in the end is what was seen, under the same UIDs, and perhaps more
    /// behind it.
    fn agree(&self, messages: &[(u32, String)]) -> Result<()> {
        let messages: BTreeMap<u32, &String> =
            messages.iter().map(|(uid, id)| (*uid, id)).collect();
        let highest = self
            .seen
            .last_key_value()
            .context("the watcher saw nothing")?
            .0;
        for (uid, id) in &self.seen {
            let now = messages
                .get(uid)
                .with_context(|| format!("UID {uid} is gone"))?;
            ensure!(*now == id, "UID {uid} was {id} and is {now}");
        }
        let late = messages
            .keys()
            .find(|uid| *uid < highest && !self.seen.contains_key(uid));
        ensure!(
            late.is_none(),
            "UID {late:?} appeared after {highest} was seen"
        );
        eprintln!(
            "{} UIDs were watched, {} looks",
            self.seen.len(),
            self.looks
        );
        Ok(())
    }
}

/// The server was killed, or is: nothing that it said.
fn is_broken_connection(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.is::<std::io::Error>() || cause.to_string() == "the server closed the connection"
    })
}

#[test]
fn the_watcher_notices_late_and_changed_uids() {
    let seen = BTreeMap::from([(1, "a".to_owned()), (3, "c".to_owned())]);
    let watcher = Watcher {
        seen,
        ..Watcher::of("a")
    };
    let holds = |messages: &[(u32, &str)]| {
        let owned: Vec<_> = messages
            .iter()
            .map(|(uid, id)| (*uid, (*id).to_owned()))
            .collect();
        watcher.agree(&owned).is_ok()
    };
    assert!(holds(&[(1, "a"), (3, "c"), (4, "d")]));
    assert!(!holds(&[(1, "a"), (2, "b"), (3, "c")]));
    assert!(!holds(&[(1, "a"), (3, "x")]));
    assert!(!holds(&[(3, "c")]));
}

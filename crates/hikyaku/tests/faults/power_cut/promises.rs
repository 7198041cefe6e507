//! What the server promised to its clients, and at which moment of the recording.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};

use super::{
    recording::{Moment, Operation, Recording, Step},
    workload::{Deletion, Diary, Sent},
};

/// The words in a reply that say: it is ours now. A name of the transaction follows.
const ACCEPTED: &[u8] = b"Accepted as ";

/// One message for one recipient.
#[derive(Debug, Clone)]
pub(super) struct Promise {
    pub(super) recipient: String,
    pub(super) id: String,
    /// When its 250 was on its way.
    pub(super) accepted: Option<Moment>,
    /// From when on it may be gone, because QUIT may have been heard.
    pub(super) may_be_deleted: Option<Moment>,
    /// When the `+OK` of that QUIT was on its way.
    pub(super) deleted: Option<Moment>,
}

/// How often a message may be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    Once,
    Never,
    OnceOrNever,
}

impl Promise {
    /// What must be found after a power cut behind this moment.
    pub(super) fn after(&self, cut: Moment) -> Expected {
        let happened = |moment: Option<Moment>| moment.is_some_and(|moment| moment <= cut);
        if happened(self.deleted) {
            Expected::Never
        } else if happened(self.accepted) && !happened(self.may_be_deleted) {
            Expected::Once
        } else {
            Expected::OnceOrNever
        }
    }
}

/// All promises of a recording.
#[derive(Debug)]
pub(super) struct Promises {
    pub(super) messages: Vec<Promise>,
    /// The accounts, and when it was told that they exist.
    pub(super) accounts: BTreeMap<String, Moment>,
    /// The messages as they were sent, by Message-ID.
    pub(super) sent: BTreeMap<String, Vec<u8>>,
}

impl Promises {
    /// Finds in the recording what the clients noted down.
    pub(super) fn find(diary: &Diary, recording: &Recording) -> Result<Self> {
        let replies = Replies::of(recording);
        let mut messages = Vec::new();
        for sent in &diary.sent {
            let accepted = replies.accepted(sent)?;
            for recipient in &sent.recipients {
                messages.push(Promise {
                    recipient: recipient.clone(),
                    id: sent.id.clone(),
                    accepted,
                    may_be_deleted: None,
                    deleted: None,
                });
            }
        }
        for deletion in &diary.deletions {
            replies.note(deletion, &mut messages)?;
        }
        let mut accounts = BTreeMap::new();
        for account in &diary.accounts {
            accounts.insert(account.clone(), replies.account(account)?);
        }
        let contents = diary
            .sent
            .iter()
            .map(|sent| (sent.id.clone(), sent.octets.clone()));
        Ok(Self {
            messages,
            accounts,
            sent: contents.collect(),
        })
    }

    /// The moments in which something was promised.
    pub(super) fn moments(&self) -> Vec<Moment> {
        self.messages
            .iter()
            .flat_map(|message| [message.accepted, message.deleted])
            .flatten()
            .collect()
    }

    /// The same promises, as if each had been made when the sync before it began.
    pub(super) fn made_too_early(mut self, recording: &Recording) -> Self {
        let is_start = |step: &Step| {
            matches!(step, Step::Begin(number)
                if matches!(recording.operations[*number], Operation::Sync { .. }))
        };
        for message in &mut self.messages {
            let before = message
                .accepted
                .and_then(|moment| recording.steps.get(..moment));
            message.accepted = before.and_then(|steps| steps.iter().rposition(is_start));
        }
        self
    }

    /// Several messages became durable by one sync: otherwise group commit, whose mistakes this
    /// test is there to find, was not at work.
    pub(super) fn check_group_commit(&self, recording: &Recording) -> Result<()> {
        let mut accepted: Vec<Moment> = self
            .messages
            .iter()
            .filter_map(|message| message.accepted)
            .collect();
        accepted.sort_unstable();
        accepted.dedup();
        let mut largest = 0;
        let mut group = 0;
        for (moment, step) in recording.steps.iter().enumerate() {
            let is_sync = matches!(step, Step::End(number, _)
                if matches!(recording.operations[*number], Operation::Sync { .. }));
            if is_sync {
                group = 0;
            } else if accepted.binary_search(&moment).is_ok() {
                group += 1;
                largest = largest.max(group);
            }
        }
        eprintln!("the largest group between two syncs: {largest} messages");
        ensure!(largest > 1, "no two messages were committed together");
        Ok(())
    }
}

/// The replies of a recording, by what they can be found by.
struct Replies<'a> {
    /// By the name of the transaction: the last reply that says so (LMTP says it once a recipient).
    accepted: BTreeMap<Vec<u8>, Moment>,
    by_port: BTreeMap<u16, Vec<(Moment, &'a [u8])>>,
    local: Vec<(Moment, &'a [u8])>,
}

impl<'a> Replies<'a> {
    fn of(recording: &'a Recording) -> Self {
        let mut replies = Self {
            accepted: BTreeMap::new(),
            by_port: BTreeMap::new(),
            local: Vec::new(),
        };
        for (moment, client_port, octets) in recording.replies() {
            for name in transactions(octets) {
                replies.accepted.insert(name.to_vec(), moment);
            }
            match client_port {
                Some(port) => replies
                    .by_port
                    .entry(port)
                    .or_default()
                    .push((moment, octets)),
                None => replies.local.push((moment, octets)),
            }
        }
        replies
    }

    /// When a message was acknowledged; none when it was not.
    fn accepted(&self, sent: &Sent) -> Result<Option<Moment>> {
        let Some(reply) = &sent.accepted else {
            return Ok(None);
        };
        let name = transactions(reply.as_bytes())
            .next()
            .context("a 250 without a name")?;
        let moment = self
            .accepted
            .get(name)
            .with_context(|| format!("{reply:?} is not recorded"))?;
        Ok(Some(*moment))
    }

    /// A session that ended with QUIT: what it deleted is gone from its `+OK` on, and may be gone
    /// from the reply before it on.
    fn note(&self, deletion: &Deletion, messages: &mut [Promise]) -> Result<()> {
        let replies = self
            .by_port
            .get(&deletion.client_port)
            .context("a session not recorded")?;
        let [.., before, last] = replies.as_slice() else {
            bail!("a session with too few replies")
        };
        ensure!(
            last.1.starts_with(b"+OK"),
            "the reply to QUIT is not the last"
        );
        for message in messages {
            if message.recipient == deletion.owner && deletion.ids.contains(&message.id) {
                message.may_be_deleted = Some(before.0);
                message.deleted = Some(last.0);
            }
        }
        Ok(())
    }

    /// When the command line was told that an account exists.
    fn account(&self, address: &str) -> Result<Moment> {
        let told = format!("\"address\":\"{address}\"");
        let found = self.local.iter().find(|(_, octets)| {
            octets
                .windows(told.len())
                .any(|window| window == told.as_bytes())
        });
        Ok(found
            .with_context(|| format!("the making of {address} is not recorded"))?
            .0)
    }
}

/// The names of transactions in a reply.
fn transactions(reply: &[u8]) -> impl Iterator<Item = &[u8]> {
    reply.split(|octet| *octet == b'\n').filter_map(|line| {
        let at = line
            .windows(ACCEPTED.len())
            .position(|window| window == ACCEPTED)?;
        Some(line.get(at + ACCEPTED.len()..)?.trim_ascii_end())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promises_begin_and_end() {
        let promise = Promise {
            recipient: "a".to_owned(),
            id: "1".to_owned(),
            accepted: Some(10),
            may_be_deleted: Some(20),
            deleted: Some(30),
        };
        for (cut, expected) in [
            (9, Expected::OnceOrNever),
            (10, Expected::Once),
            (19, Expected::Once),
            (20, Expected::OnceOrNever),
            (30, Expected::Never),
        ] {
            assert_eq!(promise.after(cut), expected, "{cut}");
        }
        let mut names = transactions(b"250-2.0.0 x\r\n250 2.0.0 Accepted as 17\r\n");
        assert_eq!((names.next(), names.next()), (Some(&b"17"[..]), None));
    }
}

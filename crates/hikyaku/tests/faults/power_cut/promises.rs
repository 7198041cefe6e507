//! What the server promised to its clients, and at which moment of the recording.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context as _, Result, ensure};

use super::{
    recording::{Moment, Operation, Recording, Step},
    workload::{Deletion, Diary, Sent},
};

/// The reply to QUIT in POP3.
const GOOD_BYE: &[u8] = b"+OK good-bye";

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

    /// The write-ahead log was copied into the database while mail came in, not only at the end of
    /// a run: in the last run, which has no end, and with messages acknowledged behind it.
    pub(super) fn check_log_was_copied(&self, recording: &Recording) -> Result<()> {
        let is_new_log = |operation: &Operation| match operation {
            Operation::Create { file } => file.ends_with("-wal"),
            _ => false,
        };
        let is_copy = |operation: &Operation| match operation {
            Operation::Write { file, .. } => file == "hikyaku.db",
            _ => false,
        };
        let last_run = recording.operations.iter().rposition(is_new_log);
        let last_run = last_run.context("no log")?;
        let behind = |step: &Step| {
            matches!(step, Step::Begin(number)
                if *number > last_run && is_copy(&recording.operations[*number]))
        };
        let copied = recording.steps.iter().position(behind);
        let copied = copied.context("the log was never copied under load")?;
        let acknowledged = self
            .moments()
            .iter()
            .filter(|moment| **moment > copied)
            .count();
        eprintln!("{acknowledged} deliveries were acknowledged behind a copy of the log");
        ensure!(acknowledged > 0, "the log was never copied under load");
        Ok(())
    }
}

/// The replies of a recording, by what they can be found by.
struct Replies<'a> {
    /// By a line of it: the last such line (LMTP says the same once for each recipient).
    lines: HashMap<&'a [u8], Moment>,
    by_port: HashMap<u16, Vec<(Moment, &'a [u8])>>,
    local: Vec<(Moment, &'a [u8])>,
}

impl<'a> Replies<'a> {
    fn of(recording: &'a Recording) -> Self {
        let mut replies = Self {
            lines: HashMap::new(),
            by_port: HashMap::new(),
            local: Vec::new(),
        };
        for (moment, client_port, octets) in recording.replies() {
            let Some(port) = client_port else {
                replies.local.push((moment, octets));
                continue;
            };
            for line in octets.split(|octet| *octet == b'\n') {
                replies.lines.insert(line.trim_ascii_end(), moment);
            }
            let of_port = replies.by_port.entry(port).or_default();
            of_port.push((moment, octets));
        }
        replies
    }

    /// When a message was acknowledged; none when it was not. The reply names the transaction
    /// (SMTP) or the UID (IMAP), so there is no other like it.
    fn accepted(&self, sent: &Sent) -> Result<Option<Moment>> {
        let Some(reply) = &sent.accepted else {
            return Ok(None);
        };
        let moment = self.lines.get(reply.as_bytes());
        let moment = moment.with_context(|| format!("{reply:?} is not recorded"))?;
        Ok(Some(*moment))
    }

    /// A session that ended with QUIT: what it deleted is gone from its `+OK` on, and may be gone
    /// from the reply before it on. The session also looked at what it deleted; by that it is
    /// found, should another one have had the same port.
    fn note(&self, deletion: &Deletion, messages: &mut [Promise]) -> Result<()> {
        let replies = self
            .by_port
            .get(&deletion.client_port)
            .context("a session not recorded")?;
        let last_id = deletion.ids.last().context("nothing was deleted")?;
        let looked_at = replies
            .iter()
            .rposition(|(_, octets)| mentions(octets, last_id));
        let rest = replies.get(looked_at.context("a session not recorded")?..);
        let rest = rest.unwrap_or_default();
        let quit = rest
            .iter()
            .position(|(_, octets)| octets.starts_with(GOOD_BYE));
        let quit = quit.context("no reply to QUIT")?;
        let before = quit.checked_sub(1).and_then(|before| rest.get(before));
        let last = rest.get(quit);
        for message in messages {
            if message.recipient == deletion.owner && deletion.ids.contains(&message.id) {
                message.may_be_deleted = before.map(|reply| reply.0);
                message.deleted = last.map(|reply| reply.0);
            }
        }
        Ok(())
    }

    /// When the command line was told that an account exists.
    fn account(&self, address: &str) -> Result<Moment> {
        let told = format!("\"address\":\"{address}\"");
        let found = self
            .local
            .iter()
            .find(|(_, octets)| mentions(octets, &told));
        let found = found.with_context(|| format!("the making of {address} is not recorded"))?;
        Ok(found.0)
    }
}

fn mentions(octets: &[u8], text: &str) -> bool {
    octets
        .windows(text.len())
        .any(|window| window == text.as_bytes())
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
    }
}

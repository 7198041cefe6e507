//! What the clients do while the server is recorded, and what they note down.

use std::{
    net::SocketAddr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

use anyhow::{Result, bail, ensure};
use hikyaku_testkit::{
    host::{Host, HostDatabase, PASSWORD},
    imap::ImapClient,
    line::LineClient,
    mail::TestMail,
    seed::Seed,
    smtp::{SmtpClient, Verdict},
};

use super::{
    recording::Recording,
    tracer::{Synchronous, Traced},
};
use crate::{
    scene::{BINARY, read_mail},
    senders::SENDER,
};

/// Messages that one POP3 session deletes at most.
const DELETED_AT_ONCE: usize = 4;
/// POP3 sessions of one run of the server at most.
const DELETING_SESSIONS: usize = 8;

/// How much is done.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    /// Runs of the server, one after the other; all but the last end in good order.
    runs: usize,
    /// Messages of each run.
    messages: usize,
    /// SMTP connections that send them; one more speaks LMTP, and one IMAP.
    connections: usize,
}

impl Load {
    pub(super) const FULL: Self = Self {
        runs: 2,
        messages: 420,
        connections: 5,
    };
    pub(super) const SMALL: Self = Self {
        runs: 1,
        messages: 40,
        connections: 3,
    };
}

/// What the clients noted down.
#[derive(Debug, Default)]
pub(super) struct Diary {
    pub(super) accounts: Vec<String>,
    pub(super) sent: Vec<Sent>,
    pub(super) deletions: Vec<Deletion>,
}

/// A message that was sent.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) id: String,
    pub(super) recipients: Vec<String>,
    pub(super) octets: Vec<u8>,
    /// The reply, when it was a 250.
    pub(super) accepted: Option<String>,
}

/// A POP3 session that deleted messages: its QUIT was answered with `+OK`.
#[derive(Debug)]
pub(super) struct Deletion {
    /// By this the replies to it are found.
    pub(super) client_port: u16,
    pub(super) owner: String,
    /// In the order in which it looked at them.
    pub(super) ids: Vec<String>,
}

/// Records a server from its very first start to its sudden end.
pub(super) fn record(
    synchronous: Synchronous,
    load: Load,
    seed: &mut Seed,
) -> Result<(Recording, Diary)> {
    let mut host = Host::bare(BINARY, &HostDatabase::Embedded)?;
    let mut recording = Recording::of(host.dir().canonicalize()?);
    let mut diary = Diary::default();
    for run in 1..=load.runs {
        let traced = Traced::start(&mut host, synchronous, recording)?;
        if run == 1 {
            host.add_domain()?;
            for local in ["alice", "bob", "carol"] {
                diary.accounts.push(host.account(local)?);
            }
        }
        one_run(&host, load, run, &mut diary, seed)?;
        if run < load.runs {
            let status = host.stop()?;
            ensure!(status.success(), "the server ended with {status}");
        } else {
            host.kill()?;
        }
        recording = traced.finish()?;
    }
    Ok((recording, diary))
}

/// Senders, somebody who deletes, and a new account, all at once.
fn one_run(host: &Host, load: Load, run: usize, diary: &mut Diary, seed: &mut Seed) -> Result<()> {
    let people = diary.accounts.clone();
    let shared = Shared {
        people: &people,
        left: AtomicUsize::new(load.messages),
        sent: Mutex::default(),
        is_over: AtomicBool::new(false),
    };
    let (smtp, lmtp, pop3) = (host.address(25), host.address(24), host.address(110));
    thread::scope(|scope| {
        let mut senders = Vec::new();
        for _ in 0..load.connections {
            let (seed, shared) = (seed.split(), &shared);
            senders.push(scope.spawn(move || shared.send_by_smtp(smtp, seed)));
        }
        let (lmtp_seed, lmtp_shared) = (seed.split(), &shared);
        senders.push(scope.spawn(move || lmtp_shared.send_by_lmtp(lmtp, lmtp_seed)));
        let (imap, append_seed, append_shared) = (host.address(143), seed.split(), &shared);
        let owner = &people[1];
        senders.push(scope.spawn(move || append_shared.append(imap, owner, append_seed)));
        let deleting = scope.spawn(|| shared.delete(pop3, &people[0]));
        let newcomer = host.account(&format!("newcomer{run}"));
        let mut result = newcomer.map(|account| diary.accounts.push(account));
        for sender in senders {
            result = result.and(sender.join().unwrap_or_else(|_| bail!("a sender panicked")));
        }
        shared.is_over.store(true, Relaxed);
        let deleted = deleting
            .join()
            .unwrap_or_else(|_| bail!("the reader panicked"));
        diary.deletions.extend(deleted?);
        result
    })?;
    diary.sent.extend(
        shared
            .sent
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner),
    );
    Ok(())
}

/// What the clients of one run share.
struct Shared<'a> {
    people: &'a [String],
    left: AtomicUsize,
    sent: Mutex<Vec<Sent>>,
    is_over: AtomicBool,
}

impl Shared<'_> {
    fn send_by_smtp(&self, smtp: SocketAddr, mut seed: Seed) -> Result<()> {
        let mut client = SmtpClient::greet(LineClient::connect(smtp)?)?;
        while let Some((mail, to)) = self.next(&mut seed) {
            let verdict = client.offer(SENDER, &borrowed(&to), &mail)?;
            self.note(mail, to, verdict);
        }
        Ok(())
    }

    fn send_by_lmtp(&self, lmtp: SocketAddr, mut seed: Seed) -> Result<()> {
        let mut client = SmtpClient::greet_lmtp(LineClient::connect(lmtp)?)?;
        while let Some((mail, to)) = self.next(&mut seed) {
            let verdicts = client.offer_each(SENDER, &borrowed(&to), &mail)?;
            let Some(last) = verdicts.into_iter().next_back() else {
                bail!("no reply")
            };
            self.note(mail, to, last);
        }
        Ok(())
    }

    /// An IMAP client that stores copies of what it sent.
    fn append(&self, imap: SocketAddr, owner: &str, mut seed: Seed) -> Result<()> {
        let mut client = ImapClient::sign_in(LineClient::connect(imap)?, owner, PASSWORD)?;
        while let Some((mail, _)) = self.next(&mut seed) {
            let answer = client.append("INBOX", &mail.bytes)?;
            ensure!(answer.contains(" OK [APPENDUID "), "{answer}");
            self.note(mail, vec![owner.to_owned()], Verdict::Accepted(answer));
        }
        Ok(())
    }

    /// Signs in, deletes the oldest messages, and quits; again and again.
    fn delete(&self, pop3: SocketAddr, owner: &str) -> Result<Vec<Deletion>> {
        let mut deletions = Vec::new();
        while deletions.len() < DELETING_SESSIONS {
            // Once more after the last message.
            let is_last = self.is_over.load(Relaxed);
            let mut client = read_mail(pop3, owner)?;
            let oldest: Vec<_> = client.list()?.into_iter().take(DELETED_AT_ONCE).collect();
            let mut ids = Vec::new();
            for entry in &oldest {
                ids.push(client.message_id(entry.number)?);
                client.delete(entry.number)?;
            }
            let client_port = client.line.local_port();
            client.quit()?;
            if !ids.is_empty() {
                let owner = owner.to_owned();
                deletions.push(Deletion {
                    client_port,
                    owner,
                    ids,
                });
            }
            if is_last {
                break;
            }
        }
        Ok(deletions)
    }

    /// The next message and who gets it, until all are sent.
    fn next(&self, seed: &mut Seed) -> Option<(TestMail, Vec<String>)> {
        self.left
            .fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1))
            .ok()?;
        let mail = TestMail::incompressible(some_size(seed), seed);
        let mut to: Vec<String> = self
            .people
            .iter()
            .filter(|_| seed.percent(40))
            .cloned()
            .collect();
        if to.is_empty() {
            to.extend(seed.pick(self.people).cloned());
        }
        Some((mail, to))
    }

    fn note(&self, mail: TestMail, recipients: Vec<String>, verdict: Verdict) {
        let accepted = match verdict {
            Verdict::Accepted(reply) => Some(reply),
            Verdict::Refused(_) => None,
        };
        let sent = Sent {
            id: mail.id,
            recipients,
            octets: mail.bytes,
            accepted,
        };
        self.sent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(sent);
    }
}

/// Small messages, some that the database just keeps, and some that become objects.
fn some_size(seed: &mut Seed) -> usize {
    const KIB: u64 = 1024;
    let size = match seed.below(10) {
        0 | 1 => KIB + seed.below(7 * KIB),
        2..=7 => 40 * KIB + seed.below(40 * KIB),
        _ => 100 * KIB + seed.below(200 * KIB),
    };
    usize::try_from(size).unwrap_or(0)
}

fn borrowed(people: &[String]) -> Vec<&str> {
    people.iter().map(String::as_str).collect()
}

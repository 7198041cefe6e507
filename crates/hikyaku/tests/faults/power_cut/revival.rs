//! After the power cut: the real server starts on what is left, and every promise is looked at.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, sync_channel},
    },
    thread,
};

use anyhow::{Context as _, Result, ensure};
use hikyaku_testkit::{
    host::{Host, HostDatabase},
    line::LineClient,
    mail::TestMail,
    smtp::SmtpClient,
};

use super::{
    cut::CutPoint,
    disk::Disk,
    promises::{Expected, Promise, Promises},
    recording::Recording,
};
use crate::{
    scene::{BINARY, mailboxes, read_mail},
    senders::SENDER,
};

/// Servers that are revived at the same time: as many as there are processors in a small machine.
const AT_ONCE: usize = 2;
/// Messages of each revival that are compared with what was sent: the latest are most at risk.
const COMPARED: usize = 3;

/// What was found after one power cut.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) cut: CutPoint,
    /// Promises that are broken, in words.
    pub(super) wrong: Vec<String>,
    /// Acknowledged messages that are not there.
    pub(super) lost: usize,
    /// Messages that are there, or not, as promised.
    pub(super) kept: usize,
}

type Job = (CutPoint, BTreeMap<String, Vec<u8>>);

/// Goes through the recording; at each cut the files are rebuilt and a server is started on them.
pub(super) fn revive_all(
    recording: &Recording,
    promises: &Promises,
    points: Vec<CutPoint>,
) -> Result<Vec<Outcome>> {
    let (sender, receiver) = sync_channel::<Job>(1);
    let receiver = Mutex::new(receiver);
    let outcomes = Mutex::new(Vec::new());
    thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE)
            .map(|_| scope.spawn(|| revive_some(&receiver, promises, &outcomes)))
            .collect();
        let mut disk = Disk::default();
        let mut points = points.into_iter().peekable();
        for (moment, step) in recording.steps.iter().enumerate() {
            disk.step(recording, step)?;
            while let Some(point) = points.next_if(|point| point.moment == moment) {
                let files = point.leaves(&disk);
                if sender.send((point, files)).is_err() {
                    break;
                }
            }
        }
        drop(sender);
        workers.into_iter().try_for_each(|worker| {
            worker
                .join()
                .unwrap_or_else(|_| anyhow::bail!("a revival panicked"))
        })
    })?;
    let mut outcomes = outcomes
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    outcomes.sort_by_key(|outcome: &Outcome| outcome.cut.moment);
    Ok(outcomes)
}

/// One host, whose files are replaced for each job.
fn revive_some(
    jobs: &Mutex<Receiver<Job>>,
    promises: &Promises,
    outcomes: &Mutex<Vec<Outcome>>,
) -> Result<()> {
    let mut host = Host::bare(BINARY, &HostDatabase::Embedded)?;
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((cut, files)) = next else {
            return Ok(());
        };
        replace_files(&host.dir(), &files)?;
        let mut outcome = Outcome {
            cut,
            wrong: Vec::new(),
            lost: 0,
            kept: 0,
        };
        if let Err(error) = revive(&mut host, promises, &mut outcome) {
            outcome.wrong.push(format!("{error:#}"));
        }
        // It may not even have started.
        let _ = host.kill();
        outcomes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(outcome);
    }
}

/// Exactly these files, and what `init` made.
fn replace_files(folder: &Path, files: &BTreeMap<String, Vec<u8>>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if name == "hikyaku.toml" || name == "tls" {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    // A folder comes before what is in it.
    for (name, contents) in files {
        match name.strip_suffix('/') {
            Some(name) => fs::create_dir(folder.join(name))?,
            None => fs::write(folder.join(name), contents)?,
        }
    }
    Ok(())
}

fn revive(host: &mut Host, promises: &Promises, outcome: &mut Outcome) -> Result<()> {
    host.start()?;
    let existing = host.run(&["account", "list"])?;
    let mut people = Vec::new();
    for (account, told) in &promises.accounts {
        let exists = existing.contains(account);
        if exists {
            people.push(account.clone());
        }
        if !exists && *told <= outcome.cut.moment {
            outcome.wrong.push(format!("the account {account} is gone"));
        }
    }
    let found = mailboxes(host.address(110), &people)?;
    let count = |promise: &Promise| {
        let messages = found
            .get(&promise.recipient)
            .map(Vec::as_slice)
            .unwrap_or_default();
        messages.iter().filter(|id| **id == promise.id).count()
    };
    for promise in &promises.messages {
        judge(promise, count(promise), outcome);
    }
    let known = |id: &String| promises.sent.contains_key(id);
    let strange = found.values().flatten().filter(|id| !known(id)).count();
    ensure!(
        strange == 0,
        "{strange} messages are there that nobody sent"
    );
    compare(host, promises, outcome)?;
    if let Some(person) = people.first() {
        let mut client = SmtpClient::greet(LineClient::connect(host.address(25))?)?;
        client
            .send(SENDER, &[person], &TestMail::default())
            .context("new mail")?;
    }
    host.check()
}

fn judge(promise: &Promise, count: usize, outcome: &mut Outcome) {
    let expected = promise.after(outcome.cut.moment);
    let is_right = match expected {
        Expected::Once => count == 1,
        Expected::Never => count == 0,
        Expected::OnceOrNever => count <= 1,
    };
    if is_right {
        outcome.kept += usize::from(expected != Expected::OnceOrNever);
        return;
    }
    outcome.lost += usize::from(expected == Expected::Once && count == 0);
    let (id, recipient) = (&promise.id, &promise.recipient);
    outcome.wrong.push(format!(
        "{id} for {recipient}: expected {expected:?}, found {count}"
    ));
}

/// The latest messages are there, octet for octet.
fn compare(host: &Host, promises: &Promises, outcome: &Outcome) -> Result<()> {
    let cut = outcome.cut.moment;
    let mut latest: Vec<_> = promises
        .messages
        .iter()
        .filter(|promise| promise.after(cut) == Expected::Once)
        .collect();
    latest.sort_by_key(|promise| promise.accepted);
    for promise in latest.iter().rev().take(COMPARED) {
        let mut client = read_mail(host.address(110), &promise.recipient)?;
        let messages = client.message_ids()?;
        let Some(at) = messages.iter().position(|id| *id == promise.id) else {
            continue;
        };
        let number = u32::try_from(at + 1)?;
        let lines = client.retrieve(number)?.join("\r\n") + "\r\n";
        let sent = promises.sent.get(&promise.id).context("nobody sent it")?;
        ensure!(
            lines.as_bytes().ends_with(sent),
            "{} is not what was sent",
            promise.id
        );
    }
    Ok(())
}

//! A run: the maildrop, over as many connections as it takes.

use std::collections::{HashSet, VecDeque};

use hikyaku_mailstore::{Flags, MailboxPath, QuotaKind};
use tokio::sync::mpsc;

use crate::{
    CollectError, Ended, Report,
    arrived::{Arrived, Message},
    collector::Run,
    error::chain,
    intake::{Fate, Intake},
    limits::{CAREFUL_MESSAGES, COMMAND_BYTES, HANDED_BYTES, TRIES_PER_MESSAGE},
    report::{FolderReport, SkipReason},
    state::FolderKey,
};

use super::{
    arrival,
    listing::{self, Wanted},
    session::{Reply, Retrieved, Session},
};

/// Commands under way at a time, where the server takes several (RFC 2449 §6.6).
const PIPELINED: usize = 16;

/// Work on a maildrop.
struct Work {
    intake: Intake,
    report: FolderReport,
    /// Names of messages that are settled in this run.
    settled: HashSet<Vec<u8>>,
    /// Those of them that the account had with the same content.
    already: u64,
    careful: usize,
    suspect: Option<(Vec<u8>, u32)>,
}

/// Reads the maildrop. An error is one of the beginning: later ones are told in the report.
pub(crate) async fn run(run: &mut Run<'_>) -> Result<Report, CollectError> {
    let mut session = Session::open(run.job, &run.tls, &run.limits).await?;
    let into = run.job.selection.into.clone();
    let intake = run.intake(into.unwrap_or_else(MailboxPath::inbox));
    (run.position, run.folders) = (1, 1);
    let mut work = Work {
        report: FolderReport {
            folder: "INBOX".to_owned(),
            into: Some(intake.mailbox.clone()),
            ..FolderReport::default()
        },
        intake,
        settled: HashSet::new(),
        already: 0,
        careful: 0,
        suspect: None,
    };
    let ended = loop {
        let before = work.settled.len();
        let attempt = work.attempt(&mut session, run).await;
        if work.settled.len() > before {
            run.attempts.progress();
        }
        match attempt {
            Ok(None) => break Ended::Complete,
            Ok(Some(kind)) => break Ended::OverQuota(kind),
            Err(error) if error.is_of_folder() => {
                work.report.failed = Some(chain(&error));
                break Ended::Complete;
            }
            Err(error) => match reopen(run, error).await {
                Ok(next) => session = next,
                Err(error) => break Ended::Early(error),
            },
        }
    };
    session.close().await;
    Ok(Report {
        folders: vec![work.report],
        reconnects: run.attempts.total,
        ended,
        ..Report::default()
    })
}

/// Connects again, as often as the attempts allow.
async fn reopen(run: &mut Run<'_>, error: CollectError) -> Result<Session, CollectError> {
    let mut failed = error;
    loop {
        run.attempts.wait_after(failed).await?;
        match Session::open(run.job, &run.tls, &run.limits).await {
            Ok(session) => return Ok(session),
            Err(error) => failed = error,
        }
    }
}

impl Work {
    /// Reads the maildrop to its end, or as far as this connection goes.
    async fn attempt(
        &mut self,
        session: &mut Session,
        run: &mut Run<'_>,
    ) -> Result<Option<QuotaKind>, CollectError> {
        let key = FolderKey {
            source: run.job.source(),
            name: Vec::new(),
            generation: 0,
        };
        let rows = if run.job.dry_run {
            self.intake.state.look(&key).await?
        } else {
            self.intake.ensure_mailbox().await?;
            self.intake.state.open(&key).await?
        };
        self.intake.folder = rows.current;
        let mut listed = listing::list(session, run.limits.listed_messages).await?;
        listed.retain(|listed| !self.settled.contains(&listed.name));
        let found = listed.len() as u64;
        let state = &self.intake.state;
        let mut wanted = listing::without_known(state, rows.current, listed).await?;
        let remaining = wanted.len() as u64;
        self.report.found = self.settled.len() as u64 + found;
        self.report.already = self.already + found - remaining;
        self.report.remaining = remaining;
        if run.job.dry_run {
            return Ok(None);
        }
        run.begin_folder(&self.report, wanted.iter().map(|wanted| wanted.size).sum());
        while !wanted.is_empty() {
            let most = match self.careful {
                0 => wanted.len(),
                careful => careful,
            };
            let pass: Vec<Wanted> = wanted.iter().take(most).cloned().collect();
            let (sender, receiver) = mpsc::channel(1);
            let window = if self.careful == 0 && session.has("PIPELINING") {
                PIPELINED
            } else {
                1
            };
            let reading = Reading {
                session,
                limits: (run.limits.message_bytes, window),
                chunk: Intake::chunk(&self.intake.mail),
                sender,
                batch: Vec::new(),
                bytes: 0,
            };
            let (read, written) = tokio::join!(reading.run(&pass), self.write(receiver, run));
            if let Some(kind) = written? {
                return Ok(Some(kind));
            }
            wanted.retain(|wanted| !self.settled.contains(&wanted.name));
            if let Err(error) = read {
                let mut asked = pass.iter();
                self.suspect(asked.find(|asked| !self.settled.contains(&asked.name)));
                return Err(error);
            }
            self.careful = 0;
        }
        Ok(None)
    }

    /// Notes at which message the connection ended; after so many times the message is skipped.
    fn suspect(&mut self, asked: Option<&Wanted>) {
        let Some(asked) = asked else { return };
        let times = match &self.suspect {
            Some((before, times)) if *before == asked.name => times + 1,
            _ => 1,
        };
        self.suspect = Some((asked.name.clone(), times));
        self.careful = CAREFUL_MESSAGES;
        if times >= TRIES_PER_MESSAGE {
            self.settled.insert(asked.name.clone());
            self.report
                .skip(asked.number, SkipReason::EndsConnection(times));
        }
    }

    /// Writes what is handed on, and tells how far it is.
    async fn write(
        &mut self,
        mut receiver: mpsc::Receiver<Vec<Arrived>>,
        run: &mut Run<'_>,
    ) -> Result<Option<QuotaKind>, CollectError> {
        while let Some(batch) = receiver.recv().await {
            let names: Vec<Vec<u8>> = batch.iter().map(|arrived| arrived.name.clone()).collect();
            let fates = self.intake.take(batch).await?;
            let mut full = None;
            for (name, (number, fate)) in names.into_iter().zip(fates) {
                match fate {
                    Fate::OverQuota(kind) => {
                        full = Some(kind);
                        continue;
                    }
                    Fate::Imported(bytes) => {
                        self.report.imported += 1;
                        self.report.bytes += bytes;
                    }
                    Fate::Already => {
                        self.already += 1;
                        self.report.already += 1;
                    }
                    Fate::Skipped(reason) => self.report.skip(number, reason),
                }
                self.settled.insert(name);
                self.report.remaining = self.report.remaining.saturating_sub(1);
            }
            run.tell(&self.report);
            if full.is_some() {
                return Ok(full);
            }
        }
        Ok(None)
    }
}

/// Asking for messages, and handing on what comes.
struct Reading<'a> {
    session: &'a mut Session,
    /// Bytes of a message, and commands under way at a time.
    limits: (u64, usize),
    chunk: usize,
    sender: mpsc::Sender<Vec<Arrived>>,
    batch: Vec<Arrived>,
    bytes: u64,
}

impl Reading<'_> {
    /// Asks for these messages. What has come is handed on also when this fails.
    async fn run(mut self, wanted: &[Wanted]) -> Result<(), CollectError> {
        let result = self.ask_for(wanted).await;
        self.hand_on().await;
        result
    }

    async fn ask_for(&mut self, wanted: &[Wanted]) -> Result<(), CollectError> {
        let (limit, window) = self.limits;
        let mut under_way: VecDeque<&Wanted> = VecDeque::new();
        let mut wanted = wanted.iter().peekable();
        loop {
            let bytes: u64 = under_way.iter().map(|asked| asked.size).sum();
            let has_room = under_way.len() < window && bytes < COMMAND_BYTES;
            if let Some(next) = wanted.next_if(|_| has_room || under_way.is_empty()) {
                if next.size > limit {
                    let size = next.size;
                    self.put(next, Err(SkipReason::TooLarge { size, limit }))
                        .await?;
                } else {
                    let command = format!("RETR {}", next.number);
                    self.session.say(&command).await?;
                    under_way.push_back(next);
                }
                continue;
            }
            let Some(asked) = under_way.pop_front() else {
                return Ok(());
            };
            let outcome = self.retrieve().await?;
            self.put(asked, outcome).await?;
        }
    }

    async fn retrieve(&mut self) -> Result<Result<Message, SkipReason>, CollectError> {
        let limit = self.limits.0;
        Ok(match self.session.reply().await? {
            Reply::Err(said) => match Reply::Err(said).check("RETR") {
                Err(CollectError::Refused { said, .. }) => Err(SkipReason::Refused(said)),
                Err(error) => return Err(error),
                Ok(_) => Err(SkipReason::NotSent),
            },
            Reply::Ok(_) => match self.session.message().await? {
                Retrieved::Whole(content) if content.is_empty() => Err(SkipReason::Empty),
                Retrieved::Whole(content) => Ok(Message {
                    internal_date: arrival::of(&content),
                    content,
                    flags: Flags::default(),
                }),
                Retrieved::TooLarge(size) => Err(SkipReason::TooLarge { size, limit }),
            },
        })
    }

    async fn put(
        &mut self,
        asked: &Wanted,
        outcome: Result<Message, SkipReason>,
    ) -> Result<(), CollectError> {
        let arrived = Arrived {
            number: asked.number,
            name: asked.name.clone(),
            outcome,
        };
        self.bytes += arrived.bytes();
        self.batch.push(arrived);
        if self.batch.len() >= self.chunk || self.bytes >= HANDED_BYTES {
            self.hand_on().await;
        }
        if self.sender.is_closed() {
            // The writer has ended, and knows why.
            return Err(CollectError::Lost(None));
        }
        Ok(())
    }

    async fn hand_on(&mut self) {
        self.bytes = 0;
        let batch = std::mem::take(&mut self.batch);
        if !batch.is_empty() {
            // A writer that has ended needs no more.
            let _ = self.sender.send(batch).await;
        }
    }
}

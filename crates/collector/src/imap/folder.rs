//! One folder: from the listing to the last message, over as many connections as it takes.

use std::collections::HashSet;

use hikyaku_imap_proto::client::{Condition, Response};
use hikyaku_mailstore::QuotaKind;
use tokio::sync::mpsc;

use crate::{
    CollectError, Job, Limits,
    arrived::Arrived,
    collector::Run,
    intake::{Fate, Intake},
    limits::{CAREFUL_MESSAGES, TRIES_PER_MESSAGE},
    mapping::Folder,
    report::{FolderReport, SkipReason},
    state::{FolderKey, FolderRows},
};

use super::{
    fetching::{Fetching, Pace, Pass},
    listing::{self, Asked, FollowFlags, Listing, Wanted},
    renumbered,
    session::Session,
};

/// Work on one folder.
pub(super) struct FolderWork<'a> {
    folder: &'a Folder,
    intake: Intake,
    key: FolderKey,
    pub(super) report: FolderReport,
    /// UIDs that are settled in this run.
    settled: HashSet<u32>,
    /// Those of them that the account had under another number or with the same content.
    already: u64,
    /// How many messages are asked for one by one, after a trouble.
    careful: usize,
    /// The message at which the connection ended, and how often.
    suspect: Option<(u32, u32)>,
}

/// How an attempt at a folder ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    Complete,
    OverQuota(QuotaKind),
}

impl<'a> FolderWork<'a> {
    pub(super) fn new(folder: &'a Folder, intake: Intake, source: String) -> Self {
        let report = FolderReport {
            folder: folder.name.clone(),
            into: Some(intake.mailbox.clone()),
            ..FolderReport::default()
        };
        Self {
            folder,
            intake,
            key: FolderKey {
                source,
                name: folder.wire.clone(),
                generation: 0,
            },
            report,
            settled: HashSet::new(),
            already: 0,
            careful: 0,
            suspect: None,
        }
    }

    /// Messages that are settled in this run.
    pub(super) fn settled(&self) -> usize {
        self.settled.len()
    }

    /// Reads the folder to its end, or as far as this connection goes.
    pub(super) async fn attempt(
        &mut self,
        session: &mut Session,
        run: &mut Run<'_>,
    ) -> Result<Attempt, CollectError> {
        let messages = self.examine(session).await?;
        let rows = self.open(run.job).await?;
        let listing = if messages == 0 {
            Listing::default()
        } else {
            self.list(session, &rows, run.job, run.limits).await?
        };
        let mut wanted = listing.wanted;
        if !(rows.older.is_empty() || wanted.is_empty() || run.job.dry_run) {
            let state = &self.intake.state;
            let carried = renumbered::carry_over(session, state, &rows, &wanted).await?;
            wanted.retain(|wanted| !carried.contains(&wanted.uid));
            self.already += carried.len() as u64;
            self.settled.extend(carried);
        }
        let remaining = wanted.len() as u64;
        self.report.found = self.settled.len() as u64 + listing.known + remaining;
        self.report.already = listing.known + self.already;
        self.report.remaining = remaining;
        self.report.flags_changed += listing.flags_changed;
        if run.job.dry_run {
            return Ok(Attempt::Complete);
        }
        let end = self.fetch(session, wanted, run).await?;
        if end == Attempt::Complete {
            self.intake.state.forget_older(&rows).await?;
        }
        Ok(end)
    }

    /// EXAMINE: nothing is changed by looking. Returns the number of messages.
    async fn examine(&mut self, session: &mut Session) -> Result<u32, CollectError> {
        let command = session.command("EXAMINE").string(&self.folder.wire);
        let (mut messages, mut generation) = (0, None);
        let take = |response| {
            match response {
                Response::Exists(count) => messages = count,
                Response::Condition {
                    condition: Condition::Ok,
                    code: Some(code),
                    ..
                } if code.name == "UIDVALIDITY" => {
                    generation = code.number().and_then(|n| u32::try_from(n).ok());
                }
                _ => {}
            }
            Ok(())
        };
        session.run(command, take).await?.check("EXAMINE")?;
        let Some(generation) = generation.filter(|generation| *generation > 0) else {
            return Err(CollectError::Refused {
                command: "EXAMINE",
                said: "it gives the messages no lasting numbers (UIDVALIDITY)".to_owned(),
            });
        };
        let is_first = self.key.generation == 0;
        if !is_first && self.key.generation != generation {
            return Err(CollectError::Renumbered);
        }
        self.key.generation = generation;
        Ok(messages)
    }

    /// What is remembered of the folder, and the mailbox it goes to.
    async fn open(&mut self, job: &Job) -> Result<FolderRows, CollectError> {
        if job.dry_run {
            return self.intake.state.look(&self.key).await;
        }
        let rows = self.intake.state.open(&self.key).await?;
        self.intake.folder = rows.current;
        self.intake.ensure_mailbox().await?;
        Ok(rows)
    }

    async fn list(
        &self,
        session: &mut Session,
        rows: &FolderRows,
        job: &Job,
        limits: Limits,
    ) -> Result<Listing, CollectError> {
        let asked = Asked {
            intake: &self.intake,
            limits: &limits,
            rows,
            settled: &self.settled,
            since_day: job.selection.since_day,
            flags: match (job.follow_flags, job.dry_run) {
                (false, _) => FollowFlags::No,
                (true, false) => FollowFlags::Yes,
                (true, true) => FollowFlags::Count,
            },
        };
        listing::list(session, &asked).await
    }

    /// Asks for all that is wanted, in passes.
    async fn fetch(
        &mut self,
        session: &mut Session,
        mut wanted: Vec<Wanted>,
        run: &mut Run<'_>,
    ) -> Result<Attempt, CollectError> {
        run.begin_folder(&self.report, wanted.iter().map(|wanted| wanted.size).sum());
        while !wanted.is_empty() {
            let pace = match self.careful {
                0 => Pace::Full,
                _ => Pace::Careful,
            };
            let most = if pace == Pace::Full {
                wanted.len()
            } else {
                self.careful
            };
            let pass: Vec<Wanted> = wanted.iter().take(most).copied().collect();
            let (sender, receiver) = mpsc::channel(1);
            let limits = run.limits;
            let sizes = (&limits, Intake::chunk(&self.intake.mail));
            let fetching = Fetching::new(session, sizes, pace, sender).run(&pass);
            let (fetched, written) = tokio::join!(fetching, self.write(receiver, run));
            if let Some(kind) = written? {
                return Ok(Attempt::OverQuota(kind));
            }
            wanted.retain(|wanted| !self.settled.contains(&wanted.uid));
            match fetched {
                Ok(Pass::Complete) => self.careful = 0,
                Ok(Pass::Refused) => self.careful = CAREFUL_MESSAGES,
                Err(error) => {
                    self.suspect(pass.iter().find(|asked| !self.settled.contains(&asked.uid)));
                    return Err(error);
                }
            }
        }
        Ok(Attempt::Complete)
    }

    /// Notes at which message the connection ended; after so many times the message is skipped.
    fn suspect(&mut self, asked: Option<&Wanted>) {
        let Some(Wanted { uid, .. }) = asked.copied() else {
            return;
        };
        let times = match self.suspect {
            Some((before, times)) if before == uid => times + 1,
            _ => 1,
        };
        self.suspect = Some((uid, times));
        self.careful = CAREFUL_MESSAGES;
        if times >= TRIES_PER_MESSAGE {
            self.count(uid, Fate::Skipped(SkipReason::EndsConnection(times)));
        }
    }

    /// Writes what is handed on, and tells how far it is.
    async fn write(
        &mut self,
        mut receiver: mpsc::Receiver<Vec<Arrived>>,
        run: &mut Run<'_>,
    ) -> Result<Option<QuotaKind>, CollectError> {
        while let Some(batch) = receiver.recv().await {
            let mut full = None;
            for (uid, fate) in self.intake.take(batch).await? {
                if let Fate::OverQuota(kind) = fate {
                    full = Some(kind);
                } else {
                    self.count(uid, fate);
                }
            }
            run.tell(&self.report);
            if full.is_some() {
                return Ok(full);
            }
        }
        Ok(None)
    }

    fn count(&mut self, uid: u32, fate: Fate) {
        self.settled.insert(uid);
        self.report.remaining = self.report.remaining.saturating_sub(1);
        match fate {
            Fate::Imported(bytes) => {
                self.report.imported += 1;
                self.report.bytes += bytes;
            }
            Fate::Already => {
                self.already += 1;
                self.report.already += 1;
            }
            Fate::Skipped(reason) => self.report.skip(uid, reason),
            Fate::OverQuota(_) => {}
        }
    }
}

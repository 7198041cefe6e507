//! Carrying rows out, one chunk after the other.

use std::sync::Arc;

use hikyaku_db::{DbError, Lane, WriteTx};
use hikyaku_directory::{
    Language,
    credentials::MustChange,
    password::{PasswordHash, weaknesses},
};
use hikyaku_jobs::{Checkpoint, JobError, Run};
use hikyaku_types::Secret;
use serde::{Deserialize, Serialize};

use super::Import;
use crate::{
    Actor, ControlError,
    bulk::{
        Draft, Flaw,
        apply::{self, Hand, Ready},
        columns::Column,
        hashing,
        options::{ImportOptions, Passwords, Trial},
        report::{self, Action, Line, Outcome},
        sheet::Writer,
    },
};

/// Rows of one transaction (default 25): about 50 ms of the writer, so that mail is not held up.
const CHUNK: usize = 25;

/// How far an import is: what its checkpoints say.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Place {
    /// Rows that are settled.
    pub(super) next: usize,
    errors: u64,
    /// Whether the passwords' file has its headings.
    passwords: bool,
}

/// Why a transaction of rows was rolled back.
#[derive(Debug)]
pub(super) enum Undone {
    /// This row is wrong.
    Row(usize, Flaw),
    /// It was a dry run, and all went well.
    Rehearsed,
    /// The job cannot go on.
    Job(JobError),
}

impl From<DbError> for Undone {
    fn from(error: DbError) -> Self {
        Self::Job(error.into())
    }
}

impl From<JobError> for Undone {
    fn from(error: JobError) -> Self {
        Self::Job(error)
    }
}

/// A row with what came of it.
#[derive(Debug, Clone)]
pub(super) struct Settled {
    pub(super) row: Ready,
    pub(super) outcome: Outcome,
    /// The password, when it was made up.
    pub(super) secret: Option<Secret>,
}

/// An import at work.
pub(super) struct Rows {
    pub(super) import: Import,
    pub(super) run: Run,
    pub(super) hand: Arc<Hand>,
    pub(super) options: ImportOptions,
    pub(super) place: Place,
}

impl Rows {
    pub(super) fn new(
        import: Import,
        run: Run,
        actor: Actor,
        options: ImportOptions,
    ) -> Result<Self, JobError> {
        let hand = Hand {
            actor,
            template: options.template.clone(),
            restore_window: import.restore_window,
        };
        Ok(Self {
            place: run.state()?.unwrap_or_default(),
            import,
            run,
            hand: Arc::new(hand),
            options,
        })
    }

    /// A wrong row leaves the others alone.
    pub(super) async fn one_after_the_other(mut self, drafts: Vec<Draft>) -> Result<(), JobError> {
        let total = drafts.len();
        let rest = drafts.get(self.place.next..).unwrap_or_default();
        for chunk in rest.chunks(CHUNK) {
            self.run.check()?;
            let settled = self.prepare(chunk.to_vec()).await?;
            match self.attempt(&settled, total).await {
                Err(Undone::Row(..)) => self.each(settled, total).await?,
                Err(Undone::Job(error)) => return Err(error),
                Err(Undone::Rehearsed) => self.record(settled, total).await?,
                Ok(place) => self.place = place,
            }
        }
        Ok(())
    }

    /// One of them is wrong, and the database says so only when it is tried: each for itself.
    async fn each(&mut self, settled: Vec<Settled>, total: usize) -> Result<(), JobError> {
        for mut one in settled {
            let alone = vec![one.clone()];
            match self.attempt(&alone, total).await {
                Ok(place) => self.place = place,
                Err(Undone::Rehearsed) => self.record(alone, total).await?,
                Err(Undone::Job(error)) => return Err(error),
                Err(Undone::Row(_, flaw)) => {
                    one.row.draft.flaws.push(flaw);
                    one.outcome = Outcome::Wrong;
                    one.secret = None;
                    self.record(vec![one], total).await?;
                }
            }
        }
        Ok(())
    }

    /// Decides what each row comes to, and hashes its password.
    pub(super) async fn prepare(&self, drafts: Vec<Draft>) -> Result<Vec<Settled>, JobError> {
        let (hand, mode) = (Arc::clone(&self.hand), self.options.mode);
        let drafts = Arc::new(drafts);
        let asked = Arc::clone(&drafts);
        let actions = self.run.db().read(move |tx| {
            let actions = asked.iter().map(|draft| match &draft.address {
                Some(address) if draft.flaws.is_empty() => {
                    apply::action(tx, &hand.actor, mode, address)
                }
                _ => Ok(Ok(Action::None)),
            });
            actions.collect::<Result<Vec<_>, ControlError>>()
        });
        let actions = actions.await.map_err(|error| match error {
            ControlError::Db(error) => JobError::Db(error),
            other => JobError::failed(other),
        })?;
        let drafts = Arc::unwrap_or_clone(drafts);
        let rows: Vec<Settled> = drafts
            .into_iter()
            .zip(actions)
            .map(|(draft, action)| self.settled(draft, action))
            .collect();
        if self.options.trial == Trial::DryRun {
            return Ok(rows);
        }
        self.hashed(rows).await
    }

    fn settled(&self, mut draft: Draft, action: Result<Action, Flaw>) -> Settled {
        let action = match action {
            Ok(action) => action,
            Err(flaw) => {
                draft.flaws.push(flaw);
                Action::None
            }
        };
        let makes_up = self.options.passwords == Passwords::Generate
            && action == Action::Create
            && draft.password.is_none();
        let secret = makes_up.then(hashing::made_up);
        let mut warning = String::new();
        if let (Some(password), Some(address)) = (&draft.password, &draft.address) {
            if let Err(error) = PasswordHash::check(password) {
                draft.flaws.push(Flaw::in_column(Column::Password, error));
            }
            let weak = weaknesses(password, address);
            let texts: Vec<&str> = weak.iter().map(|weak| weak.text(Language::En)).collect();
            warning = texts.join("; ");
        }
        let fine = draft.flaws.is_empty();
        Settled {
            outcome: match (fine, self.options.trial) {
                (false, _) => Outcome::Wrong,
                (true, Trial::DryRun) => Outcome::Would,
                (true, Trial::ForReal) => Outcome::Done,
            },
            row: Ready {
                action: if fine { action } else { Action::None },
                draft,
                password: None,
                warning,
            },
            secret: secret.filter(|_| fine),
        }
    }

    /// The rows with the hashes of their passwords, computed on all processors.
    async fn hashed(&self, mut rows: Vec<Settled>) -> Result<Vec<Settled>, JobError> {
        let params = self.import.hashing;
        let secret = |one: &Settled| match one.row.action {
            Action::Create | Action::Update => {
                one.secret.clone().or(one.row.draft.password.clone())
            }
            Action::Delete | Action::None => None,
        };
        let wanted: Vec<(usize, Secret)> = rows
            .iter()
            .enumerate()
            .filter_map(|(at, one)| Some((at, secret(one)?)))
            .collect();
        let secrets: Vec<Secret> = wanted.iter().map(|(_, secret)| secret.clone()).collect();
        let hashes = tokio::task::spawn_blocking(move || hashing::hash_all(&secrets, params));
        for ((at, _), hash) in wanted
            .into_iter()
            .zip(hashes.await.map_err(JobError::failed)?)
        {
            let hash = hash.map_err(JobError::failed)?;
            if let Some(one) = rows.get_mut(at) {
                let must_change = match one.secret {
                    Some(_) => MustChange::AtNextSignIn,
                    None => MustChange::No,
                };
                one.row.password = Some((hash, must_change));
            }
        }
        Ok(rows)
    }

    /// Carries rows out in one transaction, with their lines and their checkpoint.
    pub(super) async fn attempt(&self, rows: &[Settled], total: usize) -> Result<Place, Undone> {
        let (hand, run, rows) = (Arc::clone(&self.hand), self.run.clone(), rows.to_vec());
        let (place, trial) = (self.place.clone(), self.options.trial);
        let write = move |tx: &WriteTx<'_>| {
            for (at, one) in rows.iter().enumerate() {
                apply::apply(tx, &hand, &one.row).map_err(|error| match error {
                    ControlError::Db(error) => Undone::Job(error.into()),
                    other => Undone::Row(at, apply::flaw_of(&other)),
                })?;
            }
            match trial {
                Trial::DryRun => Err(Undone::Rehearsed),
                Trial::ForReal => Ok(write_down(tx, &run, &place, &rows, total)?),
            }
        };
        self.run.db().write(Lane::Background, write).await
    }

    /// Writes lines and a checkpoint of rows that change nothing.
    pub(super) async fn record(
        &mut self,
        rows: Vec<Settled>,
        total: usize,
    ) -> Result<(), JobError> {
        let (run, place) = (self.run.clone(), self.place.clone());
        let write = move |tx: &WriteTx<'_>| write_down(tx, &run, &place, &rows, total);
        self.place = self.run.write(write).await?;
        Ok(())
    }
}

/// The lines of rows, the passwords that were made up, and the checkpoint behind them.
fn write_down(
    tx: &WriteTx<'_>,
    run: &Run,
    place: &Place,
    rows: &[Settled],
    total: usize,
) -> Result<Place, JobError> {
    let mut place = place.clone();
    let (mut lines, mut secrets) = (Writer::default(), Writer::default());
    for one in rows {
        let draft = &one.row.draft;
        let line = Line {
            row: draft.number,
            address: &draft.shown,
            action: one.row.action,
            outcome: one.outcome,
            flaws: &draft.flaws,
            warning: &one.row.warning,
        };
        line.write(&mut lines);
        place.errors += u64::from(one.outcome == Outcome::Wrong);
        if let (Some(secret), Outcome::Done) = (&one.secret, one.outcome) {
            secrets.row([draft.shown.as_str(), secret.expose()]);
        }
    }
    let mut text = lines.take();
    if place.next == 0 {
        text = report::headings() + &text;
    }
    run.append_in(tx, report::RESULT, text.as_bytes())?;
    let mut text = secrets.take();
    if !text.is_empty() {
        if !place.passwords {
            text = format!("\u{feff}address,password\r\n{text}");
        }
        place.passwords = true;
        run.append_in(tx, report::PASSWORDS, text.as_bytes())?;
    }
    place.next += rows.len();
    let checkpoint = Checkpoint::new(&place, place.next as u64)
        .of(total as u64)
        .with_errors(place.errors);
    run.checkpoint_in(tx, &checkpoint)?;
    Ok(place)
}

//! A job as everybody sees it.

use std::time::Duration;

use hikyaku_db::{DbError, Row};
use hikyaku_types::{AccountId, ApiKeyId, Id, JobId, TenantId, Timestamp};
use serde::{Deserialize, Serialize};

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum JobState {
    /// Nobody runs it yet, or nobody any more.
    Waiting,
    /// A process runs it.
    Running,
    /// Everything is done.
    Done,
    /// Everything was tried, and not all of it could be done: the result says what.
    DoneWithErrors,
    /// It ended early, for the reason given.
    Failed,
    /// Somebody ended it.
    Cancelled,
}

impl JobState {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Waiting,
        Self::Running,
        Self::Done,
        Self::DoneWithErrors,
        Self::Failed,
        Self::Cancelled,
    ];

    /// Whether nothing will happen to it any more.
    pub const fn is_ended(self) -> bool {
        !matches!(self, Self::Waiting | Self::Running)
    }

    /// As it is stored.
    pub(crate) const fn number(self) -> i64 {
        match self {
            Self::Waiting => 1,
            Self::Running => 2,
            Self::Done => 3,
            Self::DoneWithErrors => 4,
            Self::Failed => 5,
            Self::Cancelled => 6,
        }
    }

    /// The word in answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::DoneWithErrors => "done_with_errors",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Who asked for a job: this one may see it, cancel it and take its results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    /// The house itself.
    House,
    /// The operator at the machine's own command line.
    Console,
    /// An account.
    Account(AccountId),
    /// A program.
    ApiKey(ApiKeyId),
}

impl Owner {
    /// As it is stored.
    pub(crate) fn numbers(self) -> (i64, i64) {
        match self {
            Self::House => (0, 0),
            Self::Console => (1, 0),
            Self::Account(account) => (2, account.to_i64()),
            Self::ApiKey(key) => (3, key.to_i64()),
        }
    }

    fn from_numbers(kind: i64, id: i64) -> Option<Self> {
        match kind {
            0 => Some(Self::House),
            1 => Some(Self::Console),
            2 => Some(Self::Account(AccountId::from_i64(id))),
            3 => Some(Self::ApiKey(ApiKeyId::from_i64(id))),
            _ => None,
        }
    }
}

/// What is known of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// Whose work it is; none for the platform's.
    pub tenant: Option<TenantId>,
    /// Who asked for it.
    pub owner: Owner,
    /// The word of the work.
    pub kind: String,
    /// What it is, for people.
    pub title: String,
    /// How far it is.
    pub state: JobState,
    /// Whether somebody asked for its end.
    pub cancel_requested: bool,
    /// Units of work that are done.
    pub done: u64,
    /// Units of work altogether, where that is known.
    pub total: Option<u64>,
    /// Units that could not be done.
    pub errors: u64,
    /// Why it failed.
    pub reason: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When its newest attempt began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// When it is forgotten, once it has ended.
    pub expires_at: Option<Timestamp>,
    /// What was done when the newest attempt began, and the time it has worked since.
    pace: (u64, Duration),
}

impl Job {
    /// Units per second of the newest attempt; none before the first progress.
    pub fn rate(&self) -> Option<f64> {
        let (begun, worked) = self.pace;
        let done = self.done.checked_sub(begun).filter(|done| *done > 0)?;
        (!worked.is_zero()).then(|| done as f64 / worked.as_secs_f64())
    }

    /// How long it will still take, in seconds, at that rate; only while it runs.
    pub fn remaining_seconds(&self) -> Option<u64> {
        if self.state != JobState::Running {
            return None;
        }
        let left = self.total?.saturating_sub(self.done);
        Some((left as f64 / self.rate()?).ceil() as u64)
    }
}

/// The columns that [`read`] takes a [`Job`] from.
pub(crate) const COLUMNS: &str = "id, tenant_id, owner_kind, owner_id, kind, title, state, cancel, \
     done, total, errors, reason, created_at, started_at, ended_at, expires_at, begun_done, \
     progress_at";

/// The job in a row of [`COLUMNS`].
pub(crate) fn read(row: &Row<'_>) -> Result<Job, DbError> {
    let (number, kind): (i64, i64) = (row.get(6)?, row.get(2)?);
    let state = JobState::ALL.into_iter().find(|s| s.number() == number);
    let started_at: Option<Timestamp> = row.get(13)?;
    let progress_at: Option<Timestamp> = row.get(17)?;
    let worked = match (progress_at, started_at) {
        (Some(progress), Some(started)) => progress.since(started),
        _ => Duration::ZERO,
    };
    Ok(Job {
        id: row.get(0)?,
        tenant: tenant(row.get(1)?),
        owner: Owner::from_numbers(kind, row.get(3)?).ok_or_else(|| unknown(2, "an owner"))?,
        kind: row.get(4)?,
        title: row.get(5)?,
        state: state.ok_or_else(|| unknown(6, "a state"))?,
        cancel_requested: row.get(7)?,
        done: row.get(8)?,
        total: row.get(9)?,
        errors: row.get(10)?,
        reason: row.get(11)?,
        created_at: row.get(12)?,
        started_at,
        ended_at: row.get(14)?,
        expires_at: row.get(15)?,
        pace: (row.get(16)?, worked),
    })
}

/// The tenant behind the number of the column; 0 is the platform, and no id.
pub(crate) fn tenant(number: i64) -> Option<TenantId> {
    (number != 0).then(|| TenantId::from_i64(number))
}

/// The number of the column for a tenant.
pub(crate) fn tenant_number(tenant: Option<TenantId>) -> i64 {
    tenant.map_or(0, Id::to_i64)
}

/// A count as the columns hold it.
pub(crate) fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unknown(index: usize, expected: &'static str) -> DbError {
    DbError::Conversion {
        index,
        expected,
        found: "a number of a later version",
    }
}

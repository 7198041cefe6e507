//! Asking for work.

use hikyaku_db::{Hint, WriteTx, params};
use hikyaku_types::{JobId, TenantId};

use crate::{
    JobState, JobsError, Owner,
    model::{count, tenant_number},
};

/// Bytes of a job's input at most (default 1 MiB): what is longer is a file
/// ([`crate::attach`]).
pub const MAX_INPUT_BYTES: usize = 1 << 20;

/// Jobs of one tenant that wait at most (default 100): more is a program that has gone wrong.
pub const MAX_WAITING: i64 = 100;

/// Work to be done.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// The kind of a registered [`crate::Work`].
    pub kind: &'static str,
    /// Whose work it is: the administrators of this tenant may see it; none for the platform's.
    pub tenant: Option<TenantId>,
    /// Who asks for it.
    pub owner: Owner,
    /// What it is, for people (`Import of accounts.csv`).
    pub title: String,
    /// What the work needs to know.
    pub input: serde_json::Value,
    /// How much it is, where that is known.
    pub total: Option<u64>,
}

/// Puts work into the line, within the transaction that decides on it. A runner hears of it after
/// the commit.
///
/// # Errors
/// [`JobsError::TooManyWaiting`], [`JobsError::InputTooBig`].
pub fn submit(tx: &WriteTx<'_>, job: &NewJob) -> Result<JobId, JobsError> {
    let input = job.input.to_string();
    if input.len() > MAX_INPUT_BYTES {
        return Err(JobsError::InputTooBig);
    }
    let tenant = tenant_number(job.tenant);
    let waiting: i64 = tx.query_one(WAITING, params![tenant, MAX_WAITING], |row| row.get(0))?;
    if waiting >= MAX_WAITING {
        return Err(JobsError::TooManyWaiting);
    }
    let id: JobId = tx.new_id();
    let (owner_kind, owner_id) = job.owner.numbers();
    tx.execute(
        "INSERT INTO job (id, tenant_id, owner_kind, owner_id, kind, title, state, cancel, input,
             done, total, errors, attempt, strikes, due_at, begun_done, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, 0, ?9, 0, 0, 0, ?10, 0, ?10)",
        params![
            id,
            tenant,
            owner_kind,
            owner_id,
            job.kind,
            job.title.replace('\0', ""),
            JobState::Waiting.number(),
            input,
            job.total.map(count),
            tx.now(),
        ],
    )?;
    tx.hint(Hint::Jobs);
    Ok(id)
}

const WAITING: &str = "SELECT COUNT(*) FROM (SELECT id FROM job WHERE state = 1 \
     AND tenant_id = ?1 LIMIT ?2) waiting";

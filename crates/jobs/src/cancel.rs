//! Ending a job, and forgetting one that has ended.

use hikyaku_db::{Hint, WriteTx, params};
use hikyaku_types::JobId;

use crate::{JobState, JobsError, RETENTION, file};

/// What a request to end a job came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// It had not begun and never will.
    AtOnce,
    /// It runs, and ends at its next step. What is done stays done.
    Soon,
    /// It had ended already.
    TooLate,
}

/// Asks for the end of a job.
///
/// # Errors
/// [`JobsError::NoSuchJob`].
pub fn cancel(tx: &WriteTx<'_>, job: JobId) -> Result<Cancelled, JobsError> {
    let state = lock(tx, job)?;
    if state == JobState::Waiting.number() {
        tx.execute(
            "UPDATE job SET state = 6, cancel = 1, ended_at = ?2, expires_at = ?3, input = 'null', \
             checkpoint = NULL WHERE id = ?1",
            params![job, tx.now(), tx.now().plus(RETENTION)],
        )?;
        file::delete_inputs(tx, job)?;
        tx.hint(Hint::Jobs);
        return Ok(Cancelled::AtOnce);
    }
    if state == JobState::Running.number() {
        tx.execute("UPDATE job SET cancel = 1 WHERE id = ?1", params![job])?;
        tx.hint(Hint::Jobs);
        return Ok(Cancelled::Soon);
    }
    Ok(Cancelled::TooLate)
}

/// Forgets a job that has ended, with its files.
///
/// # Errors
/// [`JobsError::NoSuchJob`], [`JobsError::NotEnded`].
pub fn delete(tx: &WriteTx<'_>, job: JobId) -> Result<(), JobsError> {
    let state = lock(tx, job)?;
    if state == JobState::Waiting.number() || state == JobState::Running.number() {
        return Err(JobsError::NotEnded);
    }
    remove(tx, job)?;
    tx.hint(Hint::Jobs);
    Ok(())
}

/// Removes the rows of a job.
pub(crate) fn remove(tx: &WriteTx<'_>, job: JobId) -> Result<(), hikyaku_db::DbError> {
    for sql in [
        "DELETE FROM job_file_part WHERE job_id = ?1",
        "DELETE FROM job_file WHERE job_id = ?1",
        "DELETE FROM job WHERE id = ?1",
    ] {
        tx.execute(sql, params![job])?;
    }
    Ok(())
}

fn lock(tx: &WriteTx<'_>, job: JobId) -> Result<i64, JobsError> {
    let sql = "SELECT state FROM job WHERE id = ?1 FOR UPDATE";
    let state = tx.query_opt(sql, params![job], |row| row.get(0))?;
    state.ok_or(JobsError::NoSuchJob(job))
}

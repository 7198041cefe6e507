//! What becomes of a claim: an end, another try, or another process.

use std::time::Duration;

use hikyaku_db::{DbError, Hint, WriteTx, params};
use hikyaku_types::Timestamp;

use crate::{JobState, MAX_STRIKES, RETENTION, claim::Ticket, file};

/// The wait of a job whose work cannot go on at present, or has just panicked (default 10 s).
pub(crate) const AFTER_TROUBLE: Duration = Duration::from_secs(10);

/// Characters of a reason that are kept.
const MAX_REASON: usize = 1000;

/// Whether the claim was still good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Held,
    Lost,
}

/// Ends a job that the ticket holds.
pub(crate) fn end(
    tx: &WriteTx<'_>,
    ticket: Ticket,
    state: JobState,
    reason: Option<&str>,
) -> Result<Standing, DbError> {
    let reason: Option<String> = reason.map(|reason| {
        let shown = reason.chars().filter(|c| *c != '\0');
        shown.take(MAX_REASON).collect()
    });
    let ended = tx.execute(
        "UPDATE job SET state = ?4, reason = ?5, ended_at = ?6, expires_at = ?7, input = 'null', \
         checkpoint = NULL, lease_owner = NULL, lease_until = NULL \
         WHERE id = ?1 AND state = 2 AND lease_owner = ?2 AND attempt = ?3",
        params![
            ticket.job,
            ticket.runner.0,
            ticket.attempt,
            state.number(),
            reason,
            tx.now(),
            tx.now().plus(RETENTION),
        ],
    )?;
    if ended == 0 {
        return Ok(Standing::Lost);
    }
    file::delete_inputs(tx, ticket.job)?;
    tx.hint(Hint::Jobs);
    Ok(Standing::Held)
}

/// Gives a job back in order, to be gone on with from `due`: no strike.
pub(crate) fn give_back(tx: &WriteTx<'_>, ticket: Ticket, due: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "UPDATE job SET state = 1, strikes = strikes - 1, due_at = ?4, lease_owner = NULL, \
         lease_until = NULL WHERE id = ?1 AND state = 2 AND lease_owner = ?2 AND attempt = ?3",
        params![ticket.job, ticket.runner.0, ticket.attempt, due],
    )?;
    tx.hint(Hint::Jobs);
    Ok(())
}

/// A claim ended without a word: the job waits again, unless that has happened too often or
/// somebody wants it to end anyway.
pub(crate) fn died(tx: &WriteTx<'_>, ticket: Ticket, how: &str) -> Result<Standing, DbError> {
    let found = tx.query_opt(
        "SELECT strikes, cancel FROM job WHERE id = ?1 AND state = 2 AND lease_owner = ?2 \
         AND attempt = ?3 FOR UPDATE",
        params![ticket.job, ticket.runner.0, ticket.attempt],
        |row| Ok((row.get::<i64>(0)?, row.get::<bool>(1)?)),
    )?;
    match found {
        None => Ok(Standing::Lost),
        Some((_, true)) => end(tx, ticket, JobState::Cancelled, None),
        Some((strikes, false)) if strikes >= MAX_STRIKES => {
            let reason = format!(
                "the work broke off {strikes} times, the last time because {how}; what its result \
                 files tell of is done, the rest is not"
            );
            end(tx, ticket, JobState::Failed, Some(&reason))
        }
        Some(_) => {
            tx.execute(
                "UPDATE job SET state = 1, due_at = ?2, lease_owner = NULL, lease_until = NULL \
                 WHERE id = ?1",
                params![ticket.job, tx.now().plus(AFTER_TROUBLE)],
            )?;
            tx.hint(Hint::Jobs);
            Ok(Standing::Held)
        }
    }
}

//! One attempt at a job, from the claim to what came of it.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use hikyaku_db::{Database, DbError, Lane, WriteTx};
use hikyaku_types::JobId;
use tracing::{error, info, warn};

use crate::{
    JobError, JobMetrics, JobState, Run, Work,
    claim::Ticket,
    settle::{self, AFTER_TROUBLE, Standing},
};

/// The longest wait between two tries to write down what came of a job.
const RECORD_WAIT_MAX: Duration = Duration::from_secs(30);

/// What came of it.
#[derive(Debug, Clone)]
enum Outcome {
    Ended(JobState, Option<String>),
    /// To be gone on with, at once elsewhere or later here.
    Back(Duration),
    Panicked,
    /// Somebody else has it.
    Lost,
}

/// Does the work and writes down what came of it.
pub(super) async fn attempt(
    work: Arc<dyn Work>,
    run: Run,
    ticket: Ticket,
    metrics: Arc<JobMetrics>,
) -> JobId {
    let (job, kind) = (ticket.job, work.kind());
    info!(%job, kind, attempt = ticket.attempt, "a job begins");
    let result = AssertUnwindSafe(async { work.run(run.clone()).await })
        .catch_unwind()
        .await;
    let outcome = match result {
        Ok(result) => outcome(result, run.errors()),
        Err(_) => Outcome::Panicked,
    };
    record(run.db(), ticket, &outcome).await;
    match outcome {
        Outcome::Ended(state, reason) => {
            metrics.ended(state);
            info!(%job, kind, state = state.word(), reason, "a job ended");
        }
        Outcome::Back(_) => info!(%job, kind, "a job is gone on with later"),
        Outcome::Panicked => {
            metrics.panicked();
            error!(%job, kind, "the work of a job panicked");
        }
        Outcome::Lost => warn!(%job, kind, "another process has taken over a job"),
    }
    job
}

fn outcome(result: Result<(), JobError>, errors: u64) -> Outcome {
    match result {
        Ok(()) if errors > 0 => Outcome::Ended(JobState::DoneWithErrors, None),
        Ok(()) => Outcome::Ended(JobState::Done, None),
        Err(JobError::Cancelled) => Outcome::Ended(JobState::Cancelled, None),
        Err(JobError::Stopping) => Outcome::Back(Duration::ZERO),
        Err(JobError::Lost) => Outcome::Lost,
        Err(JobError::Later(reason)) => {
            warn!(reason, "a job cannot go on at present");
            Outcome::Back(AFTER_TROUBLE)
        }
        Err(JobError::Db(error)) if error.is_temporary() => {
            tell(&error, "a job cannot go on at present");
            Outcome::Back(AFTER_TROUBLE)
        }
        Err(JobError::Db(error)) => {
            tell(&error, "a job failed");
            let reason = "the database refused the work; the server's log says why".to_owned();
            Outcome::Ended(JobState::Failed, Some(reason))
        }
        Err(JobError::Failed(reason)) => Outcome::Ended(JobState::Failed, Some(reason)),
    }
}

/// Writes until it is written: without that the job would be done again.
async fn record(db: &Database, ticket: Ticket, outcome: &Outcome) {
    let mut wait = Duration::from_secs(1);
    loop {
        let outcome = outcome.clone();
        let write = move |tx: &WriteTx<'_>| settle_one(tx, ticket, &outcome);
        match db.write(Lane::Background, write).await {
            Ok(Standing::Held | Standing::Lost) | Err(DbError::Closed) => return,
            Err(error) => tell(&error, "what came of a job was not recorded yet"),
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(RECORD_WAIT_MAX);
    }
}

fn settle_one(tx: &WriteTx<'_>, ticket: Ticket, outcome: &Outcome) -> Result<Standing, DbError> {
    match outcome {
        Outcome::Ended(state, reason) => settle::end(tx, ticket, *state, reason.as_deref()),
        Outcome::Back(wait) => {
            settle::give_back(tx, ticket, tx.now().plus(*wait)).map(|()| Standing::Held)
        }
        Outcome::Panicked => settle::died(tx, ticket, "of an error in this program"),
        Outcome::Lost => Ok(Standing::Lost),
    }
}

/// Apart from where it is waited: errors as the log takes them may not cross threads.
fn tell(error: &DbError, what: &str) {
    warn!(error = error as &dyn std::error::Error, "{what}");
}

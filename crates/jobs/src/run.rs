//! What a work holds while it runs.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use hikyaku_db::{Database, DbError, Lane, WriteTx, params};
use hikyaku_types::{JobId, TenantId};
use serde::{Serialize, de::DeserializeOwned};
use tokio_util::sync::CancellationToken;

use crate::{
    FileSpec, JobError,
    claim::{Claim, LEASE, Ticket},
    file,
    model::count,
};

/// Bytes of a checkpoint's state at most (default 64 KiB): it says where to go on, not what was
/// done.
pub const MAX_CHECKPOINT_BYTES: usize = 64 << 10;

/// How often progress without a checkpoint is written down.
const PROGRESS_EVERY: Duration = Duration::from_millis(500);

/// How far the work is, and from where it goes on after a crash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    state: String,
    done: u64,
    total: Option<u64>,
    errors: u64,
}

impl Checkpoint {
    /// Everything up to here is done: `state` is what [`Run::state`] gives to the next attempt.
    pub fn new(state: &impl Serialize, done: u64) -> Self {
        Self {
            state: serde_json::to_string(state).unwrap_or_default(),
            done,
            total: None,
            errors: 0,
        }
    }

    /// How much there is altogether.
    #[must_use]
    pub fn of(mut self, total: u64) -> Self {
        self.total = Some(total);
        self
    }

    /// How many units could not be done, altogether.
    #[must_use]
    pub fn with_errors(mut self, errors: u64) -> Self {
        self.errors = errors;
        self
    }
}

/// One attempt at a job. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Run {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    db: Database,
    ticket: Ticket,
    tenant: Option<TenantId>,
    input: String,
    checkpoint: Option<String>,
    errors: AtomicU64,
    cancel: CancellationToken,
    stop: CancellationToken,
    told: Mutex<Option<Instant>>,
}

impl Run {
    pub(crate) fn new(
        db: Database,
        claim: Claim,
        cancel: CancellationToken,
        stop: CancellationToken,
    ) -> Self {
        let inner = Inner {
            db,
            ticket: claim.ticket,
            tenant: claim.tenant,
            input: claim.input,
            checkpoint: claim.checkpoint,
            errors: AtomicU64::new(claim.errors),
            cancel,
            stop,
            told: Mutex::new(None),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The job.
    pub fn id(&self) -> JobId {
        self.inner.ticket.job
    }

    /// Whose work it is.
    pub fn tenant(&self) -> Option<TenantId> {
        self.inner.tenant
    }

    /// The database.
    pub fn db(&self) -> &Database {
        &self.inner.db
    }

    /// What was submitted.
    pub fn input<T: DeserializeOwned>(&self) -> Result<T, JobError> {
        parse(&self.inner.input, "input")
    }

    /// The state of the last checkpoint before this attempt began; none at the first attempt.
    pub fn state<T: DeserializeOwned>(&self) -> Result<Option<T>, JobError> {
        let state = self.inner.checkpoint.as_deref();
        state.map(|text| parse(text, "checkpoint")).transpose()
    }

    /// Whether somebody wants the job to end.
    pub fn is_cancelled(&self) -> bool {
        self.inner.cancel.is_cancelled()
    }

    /// Waits until somebody wants the job, or this process, to end.
    pub async fn cancelled(&self) {
        tokio::select! {
            () = self.inner.cancel.cancelled() => {}
            () = self.inner.stop.cancelled() => {}
        }
    }

    /// Whether to go on: what a work asks between its steps, and passes on.
    pub fn check(&self) -> Result<(), JobError> {
        if self.inner.cancel.is_cancelled() {
            Err(JobError::Cancelled)
        } else if self.inner.stop.is_cancelled() {
            Err(JobError::Stopping)
        } else {
            Ok(())
        }
    }

    /// Writes a checkpoint in the transaction of the work it tells of: both are there, or neither.
    ///
    /// # Errors
    /// [`JobError::Lost`] when another process has the job by now: the transaction must end with
    /// an error, so that it is rolled back.
    pub fn checkpoint_in(&self, tx: &WriteTx<'_>, checkpoint: &Checkpoint) -> Result<(), JobError> {
        if checkpoint.state.len() > MAX_CHECKPOINT_BYTES {
            let text = format!("its checkpoint is longer than {MAX_CHECKPOINT_BYTES} bytes");
            return Err(JobError::Failed(text));
        }
        let Ticket {
            job,
            runner,
            attempt,
        } = self.inner.ticket;
        let written = tx.execute(
            "UPDATE job SET checkpoint = ?4, done = ?5, total = COALESCE(?6, total), errors = ?7, \
             progress_at = ?8, lease_until = ?9 \
             WHERE id = ?1 AND state = 2 AND lease_owner = ?2 AND attempt = ?3",
            params![
                job,
                runner.0,
                attempt,
                &checkpoint.state,
                count(checkpoint.done),
                checkpoint.total.map(count),
                count(checkpoint.errors),
                tx.now(),
                tx.now().plus(LEASE),
            ],
        )?;
        self.inner.errors.store(checkpoint.errors, Relaxed);
        if written == 1 {
            Ok(())
        } else {
            Err(JobError::Lost)
        }
    }

    /// Writes a checkpoint of work that is durable already, or may be done again.
    pub async fn checkpoint(&self, checkpoint: Checkpoint) -> Result<(), JobError> {
        let run = self.clone();
        self.write(move |tx| run.checkpoint_in(tx, &checkpoint))
            .await
    }

    /// Tells how far the work is without a checkpoint, now and then: after a crash it is done
    /// again.
    pub async fn progress(&self, done: u64, total: u64) -> Result<(), JobError> {
        {
            let mut told = lock(&self.inner.told);
            if told.is_some_and(|at| at.elapsed() < PROGRESS_EVERY) {
                return Ok(());
            }
            *told = Some(Instant::now());
        }
        let ticket = self.inner.ticket;
        self.write(move |tx| {
            tx.execute(
                "UPDATE job SET done = ?4, total = ?5, progress_at = ?6 \
                 WHERE id = ?1 AND state = 2 AND lease_owner = ?2 AND attempt = ?3",
                params![
                    ticket.job,
                    ticket.runner.0,
                    ticket.attempt,
                    count(done),
                    count(total),
                    tx.now(),
                ],
            )?;
            Ok(())
        })
        .await
    }

    /// Adds bytes to the end of a result in the transaction of the work they tell of; a checkpoint
    /// goes with them.
    pub fn append_in(
        &self,
        tx: &WriteTx<'_>,
        spec: FileSpec,
        bytes: &[u8],
    ) -> Result<(), JobError> {
        Ok(file::attach(tx, self.id(), spec, bytes)?)
    }

    /// Writes a whole result, in place of one that an earlier attempt wrote.
    pub async fn result_file(&self, spec: FileSpec, bytes: Vec<u8>) -> Result<(), JobError> {
        let run = self.clone();
        self.write(move |tx| {
            run.hold(tx)?;
            file::delete(tx, run.id(), spec.name)?;
            run.append_in(tx, spec, &bytes)
        })
        .await
    }

    /// Removes a result that an earlier attempt began and this one begins anew.
    pub fn discard_in(&self, tx: &WriteTx<'_>, name: &str) -> Result<(), JobError> {
        self.hold(tx)?;
        Ok(file::delete(tx, self.id(), name)?)
    }

    /// All bytes of an input, for works that bound its size themselves.
    pub async fn input_file(&self, name: &'static str) -> Result<Vec<u8>, JobError> {
        let job = self.id();
        let mut bytes = Vec::new();
        for part in 0_u32.. {
            let read = move |tx: &hikyaku_db::Tx<'_>| file::read_part(tx, job, name, part);
            match self.db().read(read).await? {
                Some(piece) => bytes.extend_from_slice(&piece),
                None => break,
            }
        }
        Ok(bytes)
    }

    /// A transaction of the work, on the lane of background work.
    pub async fn write<T, F>(&self, closure: F) -> Result<T, JobError>
    where
        F: Fn(&WriteTx<'_>) -> Result<T, JobError> + Send + 'static,
        T: Send + 'static,
    {
        self.db().write(Lane::Background, closure).await
    }

    /// Units that could not be done, as the last checkpoint says.
    pub(crate) fn errors(&self) -> u64 {
        self.inner.errors.load(Relaxed)
    }

    /// Locks the job's row for this transaction, if this run still has it.
    fn hold(&self, tx: &WriteTx<'_>) -> Result<(), JobError> {
        let Ticket {
            job,
            runner,
            attempt,
        } = self.inner.ticket;
        let held: Result<Option<()>, DbError> = tx.query_opt(
            "SELECT id FROM job WHERE id = ?1 AND state = 2 AND lease_owner = ?2 AND attempt = ?3 \
             FOR UPDATE",
            params![job, runner.0, attempt],
            |_| Ok(()),
        );
        held?.ok_or(JobError::Lost)
    }
}

fn parse<T: DeserializeOwned>(text: &str, what: &str) -> Result<T, JobError> {
    serde_json::from_str(text).map_err(|error| {
        JobError::Failed(format!(
            "its {what} is not as this version of the program writes it ({error}): submit it again"
        ))
    })
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

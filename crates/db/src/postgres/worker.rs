//! One thread of the pool: takes closures and runs each in a transaction on its own connection.

use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    connection::PostgresConnection,
    connector::{Connector, jittered},
    error::Condition,
};
use crate::{
    error::DbError,
    hints::Hint,
    job::{ReadJob, Verdict, WriteJob},
    metrics::Metrics,
    queue::{Lane, LaneQueue, Taken},
    store::Shared,
    tx::{Backend, Tx, WriteTx},
};

/// How often a closure is run again after a deadlock or a serialization failure (default 10).
pub const RERUNS: u32 = 10;
/// The first pause before a rerun (default 5 ms, jittered); each further one is doubled.
const RERUN_PAUSE_FIRST: Duration = Duration::from_millis(5);
/// The longest pause before a rerun (default 200 ms, jittered).
const RERUN_PAUSE_LONGEST: Duration = Duration::from_millis(200);

/// Begins a read: one snapshot for all statements.
const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// A closure of either kind.
pub(super) enum PostgresJob {
    Read(Box<dyn ReadJob>),
    Write(Box<dyn WriteJob>),
}

/// The queue of the pool.
pub(super) type PoolQueue = LaneQueue<PostgresJob>;

/// One thread's side of the pool.
pub(super) struct Worker {
    connection: Option<PostgresConnection>,
    connector: Arc<Connector>,
    queue: Arc<PoolQueue>,
    shared: Arc<Shared>,
    patience: Duration,
    hints: RefCell<Vec<Hint>>,
}

/// What one run of a write closure came to.
struct Outcome {
    /// The error of COMMIT; without one the closure's own result counts.
    failure: Option<DbError>,
    condition: Condition,
}

impl Worker {
    pub(super) fn new(
        connection: Option<PostgresConnection>,
        connector: Arc<Connector>,
        queue: Arc<PoolQueue>,
        shared: Arc<Shared>,
        patience: Duration,
    ) -> Self {
        Self {
            connection,
            connector,
            queue,
            shared,
            patience,
            hints: RefCell::default(),
        }
    }

    /// Works until the queue is closed and empty.
    pub(super) fn run(mut self) {
        while let Some(Taken {
            job,
            lane,
            queued_at,
        }) = self.queue.take()
        {
            let deadline = queued_at + self.patience;
            let work = || match job {
                PostgresJob::Read(job) if job.is_wanted() => self.read(job, deadline),
                PostgresJob::Read(_) => {}
                PostgresJob::Write(job) => self.write(job, lane, deadline),
            };
            // A panic outside the closures (a caller's error type may panic while it is made) ends
            // no thread of the pool; its connection may be in any state.
            if catch_unwind(AssertUnwindSafe(work)).is_err() {
                tracing::error!("a thread of the pool panicked between closures");
                Metrics::add(&self.shared.metrics.panics);
                self.connection = None;
            }
            self.queue.finished(lane);
        }
    }

    /// Runs a read. A connection that is lost costs only time: the same read is done on another.
    fn read(&mut self, mut job: Box<dyn ReadJob>, deadline: Instant) {
        let started = Instant::now();
        for attempt in 0..=RERUNS {
            let connection = match self.begin(BEGIN_READ, deadline) {
                Ok(connection) => connection,
                Err(error) => return job.fail(error),
            };
            let verdict = job.run(&Tx::new(
                Backend::Postgres(&connection),
                self.shared.clock.now(),
            ));
            let condition = connection.condition();
            self.connection = self.roll_back(connection, verdict);
            if condition == Condition::Sound || attempt == RERUNS {
                break;
            }
            self.pause_before_rerun(attempt, condition);
        }
        self.shared.metrics.read.observe_time(started.elapsed());
        job.complete();
    }

    /// Runs a write, again after a deadlock.
    fn write(&mut self, mut job: Box<dyn WriteJob>, lane: Lane, deadline: Instant) {
        for attempt in 0..=RERUNS {
            let connection = match self.begin("BEGIN", deadline) {
                Ok(connection) => connection,
                Err(error) => return job.fail(error),
            };
            let outcome = self.write_once(connection, &mut *job, lane);
            let again = matches!(outcome.condition, Condition::Retry | Condition::StalePlans);
            if !again || attempt == RERUNS {
                return match outcome.failure {
                    Some(error) => job.fail(error),
                    None => job.complete(),
                };
            }
            self.pause_before_rerun(attempt, outcome.condition);
        }
    }

    fn write_once(
        &mut self,
        connection: PostgresConnection,
        job: &mut dyn WriteJob,
        lane: Lane,
    ) -> Outcome {
        let started = Instant::now();
        self.hints.borrow_mut().clear();
        let tx = Tx::new(Backend::Postgres(&connection), self.shared.clock.now());
        let verdict = job.run(&WriteTx::new(tx, &self.shared.ids, &self.hints));
        self.shared.metrics.held(lane, started.elapsed());
        // Taken before ROLLBACK: its failure says nothing about the closure.
        let condition = connection.condition();
        match verdict {
            Verdict::Commit => {
                let failure = self.commit(&connection).err();
                let condition = connection.condition();
                self.connection = Some(connection);
                Outcome { failure, condition }
            }
            Verdict::RollBack | Verdict::Panicked => {
                self.connection = self.roll_back(connection, verdict);
                Outcome {
                    failure: None,
                    condition,
                }
            }
        }
    }

    /// Commits and publishes. When the connection is lost now, nobody knows whether the server
    /// committed: that is an error, never a success.
    fn commit(&self, connection: &PostgresConnection) -> Result<(), DbError> {
        let started = Instant::now();
        let committed = connection.run_script("COMMIT");
        let metrics = &self.shared.metrics;
        metrics.commit.observe_time(started.elapsed());
        metrics.group_size.observe(1);
        match committed {
            Ok(()) => {
                Metrics::add(&metrics.commits);
                self.shared.publish(&mut self.hints.borrow_mut());
                Ok(())
            }
            Err(error) => {
                Metrics::add(&metrics.failed_commits);
                tracing::warn!(%error, "a commit failed");
                Err(error)
            }
        }
    }

    /// Rolls back and returns the connection if it can be used further. After a panic it is not:
    /// it might have been in the middle of an answer.
    fn roll_back(
        &self,
        connection: PostgresConnection,
        verdict: Verdict,
    ) -> Option<PostgresConnection> {
        if verdict == Verdict::Panicked {
            Metrics::add(&self.shared.metrics.panics);
            return None;
        }
        connection
            .run_script("ROLLBACK")
            .is_ok()
            .then_some(connection)
    }

    /// Begins a transaction. A connection that was lost while it was idle is replaced.
    fn begin(&mut self, begin: &str, deadline: Instant) -> Result<PostgresConnection, DbError> {
        loop {
            let connection = match self.connection.take() {
                Some(connection) if connection.condition() != Condition::Lost => connection,
                _ => {
                    let connection = self.connector.connect_until(deadline)?;
                    Metrics::add(&self.shared.metrics.connects);
                    connection
                }
            };
            connection.recover();
            match connection.run_script(begin) {
                Ok(()) => return Ok(connection),
                Err(error) if Instant::now() > deadline => return Err(error),
                // Whatever it is: a new connection has it behind itself.
                Err(error) => tracing::debug!(%error, "a connection was of no use any more"),
            }
        }
    }

    fn pause_before_rerun(&self, attempt: u32, condition: Condition) {
        Metrics::add(&self.shared.metrics.reruns);
        if condition == Condition::Retry {
            let pause = RERUN_PAUSE_FIRST * 2_u32.saturating_pow(attempt);
            std::thread::sleep(jittered(pause.min(RERUN_PAUSE_LONGEST)));
        }
    }
}

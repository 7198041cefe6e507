//! The one thread that writes: group commit.
//!
//! All closures that wait go into one outer transaction, each in a savepoint, and one COMMIT (one
//! fsync) makes them all durable. Nobody gets a result, not even an error, before that COMMIT has
//! returned: what a closure saw may come from another member of its group.

use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

use super::{checkpoint::LogWatch, connection::SqliteConnection};
use crate::{
    error::DbError,
    hints::Hint,
    job::{Verdict, WriteJob},
    metrics::Metrics,
    queue::{LaneQueue, Taken},
    store::Shared,
    tx::{Backend, Tx, WriteTx},
};

/// Closures in one group at most (default 128: enough to spread an fsync thin, and few enough that
/// a failed COMMIT does not fail a crowd).
pub const GROUP_MEMBERS: usize = 128;

/// The queue of the writer.
pub(super) type WriteQueue = LaneQueue<Box<dyn WriteJob>>;
type Member = Taken<Box<dyn WriteJob>>;

/// The writer's side of the store.
pub(super) struct Writer {
    connection: SqliteConnection,
    queue: Arc<WriteQueue>,
    shared: Arc<Shared>,
    log: LogWatch,
    group_time: Duration,
    hints: RefCell<Vec<Hint>>,
}

/// How a member's run ended.
#[derive(Debug)]
enum Run {
    /// Its savepoint is released or rolled back.
    Settled,
    /// The outer transaction is gone, and all members' changes with it, because of this.
    GroupLost(DbError),
}

impl Writer {
    pub(super) fn new(
        connection: SqliteConnection,
        queue: Arc<WriteQueue>,
        shared: Arc<Shared>,
        log: LogWatch,
        group_time: Duration,
    ) -> Self {
        Self {
            connection,
            queue,
            shared,
            log,
            group_time,
            hints: RefCell::default(),
        }
    }

    /// Works until the queue is closed and empty.
    pub(super) fn run(mut self) {
        let mut group = Vec::with_capacity(GROUP_MEMBERS);
        while let Some(first) = self.queue.take() {
            let ran = catch_unwind(AssertUnwindSafe(|| self.run_group(first, &mut group)));
            if ran.is_err() {
                self.clear_up(&mut group);
            }
            self.log
                .after_commit(&self.connection, &self.shared.metrics);
        }
    }

    /// A panic outside the closures (a caller's error type may panic while it is made) must not end
    /// the only writer. Whoever has no result yet gets [`DbError::Closed`].
    fn clear_up(&mut self, group: &mut Vec<Member>) {
        tracing::error!(
            members = group.len(),
            "the writer panicked between closures"
        );
        Metrics::add(&self.shared.metrics.panics);
        self.roll_back();
        group.clear();
        self.hints.borrow_mut().clear();
    }

    fn run_group(&mut self, first: Member, group: &mut Vec<Member>) {
        if let Err(error) = self.connection.control("BEGIN IMMEDIATE") {
            first.job.fail(error);
            return;
        }
        let started = Instant::now();
        let lane = first.lane;
        let mut next = Some(first);
        while let Some(mut member) = next.take() {
            let run = self.run_member(&mut member);
            group.push(member);
            if let Run::GroupLost(reason) = run {
                return self.recover(group, &reason);
            }
            if group.len() < GROUP_MEMBERS && started.elapsed() < self.group_time {
                next = self.queue.take_more(lane);
            }
        }
        self.commit(group);
    }

    /// Runs one closure in a savepoint of its own.
    fn run_member(&self, member: &mut Member) -> Run {
        let started = Instant::now();
        if let Err(error) = self.connection.control("SAVEPOINT member") {
            return self.give_up(error);
        }
        let hints_before = self.hints.borrow().len();
        let tx = Tx::new(Backend::Sqlite(&self.connection), self.shared.clock.now());
        let tx = WriteTx::new(tx, &self.shared.ids, &self.hints);
        let verdict = member.job.run(&tx);
        if self.connection.is_idle() {
            let unknown = || DbError::unavailable("the transaction was ended by the engine");
            return Run::GroupLost(tx.failure().unwrap_or_else(unknown));
        }
        let settled = match verdict {
            Verdict::Commit => self.connection.control("RELEASE member"),
            Verdict::RollBack | Verdict::Panicked => {
                self.hints.borrow_mut().truncate(hints_before);
                self.connection
                    .control("ROLLBACK TO member")
                    .and_then(|()| self.connection.control("RELEASE member"))
            }
        };
        if verdict == Verdict::Panicked {
            Metrics::add(&self.shared.metrics.panics);
        }
        self.shared.metrics.held(member.lane, started.elapsed());
        match settled {
            Ok(()) => Run::Settled,
            Err(error) => self.give_up(error),
        }
    }

    /// Ends a transaction whose savepoints cannot be trusted.
    fn give_up(&self, error: DbError) -> Run {
        self.roll_back();
        Run::GroupLost(error)
    }

    fn roll_back(&self) {
        if !self.connection.is_idle()
            && let Err(error) = self.connection.control("ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
    }

    /// Commits, then hands out the results.
    fn commit(&self, group: &mut Vec<Member>) {
        let started = Instant::now();
        let committed = self.connection.control("COMMIT");
        let metrics = &self.shared.metrics;
        metrics.commit.observe_time(started.elapsed());
        metrics.group_size.observe(group.len() as u64);
        match committed {
            Ok(()) => {
                Metrics::add(&metrics.commits);
                self.shared.publish(&mut self.hints.borrow_mut());
                group.drain(..).for_each(|member| member.job.complete());
            }
            Err(error) => {
                Metrics::add(&metrics.failed_commits);
                tracing::error!(%error, members = group.len(), "a commit failed");
                self.roll_back();
                self.hints.borrow_mut().clear();
                group
                    .drain(..)
                    .for_each(|member| member.job.fail(error.clone()));
            }
        }
    }

    /// Runs the members of a lost group one by one, each with a commit of its own, so that only
    /// those fail that cannot be done. A member that was alone already has its answer.
    fn recover(&self, group: &mut Vec<Member>, reason: &DbError) {
        self.hints.borrow_mut().clear();
        let mut members = std::mem::take(group);
        if members.len() == 1 {
            members
                .drain(..)
                .for_each(|member| member.job.fail(reason.clone()));
        }
        for member in members.drain(..) {
            Metrics::add(&self.shared.metrics.reruns);
            self.run_alone(member, group);
        }
    }

    fn run_alone(&self, mut member: Member, group: &mut Vec<Member>) {
        if let Err(error) = self.connection.control("BEGIN IMMEDIATE") {
            member.job.fail(error);
            return;
        }
        match self.run_member(&mut member) {
            Run::Settled => {
                group.push(member);
                self.commit(group);
            }
            Run::GroupLost(reason) => {
                self.hints.borrow_mut().clear();
                member.job.fail(reason);
            }
        }
    }
}

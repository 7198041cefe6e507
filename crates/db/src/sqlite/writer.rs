//! The one thread that writes: group commit.
//!
//! All closures that wait go into one outer transaction, and one COMMIT (one fsync) makes them all
//! durable. Nobody gets a result, not even an error, before that COMMIT has returned: what a
//! closure saw may come from another member of its group.
//!
//! Nearly all closures succeed, or fail before they have changed anything, so a group begins
//! without savepoints: SQLite keeps a copy of each page that changes within one. A closure that
//! must be undone spoils its group: everything is rolled back, and the members run again, each in a
//! savepoint of its own, as do those of the next groups.

use std::{
    cell::{Cell, RefCell},
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

/// Groups that use savepoints after a closure had to be undone (default 32: closures that fail
/// after they have changed something come in bursts, and a group that is run twice costs more than
/// its savepoints).
const GUARDED_GROUPS: u32 = 32;

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
    /// Groups that still use savepoints.
    guarded_groups: Cell<u32>,
}

/// What a member's changes can be undone with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guard {
    /// A savepoint of its own.
    Savepoint,
    /// Only the end of the whole group.
    None,
}

/// How a member's run ended.
#[derive(Debug)]
enum Run {
    /// Its changes are part of the group's, or undone.
    Settled,
    /// Its changes must be undone, which this verdict asks for, and only the whole group can be.
    Spoiled(Verdict),
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
            guarded_groups: Cell::new(0),
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
        let mut guard = self.next_guard();
        while let Some(mut member) = next.take() {
            let mut run = self.run_member(&mut member, guard);
            group.push(member);
            if let Run::Spoiled(verdict) = run {
                guard = Guard::Savepoint;
                run = self.run_again(group, verdict);
            }
            if let Run::GroupLost(reason) = run {
                return self.recover(group, &reason);
            }
            if group.len() < GROUP_MEMBERS && started.elapsed() < self.group_time {
                next = self.queue.take_more(lane);
            }
        }
        self.commit(group);
    }

    /// Whether the next group needs savepoints.
    fn next_guard(&self) -> Guard {
        match self.guarded_groups.get() {
            0 => Guard::None,
            left => {
                self.guarded_groups.set(left - 1);
                Guard::Savepoint
            }
        }
    }

    /// Begins the group anew, its members in savepoints, because the last of them must be undone.
    fn run_again(&self, group: &mut [Member], verdict: Verdict) -> Run {
        self.guarded_groups.set(GUARDED_GROUPS);
        self.hints.borrow_mut().clear();
        self.roll_back();
        if let Err(error) = self.connection.control("BEGIN IMMEDIATE") {
            return Run::GroupLost(error);
        }
        // The last is undone already. Its result stands when nobody ran before it, and a panic
        // stands in any case; an error may have been another one now.
        let last = group.len() - 1;
        let stands = last == 0 || verdict == Verdict::Panicked;
        let again = if stands { last } else { group.len() };
        for member in group.iter_mut().take(again) {
            Metrics::add(&self.shared.metrics.reruns);
            let run = self.run_member(member, Guard::Savepoint);
            if !matches!(run, Run::Settled) {
                return run;
            }
        }
        Run::Settled
    }

    /// Runs one closure.
    fn run_member(&self, member: &mut Member, guard: Guard) -> Run {
        let started = Instant::now();
        if guard == Guard::Savepoint
            && let Err(error) = self.connection.control("SAVEPOINT member")
        {
            return self.give_up(error);
        }
        self.connection.watch_changes();
        let hints_before = self.hints.borrow().len();
        let tx = Tx::new(Backend::Sqlite(&self.connection), self.shared.clock.now());
        let tx = WriteTx::new(tx, &self.shared.ids, &self.hints);
        let verdict = member.job.run(&tx);
        if self.connection.is_idle() {
            let unknown = || DbError::unavailable("the transaction was ended by the engine");
            return Run::GroupLost(tx.failure().unwrap_or_else(unknown));
        }
        let run = match verdict {
            Verdict::Commit => self.keep(guard),
            Verdict::RollBack | Verdict::Panicked => {
                self.hints.borrow_mut().truncate(hints_before);
                self.undo(guard, verdict)
            }
        };
        if verdict == Verdict::Panicked {
            Metrics::add(&self.shared.metrics.panics);
        }
        self.shared.metrics.held(member.lane, started.elapsed());
        run
    }

    /// Makes a member's changes part of the group's.
    fn keep(&self, guard: Guard) -> Run {
        if guard == Guard::None {
            return Run::Settled;
        }
        match self.connection.control("RELEASE member") {
            Ok(()) => Run::Settled,
            Err(error) => self.give_up(error),
        }
    }

    /// Undoes a member's changes, if it made any.
    fn undo(&self, guard: Guard, verdict: Verdict) -> Run {
        if guard == Guard::None {
            return if self.connection.has_changed() {
                Run::Spoiled(verdict)
            } else {
                Run::Settled
            };
        }
        let undone = self.connection.control("ROLLBACK TO member");
        match undone.and_then(|()| self.connection.control("RELEASE member")) {
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
        match self.run_member(&mut member, Guard::Savepoint) {
            // With a savepoint nothing is ever spoiled.
            Run::Settled | Run::Spoiled(_) => {
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

//! Who sends what is due: woken by hints and by the next due time, never by looking now and then.
//!
//! Rows are claimed in small numbers as there is room for attempts, so memory does not grow with
//! the queue. Several schedulers share one queue; how many attempts a destination gets at once is
//! counted by each for itself, how long it rests when it cannot be reached by all together.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use hikyaku_db::{Engine, Hint, HintSubscription, Lane, WriteTx};
use hikyaku_types::{Domain, Timestamp};
use tokio::{
    sync::{Semaphore, watch},
    task::{Id, JoinSet},
};
use tracing::{error, info, warn};

use super::{
    Carrier, QueueError, QueueMetrics,
    attempt::{SENDING_MEMORY_KIB, Worker},
    claim::{self, Claim, Leases, Owner, RENEW_EVERY},
    due::{self, Outlook, Ready, Room},
    metrics, sweep,
};
use crate::Transport;

/// How much is sent at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchedulerOptions {
    /// Attempts at the same time. Default 50: each holds a connection and a message in memory.
    pub concurrency: usize,
    /// Attempts at one destination at the same time. Default 5: what large receivers take from one
    /// address without complaint.
    pub per_destination: usize,
}

impl Default for SchedulerOptions {
    fn default() -> Self {
        Self {
            concurrency: 50,
            per_destination: 5,
        }
    }
}

/// How old the queue's depth in the metrics may be, in seconds: counting reads every row.
pub const DEPTH_SECONDS: u64 = 10;

/// Attempts claimed by one transaction at most: about 10 ms of writer time.
const CLAIMS: usize = 32;

/// The wait after a database that did not answer.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// The wait when another process was faster with what is due.
const AFTER_OTHERS: Duration = Duration::from_secs(1);

/// The longest sleep: clocks may be set.
const LONGEST_SLEEP: Duration = Duration::from_hours(1);

/// A running scheduler. Dropped without [`Scheduler::drain`] it ends like a process that dies.
#[derive(Debug)]
pub struct Scheduler {
    stop: watch::Sender<bool>,
    /// One; it ends with the handle.
    task: JoinSet<()>,
    carrier: Arc<dyn Carrier>,
    metrics: Arc<QueueMetrics>,
}

impl Scheduler {
    /// Begins to send. Must be called within a Tokio runtime.
    pub fn start(
        transport: Transport,
        carrier: Arc<dyn Carrier>,
        options: SchedulerOptions,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
        let metrics = Arc::clone(transport.queue_metrics());
        let mut task = JoinSet::new();
        task.spawn(run(transport, Arc::clone(&carrier), options, stopped));
        Self {
            stop,
            task,
            carrier,
            metrics,
        }
    }

    /// The counters.
    pub fn metrics(&self) -> &Arc<QueueMetrics> {
        &self.metrics
    }

    /// Begins no attempt any more and waits for those that run, at most for `within`; then they are
    /// cut off, and tried again when their leases are over.
    pub async fn drain(mut self, within: Duration) {
        // The receiver is gone only when the task has ended.
        let _ = self.stop.send(true);
        match tokio::time::timeout(within, self.task.join_next()).await {
            Ok(Some(Err(error))) => error!(%error, "the scheduler of the queue ended in disorder"),
            Ok(_) => {}
            Err(_) => {
                warn!("attempts to send were cut off: the time for draining is over");
                self.task.shutdown().await;
            }
        }
        self.carrier.close().await;
    }
}

async fn run(
    transport: Transport,
    carrier: Arc<dyn Carrier>,
    options: SchedulerOptions,
    mut stopped: watch::Receiver<bool>,
) {
    // Before the first look, so that nothing falls between.
    let hints = transport.db().hints().subscribe(Hint::Queue);
    let owner = tokio::select! {
        owner = begin(&transport) => owner,
        _ = stopped.changed() => return,
    };
    let worker = Worker {
        metrics: Arc::clone(transport.queue_metrics()),
        transport,
        carrier,
        owner,
        memory: Arc::new(Semaphore::new(SENDING_MEMORY_KIB)),
    };
    let mut running = Running {
        worker,
        options,
        attempts: JoinSet::new(),
        destinations: HashMap::new(),
        depth_at: None,
        stopped: stopped.clone(),
    };
    running.serve(hints, &mut stopped).await;
    running.finish().await;
}

/// Takes a name and lets what died with others wait again.
async fn begin(transport: &Transport) -> Owner {
    let db = transport.db();
    let which = match db.engine() {
        Engine::Sqlite => Leases::OfOthers,
        Engine::Postgres => Leases::Over,
    };
    loop {
        let named = db.write(Lane::Mail, |tx| Ok(Owner(tx.new_id()))).await;
        let taken = match named {
            Ok(owner) => take_back(transport, owner, which).await.map(|()| owner),
            Err(error) => Err(error),
        };
        match taken {
            Ok(owner) => return owner,
            Err(error) => {
                warn!(
                    error = &error as &dyn std::error::Error,
                    "the queue does not begin yet"
                );
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }
}

async fn take_back(transport: &Transport, owner: Owner, which: Leases) -> Result<(), QueueError> {
    loop {
        let write = move |tx: &WriteTx<'_>| claim::take_back(tx, owner, which);
        let taken = transport.db().write(Lane::Mail, write).await?;
        if taken == 0 {
            return Ok(());
        }
        info!(
            recipients = taken,
            "recipients of a process that died wait again"
        );
    }
}

/// A scheduler at work.
struct Running {
    worker: Worker,
    options: SchedulerOptions,
    attempts: JoinSet<()>,
    /// The destinations of the attempts that run.
    destinations: HashMap<Id, Domain>,
    depth_at: Option<Instant>,
    /// Whether nothing is to begin any more.
    stopped: watch::Receiver<bool>,
}

impl Running {
    async fn serve(&mut self, mut hints: HintSubscription, stopped: &mut watch::Receiver<bool>) {
        let mut renewal = tokio::time::interval(RENEW_EVERY);
        loop {
            let next = match self.round().await {
                Ok(next) => next,
                Err(failure) => {
                    warn!(
                        error = &failure as &dyn std::error::Error,
                        "the queue was not looked at"
                    );
                    AFTER_FAILURE
                }
            };
            tokio::select! {
                // An error means that the handle is gone, and with it whoever wanted mail sent.
                _ = stopped.changed() => return,
                () = hints.changed() => {}
                Some(ended) = self.attempts.join_next_with_id() => self.ended(ended),
                _ = renewal.tick(), if !self.attempts.is_empty() => self.renew().await,
                () = tokio::time::sleep(next) => {}
            }
            while let Some(ended) = self.attempts.try_join_next_with_id() {
                self.ended(ended);
            }
        }
    }

    /// Waits for the attempts that run.
    async fn finish(&mut self) {
        let mut renewal = tokio::time::interval(RENEW_EVERY);
        loop {
            tokio::select! {
                ended = self.attempts.join_next_with_id() => match ended {
                    Some(ended) => self.ended(ended),
                    None => return,
                },
                _ = renewal.tick() => self.renew().await,
            }
        }
    }

    /// Does everything that is due and says how long there is nothing to do.
    async fn round(&mut self) -> Result<Duration, QueueError> {
        let counted = self.count().await?;
        loop {
            let room = self.room();
            let outlook = self
                .worker
                .transport
                .db()
                .read(move |tx| due::look(tx, &room))
                .await
                .map_err(QueueError::Db)?;
            if self.tidy(&outlook).await? {
                continue;
            }
            let started = self.start(&outlook.ready).await?;
            let wait = match (started, outlook.ready.is_empty()) {
                (0, false) => AFTER_OTHERS,
                _ => self.until(outlook.next),
            };
            return Ok(wait.min(counted));
        }
    }

    fn room(&self) -> Room {
        let mut counts: HashMap<&Domain, usize> = HashMap::new();
        for destination in self.destinations.values() {
            *counts.entry(destination).or_default() += 1;
        }
        let full = counts
            .into_iter()
            .filter(|(_, count)| *count >= self.options.per_destination)
            .map(|(destination, _)| destination.clone())
            .collect();
        let room = self.options.concurrency.saturating_sub(self.attempts.len());
        Room {
            owner: self.worker.owner,
            free: room,
            full,
        }
    }

    /// Takes back leases that are over and settles what is late; says whether there was something.
    async fn tidy(&self, outlook: &Outlook) -> Result<bool, QueueError> {
        let now = self.worker.transport.db().now();
        if outlook.lease.is_some_and(|at| at <= now) {
            take_back(&self.worker.transport, self.worker.owner, Leases::Over).await?;
            return Ok(true);
        }
        if outlook.watch.is_some_and(|at| at <= now) {
            let settled = sweep::sweep(&self.worker.transport).await?;
            self.worker.metrics.settled(settled);
            return Ok(settled.is_something());
        }
        Ok(false)
    }

    /// Claims and begins attempts; says how many.
    async fn start(&mut self, ready: &[Ready]) -> Result<usize, QueueError> {
        let mut started = 0;
        if *self.stopped.borrow() {
            return Ok(started);
        }
        let mut wanted = self.wanted(ready)?;
        while !wanted.is_empty() {
            let rest = wanted.split_off(wanted.len().min(CLAIMS));
            let owner = self.worker.owner;
            let batch = wanted;
            let claims = self.worker.transport.db().write(Lane::Mail, move |tx| {
                let mut claims = Vec::new();
                for (destination, _) in &batch {
                    claims.push(claim::next(tx, owner, destination)?);
                }
                Ok::<_, QueueError>(claims.into_iter().zip(batch.clone()).collect::<Vec<_>>())
            });
            for (claim, (_, failures)) in claims.await? {
                if let Some(claim) = claim {
                    started += 1;
                    self.spawn(claim, failures);
                }
            }
            wanted = rest;
        }
        Ok(started)
    }

    /// A destination for each attempt that may begin: one for each first, so that all get on.
    fn wanted(&self, ready: &[Ready]) -> Result<Vec<(Domain, u32)>, QueueError> {
        let mut free = self.options.concurrency.saturating_sub(self.attempts.len());
        let mut wanted = Vec::new();
        for turn in 0..self.options.per_destination {
            for one in ready {
                let destination: Domain =
                    super::message::parsed(&one.destination, "queue_recipient.destination")?;
                let runs = self.destinations.values().filter(|d| **d == destination);
                let most = match one.failures {
                    0 => self.options.per_destination,
                    // Whether it can be reached again is found out with one attempt.
                    _ => 1,
                };
                if free > 0 && runs.count() + turn < most {
                    free -= 1;
                    wanted.push((destination, one.failures));
                }
            }
        }
        Ok(wanted)
    }

    fn spawn(&mut self, claim: Claim, failures: u32) {
        let (worker, destination) = (self.worker.clone(), claim.destination.clone());
        let handle = self
            .attempts
            .spawn(async move { worker.attempt(claim, failures).await });
        self.destinations.insert(handle.id(), destination);
    }

    fn ended(&mut self, ended: Result<(Id, ()), tokio::task::JoinError>) {
        let id = match ended {
            Ok((id, ())) => id,
            Err(error) => {
                // Its rows come back when the lease is over.
                error!(%error, "an attempt to send ended in disorder");
                error.id()
            }
        };
        self.destinations.remove(&id);
    }

    async fn renew(&self) {
        let owner = self.worker.owner;
        let write = move |tx: &WriteTx<'_>| claim::renew(tx, owner);
        if let Err(error) = self.worker.transport.db().write(Lane::Mail, write).await {
            warn!(
                error = &error as &dyn std::error::Error,
                "leases of the queue were not renewed"
            );
        }
    }

    fn until(&self, next: Option<Timestamp>) -> Duration {
        let now = self.worker.transport.db().now();
        match next {
            Some(next) if next <= now => AFTER_OTHERS,
            Some(next) => next.since(now).min(LONGEST_SLEEP),
            None => LONGEST_SLEEP,
        }
    }

    /// Counts how full the queue is, unless that was done a moment ago; says when it is to be done
    /// again.
    async fn count(&mut self) -> Result<Duration, QueueError> {
        let every = Duration::from_secs(DEPTH_SECONDS);
        let elapsed = self.depth_at.map(|at| at.elapsed());
        if let Some(elapsed) = elapsed.filter(|elapsed| *elapsed < every) {
            return Ok(every.saturating_sub(elapsed));
        }
        let db = self.worker.transport.db();
        let depth = db.read(metrics::depth).await.map_err(QueueError::Db)?;
        self.depth_at = Some(Instant::now());
        let settled = self.worker.metrics.depth(depth);
        Ok(match settled {
            metrics::Change::Same => LONGEST_SLEEP,
            metrics::Change::Other => every,
        })
    }
}

//! Who runs jobs: woken by hints and by the next due time, never by looking now and then.
//!
//! Several runners, of one process or of several, share one line of jobs.

mod attempt;

use std::{collections::HashMap, sync::Arc, time::Duration};

use hikyaku_db::{Database, DbError, Engine, Hint, HintSubscription, Lane, WriteTx};
use hikyaku_types::{JobId, Timestamp};
use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::{
    JobMetrics, Run, Work,
    claim::{self, Leases, RENEW_EVERY, RunnerId},
    look::{self, Kinds, Outlook},
};

/// How much runs at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunnerOptions {
    /// Jobs at the same time in this process. Default 4: each may hold an upload in memory.
    pub concurrency: usize,
    /// Jobs of one tenant at the same time, in all processes. Default 2: the others' begin in
    /// between.
    pub per_tenant: usize,
}

impl Default for RunnerOptions {
    fn default() -> Self {
        Self {
            concurrency: 4,
            per_tenant: 2,
        }
    }
}

/// The wait after a database that did not answer.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// The wait when another process was faster with what is due.
const AFTER_OTHERS: Duration = Duration::from_secs(1);

/// The longest sleep: clocks may be set.
const LONGEST_SLEEP: Duration = Duration::from_hours(1);

/// A running runner. Dropped without [`Runner::drain`] it ends like a process that dies.
#[derive(Debug)]
pub struct Runner {
    /// One; it ends with the handle, and before it can take the loss of `stop` for an order.
    task: JoinSet<()>,
    stop: watch::Sender<bool>,
}

impl Runner {
    /// Begins to run jobs of these kinds. Must be called within a Tokio runtime.
    pub fn start(
        db: Database,
        works: Vec<Arc<dyn Work>>,
        options: RunnerOptions,
        metrics: Arc<JobMetrics>,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
        let works: HashMap<&'static str, Arc<dyn Work>> =
            works.into_iter().map(|work| (work.kind(), work)).collect();
        let mut task = JoinSet::new();
        task.spawn(run(db, works, options, metrics, stopped));
        Self { task, stop }
    }

    /// Begins no job any more and tells those that run to stop at their next step; waits for that
    /// at most for `within`. What is not done goes on elsewhere, from its last checkpoint.
    pub async fn drain(mut self, within: Duration) {
        // The receiver is gone only when the task has ended.
        let _ = self.stop.send(true);
        match tokio::time::timeout(within, self.task.join_next()).await {
            Ok(Some(Err(error))) => error!(%error, "the runner of jobs ended in disorder"),
            Ok(_) => {}
            Err(_) => {
                warn!("jobs were cut off: the time for draining is over");
                self.task.shutdown().await;
            }
        }
    }
}

async fn run(
    db: Database,
    works: HashMap<&'static str, Arc<dyn Work>>,
    options: RunnerOptions,
    metrics: Arc<JobMetrics>,
    mut stopped: watch::Receiver<bool>,
) {
    // Before the first look, so that nothing falls between.
    let hints = db.hints().subscribe(Hint::Jobs);
    let id = tokio::select! {
        id = begin(&db, &metrics) => id,
        _ = stopped.changed() => return,
    };
    let mut running = Running {
        kinds: Kinds::new(works.keys().copied()),
        db,
        works,
        options,
        metrics,
        id,
        jobs: JoinSet::new(),
        tokens: HashMap::new(),
        stop: CancellationToken::new(),
    };
    running.serve(hints, &mut stopped).await;
    running.stop.cancel();
    running.finish().await;
}

/// Takes a name and lets what died with others wait again.
async fn begin(db: &Database, metrics: &JobMetrics) -> RunnerId {
    let which = match db.engine() {
        Engine::Sqlite => Leases::OfOthers,
        Engine::Postgres => Leases::Over,
    };
    loop {
        let named = db
            .write(Lane::Background, |tx| Ok(RunnerId(tx.new_id())))
            .await;
        let taken = match named {
            Ok(id) => take_back(db, metrics, id, which).await.map(|()| id),
            Err(error) => Err(error),
        };
        match taken {
            Ok(id) => return id,
            Err(error) => {
                tell(&error, "jobs do not begin yet");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }
}

async fn take_back(
    db: &Database,
    metrics: &JobMetrics,
    id: RunnerId,
    which: Leases,
) -> Result<(), DbError> {
    loop {
        let write = move |tx: &WriteTx<'_>| claim::take_back(tx, id, which);
        let jobs = db.write(Lane::Background, write).await?;
        if jobs == 0 {
            return Ok(());
        }
        metrics.took_over(jobs);
        info!(jobs, "jobs of a process that died were taken back");
    }
}

/// A runner at work.
struct Running {
    db: Database,
    works: HashMap<&'static str, Arc<dyn Work>>,
    kinds: Kinds,
    options: RunnerOptions,
    metrics: Arc<JobMetrics>,
    id: RunnerId,
    jobs: JoinSet<JobId>,
    /// With which each job that runs is told to end.
    tokens: HashMap<JobId, CancellationToken>,
    /// With which all are told that the process stops.
    stop: CancellationToken,
}

impl Running {
    async fn serve(&mut self, mut hints: HintSubscription, stopped: &mut watch::Receiver<bool>) {
        let mut renewal = renewal();
        loop {
            let next = match self.round().await {
                Ok(next) => next,
                Err(error) => {
                    tell(&error, "the jobs were not looked at");
                    AFTER_FAILURE
                }
            };
            tokio::select! {
                // An error means that the handle is gone, and with it whoever wanted jobs done.
                _ = stopped.changed() => return,
                () = hints.changed() => {}
                Some(ended) = self.jobs.join_next() => self.ended(ended),
                _ = renewal.tick(), if !self.jobs.is_empty() => self.renew().await,
                () = tokio::time::sleep(next) => {}
            }
            while let Some(ended) = self.jobs.try_join_next() {
                self.ended(ended);
            }
        }
    }

    /// Waits for the jobs that run.
    async fn finish(&mut self) {
        let mut renewal = renewal();
        loop {
            tokio::select! {
                ended = self.jobs.join_next() => match ended {
                    Some(ended) => self.ended(ended),
                    None => return,
                },
                _ = renewal.tick() => self.renew().await,
            }
        }
    }

    /// Does everything that is due and says how long there is nothing to do.
    async fn round(&mut self) -> Result<Duration, DbError> {
        loop {
            let (id, kinds, per_tenant) = (self.id, self.kinds.clone(), self.options.per_tenant);
            let looked = self.db.read(move |tx| {
                let outlook = look::look(tx, &kinds, per_tenant)?;
                let cancelled = claim::to_cancel(tx, id)?;
                Ok::<_, DbError>((outlook, cancelled, claim::first_over(tx, id)?))
            });
            let (outlook, cancelled, lease) = looked.await?;
            for job in cancelled {
                if let Some(token) = self.tokens.get(&job) {
                    token.cancel();
                }
            }
            if lease.is_some_and(|at| at <= self.db.now()) {
                take_back(&self.db, &self.metrics, self.id, Leases::Over).await?;
                continue;
            }
            return self.start(outlook, lease).await;
        }
    }

    /// Claims and begins what there is room for.
    async fn start(
        &mut self,
        outlook: Outlook,
        lease: Option<Timestamp>,
    ) -> Result<Duration, DbError> {
        let mut some = !outlook.ready.is_empty();
        let mut started = false;
        while some && self.tokens.len() < self.options.concurrency {
            some = self.start_one().await?;
            started |= some;
        }
        let full = self.tokens.len() >= self.options.concurrency;
        if !outlook.ready.is_empty() && !started && !full {
            return Ok(AFTER_OTHERS);
        }
        let now = self.db.now();
        let next = [outlook.next, lease].into_iter().flatten().min();
        Ok(next.map_or(LONGEST_SLEEP, |at| at.since(now).min(LONGEST_SLEEP)))
    }

    /// Claims and begins the next job; says whether there was one.
    async fn start_one(&mut self) -> Result<bool, DbError> {
        let (id, kinds, per_tenant) = (self.id, self.kinds.clone(), self.options.per_tenant);
        let write = move |tx: &WriteTx<'_>| claim::next(tx, id, &kinds, per_tenant);
        let Some(claim) = self.db.write(Lane::Background, write).await? else {
            return Ok(false);
        };
        let (ticket, kind) = (claim.ticket, claim.kind.clone());
        let Some(work) = self.works.get(kind.as_str()).cloned() else {
            return Ok(false); // Not possible: it asked for its own kinds.
        };
        let token = CancellationToken::new();
        let run = Run::new(self.db.clone(), claim, token.clone(), self.stop.clone());
        self.metrics.began();
        let metrics = Arc::clone(&self.metrics);
        self.jobs
            .spawn(async move { attempt::attempt(work, run, ticket, metrics).await });
        self.tokens.insert(ticket.job, token);
        self.metrics.running(self.tokens.len());
        Ok(true)
    }

    fn ended(&mut self, ended: Result<JobId, tokio::task::JoinError>) {
        match ended {
            Ok(job) => {
                self.tokens.remove(&job);
            }
            // Panics of works are caught within; its lease runs out.
            Err(error) => error!(%error, "the attempt at a job ended in disorder"),
        }
        self.metrics.running(self.tokens.len());
    }

    async fn renew(&self) {
        let id = self.id;
        let write = move |tx: &WriteTx<'_>| claim::renew(tx, id);
        if let Err(error) = self.db.write(Lane::Mail, write).await {
            tell(&error, "leases of jobs were not renewed");
        }
    }
}

/// The first time comes later too: a claim has its whole lease before it.
fn renewal() -> tokio::time::Interval {
    tokio::time::interval_at(tokio::time::Instant::now() + RENEW_EVERY, RENEW_EVERY)
}

/// Apart from where it is waited: errors as the log takes them may not cross threads.
fn tell(error: &DbError, what: &str) {
    warn!(error = error as &dyn std::error::Error, "{what}");
}

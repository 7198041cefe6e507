//! Works that tests steer, and waiting for what comes of them.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use futures_util::{FutureExt as _, future::BoxFuture};
use hikyaku_db::{Database, Hint, Lane, params, testing::TestDatabase};
use hikyaku_jobs::{
    Checkpoint, FileRole, FileSpec, Job, JobError, JobMetrics, JobState, NewJob, Owner, Run,
    Runner, RunnerOptions, Work, find, submit,
};
use hikyaku_types::{JobId, TenantId};
use serde_json::json;
use tokio::sync::Semaphore;

/// How long a test waits for something that must come.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const LINES: FileSpec = FileSpec {
    name: "lines.txt",
    role: FileRole::Result,
    media_type: "text/plain",
};

/// A table with an effect per unit, so that a unit done twice is seen.
pub(crate) async fn with_effects(db: &Database) {
    let made = db.write(Lane::Mail, |tx| {
        tx.execute(
            "CREATE TABLE effect (job BIGINT NOT NULL, unit BIGINT NOT NULL)",
            &[],
        )
        .map(drop)
    });
    made.await.expect("a table can be made");
}

pub(crate) async fn effects(db: &Database, job: JobId) -> Vec<i64> {
    let read = db.read(move |tx| {
        let sql = "SELECT unit FROM effect WHERE job = ?1 ORDER BY unit";
        tx.query(sql, params![job], |row| row.get(0))
    });
    let units: Result<Vec<i64>, hikyaku_db::DbError> = read.await;
    units.expect("the effects can be read")
}

/// Does units one by one, each with its effect, its line and its checkpoint in one transaction; a
/// permit lets it take the next step.
#[derive(Debug)]
pub(crate) struct Steps {
    pub(crate) kind: &'static str,
    pub(crate) permits: Arc<Semaphore>,
    /// Panics before this unit, until the flag is taken away.
    pub(crate) panic_at: u64,
    pub(crate) panics: AtomicBool,
    /// Which tenants' jobs began, in their order.
    pub(crate) began: Mutex<Vec<Option<TenantId>>>,
    pub(crate) attempts: AtomicU64,
}

impl Steps {
    pub(crate) fn new(kind: &'static str) -> Arc<Self> {
        Arc::new(Self {
            kind,
            permits: Arc::new(Semaphore::new(0)),
            panic_at: u64::MAX,
            panics: AtomicBool::new(true),
            began: Mutex::default(),
            attempts: AtomicU64::new(0),
        })
    }

    pub(crate) fn that_panics(kind: &'static str, at: u64) -> Arc<Self> {
        let mut steps = Self::new(kind);
        let made = Arc::get_mut(&mut steps).expect("nobody else has it yet");
        made.panic_at = at;
        made.permits = Arc::new(Semaphore::new(1000));
        steps
    }
}

async fn steps(run: Run, permits: Arc<Semaphore>, panic_at: Option<u64>) -> Result<(), JobError> {
    let total: u64 = run.input()?;
    let begin: u64 = run.state()?.unwrap_or(0);
    for unit in begin..total {
        tokio::select! {
            permit = permits.acquire() => permit.expect("it is never closed").forget(),
            () = run.cancelled() => {}
        }
        run.check()?;
        assert!(panic_at != Some(unit), "as the test wants it");
        let step = run.clone();
        run.write(move |tx| {
            let values = params![step.id(), i64::try_from(unit).unwrap()];
            tx.execute("INSERT INTO effect (job, unit) VALUES (?1, ?2)", values)?;
            step.append_in(tx, LINES, format!("{unit}\n").as_bytes())?;
            let checkpoint = Checkpoint::new(&(unit + 1), unit + 1).of(total);
            step.checkpoint_in(tx, &checkpoint)
        })
        .await?;
    }
    Ok(())
}

/// A [`Work`] for the tests that keep a handle on its other half.
#[derive(Debug)]
pub(crate) struct Shared(pub(crate) Arc<Steps>);

impl Work for Shared {
    fn kind(&self) -> &'static str {
        self.0.kind
    }

    fn run(&self, run: Run) -> BoxFuture<'static, Result<(), JobError>> {
        self.0.began.lock().unwrap().push(run.tenant());
        self.0.attempts.fetch_add(1, SeqCst);
        let panic_at = self.0.panics.load(SeqCst).then_some(self.0.panic_at);
        steps(run, Arc::clone(&self.0.permits), panic_at).boxed()
    }
}

pub(crate) fn runner(db: &Database, steps: &Arc<Steps>, options: RunnerOptions) -> Runner {
    let work: Arc<dyn Work> = Arc::new(Shared(Arc::clone(steps)));
    Runner::start(
        db.clone(),
        vec![work],
        options,
        Arc::new(JobMetrics::default()),
    )
}

pub(crate) fn new(kind: &'static str, tenant: Option<TenantId>, total: u64) -> NewJob {
    NewJob {
        kind,
        tenant,
        owner: Owner::Console,
        title: "Work".to_owned(),
        input: json!(total),
        total: Some(total),
    }
}

pub(crate) async fn submitted(db: &Database, job: NewJob) -> JobId {
    let id = db.write(Lane::Mail, move |tx| submit(tx, &job)).await;
    id.expect("the job is submitted")
}

pub(crate) async fn job(db: &Database, id: JobId) -> Job {
    let found = db.read(move |tx| find(tx, id)).await;
    found.expect("the job is there")
}

/// Waits until something holds of a job.
pub(crate) async fn until(db: &Database, id: JobId, holds: impl Fn(&Job) -> bool) -> Job {
    let begun = std::time::Instant::now();
    loop {
        let now = job(db, id).await;
        if holds(&now) {
            return now;
        }
        assert!(
            begun.elapsed() < PATIENCE,
            "what was waited for did not come: {now:?}"
        );
        tokio::task::yield_now().await;
    }
}

/// Waits for the end of a job and lets time pass whenever it waits.
pub(crate) async fn ended_in_time(test: &TestDatabase, id: JobId) -> Job {
    loop {
        let now = until(&test.db, id, |job| job.state != JobState::Running).await;
        if now.state.is_ended() {
            return now;
        }
        test.clock.advance(Duration::from_secs(15));
        wake(&test.db).await;
        tokio::task::yield_now().await;
    }
}

pub(crate) async fn ended(db: &Database, id: JobId) -> Job {
    until(db, id, |job| job.state.is_ended()).await
}

pub(crate) async fn done(db: &Database, id: JobId) -> Job {
    let job = ended(db, id).await;
    assert_eq!(job.state, JobState::Done, "{job:?}");
    job
}

/// Wakes the runners: the clock of the test was moved.
pub(crate) async fn wake(db: &Database) {
    let woken = db.write(Lane::Mail, |tx| {
        tx.hint(Hint::Jobs);
        Ok::<_, hikyaku_db::DbError>(())
    });
    woken.await.expect("a hint can be given");
}

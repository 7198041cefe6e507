//! One runner: progress, cancellation, drain, ends.

use std::{sync::atomic::Ordering::SeqCst, time::Duration};

use hikyaku_db::{Lane, on_both_engines};
use hikyaku_jobs::{
    Cancelled, JobState, JobsError, MAX_INPUT_BYTES, MAX_STRIKES, MAX_WAITING, RETENTION,
    RunnerOptions, cancel, delete, find, purge, submit,
};
use serde_json::json;

use crate::scene::{
    Steps, done, effects, ended, ended_in_time, job, new, runner, submitted, until, with_effects,
};

on_both_engines! {
    /// Each unit once, with its progress and its end.
    async fn a_job_runs_and_tells_how_far_it_is(test: TestDatabase) {
        let db = &test.db;
        with_effects(db).await;
        let steps = Steps::new("steps");
        let runner = runner(db, &steps, RunnerOptions::default());
        let id = submitted(db, new("steps", None, 4)).await;
        until(db, id, |job| job.state == JobState::Running).await;
        test.clock.advance(Duration::from_secs(10));
        steps.permits.add_permits(2);
        let half = until(db, id, |job| job.done == 2).await;
        assert_eq!((half.total, half.remaining_seconds()), (Some(4), Some(10)));
        assert_eq!(half.rate(), Some(0.2));
        steps.permits.add_permits(2);
        let end = done(db, id).await;
        assert_eq!((end.done, end.errors, end.reason), (4, 0, None));
        assert_eq!(end.expires_at, Some(db.now().plus(RETENTION)));
        assert_eq!(effects(db, id).await, [0, 1, 2, 3]);
        runner.drain(Duration::from_secs(5)).await;
    }

    /// What is done stays done, what waits never begins.
    async fn a_job_is_cancelled_at_its_next_step(test: TestDatabase) {
        let db = &test.db;
        with_effects(db).await;
        let steps = Steps::new("steps");
        let options = RunnerOptions { concurrency: 1, ..RunnerOptions::default() };
        let runner = runner(db, &steps, options);
        let runs = submitted(db, new("steps", None, 4)).await;
        let waits = submitted(db, new("steps", None, 4)).await;
        steps.permits.add_permits(1);
        until(db, runs, |job| job.done == 1).await;
        for (id, expected) in [(waits, Cancelled::AtOnce), (runs, Cancelled::Soon)] {
            let said = db.write(Lane::Mail, move |tx| cancel(tx, id)).await.unwrap();
            assert_eq!(said, expected);
            assert_eq!(ended(db, id).await.state, JobState::Cancelled);
            let said = db.write(Lane::Mail, move |tx| cancel(tx, id)).await.unwrap();
            assert_eq!(said, Cancelled::TooLate);
        }
        assert_eq!(effects(db, runs).await, [0]);
        assert_eq!(effects(db, waits).await, [0; 0]);
        runner.drain(Duration::from_secs(5)).await;
    }

    /// Draining is no strike, however often it happens.
    async fn a_drained_job_goes_on_where_it_was(test: TestDatabase) {
        let db = &test.db;
        with_effects(db).await;
        let steps = Steps::new("steps");
        let id = submitted(db, new("steps", None, 6)).await;
        for round in 1..=5 {
            let one = runner(db, &steps, RunnerOptions::default());
            steps.permits.add_permits(1);
            until(db, id, |job| job.done == round).await;
            one.drain(Duration::from_secs(5)).await;
            assert_eq!(job(db, id).await.state, JobState::Waiting);
        }
        let last = runner(db, &steps, RunnerOptions::default());
        steps.permits.add_permits(1);
        done(db, id).await;
        assert_eq!(effects(db, id).await, [0, 1, 2, 3, 4, 5]);
        last.drain(Duration::from_secs(5)).await;
    }

    /// Three times, then it has failed with a reason; what was done is done once.
    async fn a_work_that_panics_is_given_up(test: TestDatabase) {
        let db = &test.db;
        with_effects(db).await;
        let steps = Steps::that_panics("steps", 2);
        let runner = runner(db, &steps, RunnerOptions::default());
        let id = submitted(db, new("steps", None, 4)).await;
        let end = ended_in_time(&test, id).await;
        assert_eq!(i64::try_from(steps.attempts.load(SeqCst)).unwrap(), MAX_STRIKES);
        assert_eq!((end.state, end.done), (JobState::Failed, 2));
        assert!(end.reason.unwrap().contains("broke off 3 times"));
        assert_eq!(effects(db, id).await, [0, 1]);
        // The place is free again.
        steps.panics.store(false, SeqCst);
        let next = submitted(db, new("steps", None, 4)).await;
        done(db, next).await;
        runner.drain(Duration::from_secs(5)).await;
    }

    /// Only what has ended can be deleted; what ended is forgotten after its time, to the moment.
    async fn jobs_are_forgotten_after_their_time(test: TestDatabase) {
        let db = &test.db;
        with_effects(db).await;
        let steps = Steps::new("steps");
        steps.permits.add_permits(100);
        let runner = runner(db, &steps, RunnerOptions::default());
        let (one, two) = (
            submitted(db, new("steps", None, 1)).await,
            submitted(db, new("steps", None, 1)).await,
        );
        let waits = submitted(db, new("unknown kind", None, 1)).await;
        done(db, one).await;
        done(db, two).await;
        let early = db.write(Lane::Mail, move |tx| delete(tx, waits)).await;
        assert!(matches!(early, Err(JobsError::NotEnded)));
        db.write(Lane::Mail, move |tx| delete(tx, one)).await.unwrap();
        let gone = db.read(move |tx| find(tx, one)).await;
        assert!(matches!(gone, Err(JobsError::NoSuchJob(_))));
        test.clock.advance(RETENTION.saturating_sub(Duration::from_millis(1)));
        assert_eq!(purge(db).await.unwrap(), 0);
        test.clock.advance(Duration::from_millis(1));
        assert_eq!(purge(db).await.unwrap(), 1);
        let gone = db.read(move |tx| find(tx, two)).await;
        assert!(matches!(gone, Err(JobsError::NoSuchJob(_))));
        assert_eq!(job(db, waits).await.state, JobState::Waiting);
        runner.drain(Duration::from_secs(5)).await;
    }

    async fn limits_are_kept(test: TestDatabase) {
        let db = &test.db;
        let mut long = new("steps", None, 1);
        long.input = json!("x".repeat(MAX_INPUT_BYTES));
        let refused = db.write(Lane::Mail, move |tx| submit(tx, &long)).await;
        assert!(matches!(refused, Err(JobsError::InputTooBig)));
        for _ in 0..MAX_WAITING {
            submitted(db, new("steps", None, 1)).await;
        }
        let another = new("steps", None, 1);
        let refused = db.write(Lane::Mail, move |tx| submit(tx, &another)).await;
        assert!(matches!(refused, Err(JobsError::TooManyWaiting)));
        // It is each tenant's own limit.
        let of_tenant = hikyaku_types::Id::from_i64(7);
        submitted(db, new("steps", Some(of_tenant), 1)).await;
    }
}

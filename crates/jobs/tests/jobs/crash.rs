//! Processes that die, and several that share one line.

use std::{sync::Arc, time::Duration};

use hikyaku_db::{Database, Engine, on_both_engines, testing::TestDatabase};
use hikyaku_jobs::{JobState, LEASE, MAX_STRIKES, RunnerOptions, file, read_part};

use crate::scene::{
    LINES, Steps, done, effects, ended, job, new, runner, submitted, until, wake, with_effects,
};

on_both_engines! {
    /// The other half of the effects is done by the next process, none of them twice, and the
    /// result has a line for each.
    async fn a_job_of_a_dead_process_goes_on(test: TestDatabase) {
        let db = &test.db;
        with_effects(db).await;
        let steps = Steps::new("steps");
        let first = runner(db, &steps, RunnerOptions::default());
        let id = submitted(db, new("steps", None, 4)).await;
        steps.permits.add_permits(2);
        until(db, id, |job| job.done == 2).await;
        drop(first);
        assert_eq!(job(db, id).await.state, JobState::Running);
        test.clock.advance(LEASE);
        let second = runner(db, &steps, RunnerOptions::default());
        until(db, id, |job| job.state == JobState::Waiting).await;
        test.clock.advance(Duration::from_mins(1));
        wake(db).await;
        steps.permits.add_permits(2);
        done(db, id).await;
        assert_eq!(effects(db, id).await, [0, 1, 2, 3]);
        let lines = db.read(move |tx| {
            let parts = file(tx, id, LINES.name)?.parts;
            let mut all = Vec::new();
            for part in 0..parts {
                all.extend(read_part(tx, id, LINES.name, part)?.unwrap());
            }
            Ok::<_, hikyaku_jobs::JobsError>(all)
        });
        assert_eq!(lines.await.unwrap(), b"0\n1\n2\n3\n");
        second.drain(Duration::from_secs(5)).await;
    }

    async fn a_work_that_kills_its_process_is_given_up(test: TestDatabase) {
        let db = &test.db;
        with_effects(db).await;
        let steps = Steps::new("steps");
        let id = submitted(db, new("steps", None, 4)).await;
        for _ in 0..MAX_STRIKES {
            let one = runner(db, &steps, RunnerOptions::default());
            until(db, id, |job| job.state == JobState::Running).await;
            drop(one);
            test.clock.advance(LEASE + Duration::from_mins(1));
            // The next one takes it back, and it waits a moment.
            let finder = runner(db, &steps, RunnerOptions::default());
            let found = until(db, id, |job| job.state != JobState::Running).await;
            finder.drain(Duration::from_secs(5)).await;
            if found.state.is_ended() {
                break;
            }
            test.clock.advance(Duration::from_mins(1));
        }
        let end = ended(db, id).await;
        assert_eq!(end.state, JobState::Failed);
        assert!(end.reason.unwrap().contains("its process died"));
    }
}

/// Only on PostgreSQL do several processes share one store.
async fn two_processes() -> Option<(TestDatabase, Database)> {
    if !hikyaku_db::testing::is_wanted(Engine::Postgres) {
        return None;
    }
    let test = hikyaku_db::testing::fresh(Engine::Postgres).await;
    let mut options = test.guard.options();
    options.clock = Arc::clone(&test.clock) as _;
    let other = Database::open(options).await.expect("it opens once more");
    Some((test, other))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_the_jobs() {
    let Some((test, other)) = two_processes().await else {
        return;
    };
    with_effects(&test.db).await;
    let (one, two) = (Steps::new("steps"), Steps::new("steps"));
    let options = RunnerOptions {
        concurrency: 1,
        per_tenant: 2,
    };
    let here = runner(&test.db, &one, options);
    let there = runner(&other, &two, options);
    let (a, b) = (
        submitted(&test.db, new("steps", None, 2)).await,
        submitted(&test.db, new("steps", None, 2)).await,
    );
    // Each has room for one only, so that both run means that each runs one.
    for id in [a, b] {
        until(&test.db, id, |job| job.state == JobState::Running).await;
    }
    one.permits.add_permits(10);
    two.permits.add_permits(10);
    for id in [a, b] {
        done(&test.db, id).await;
        assert_eq!(effects(&test.db, id).await, [0, 1]);
    }
    here.drain(Duration::from_secs(5)).await;
    there.drain(Duration::from_secs(5)).await;
}

/// One that only seemed dead finds out at its next checkpoint, and writes nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_lost_the_claim_writes_nothing() {
    let Some((test, other)) = two_processes().await else {
        return;
    };
    with_effects(&test.db).await;
    let (slow, fast) = (Steps::new("steps"), Steps::new("steps"));
    // With one place it has no room for a second attempt of its own.
    let one_place = RunnerOptions {
        concurrency: 1,
        ..RunnerOptions::default()
    };
    let here = runner(&test.db, &slow, one_place);
    let id = submitted(&test.db, new("steps", None, 3)).await;
    until(&test.db, id, |job| job.state == JobState::Running).await;
    test.clock.advance(LEASE + Duration::from_secs(1));
    // `here` has not renewed: its timer runs by another clock.
    let there = runner(&other, &fast, RunnerOptions::default());
    until(&test.db, id, |job| job.state == JobState::Waiting).await;
    test.clock.advance(Duration::from_mins(1));
    wake(&test.db).await;
    fast.permits.add_permits(1);
    until(&test.db, id, |job| job.done == 1).await;
    slow.permits.add_permits(10);
    fast.permits.add_permits(10);
    done(&test.db, id).await;
    assert_eq!(effects(&test.db, id).await, [0, 1, 2]);
    here.drain(Duration::from_secs(5)).await;
    there.drain(Duration::from_secs(5)).await;
}

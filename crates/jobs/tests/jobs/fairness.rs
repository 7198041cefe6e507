//! Tenants beside one another.

use std::time::Duration;

use hikyaku_db::on_both_engines;
use hikyaku_jobs::{JobState, RunnerOptions};
use hikyaku_types::{Id as _, TenantId};

use crate::scene::{Steps, done, job, new, runner, submitted, until, with_effects};

on_both_engines! {
    /// The one with a hundred jobs does not keep the one with one waiting.
    async fn who_was_served_longest_ago_is_next(test: TestDatabase) {
        let db = &test.db;
        with_effects(db).await;
        let (many, few) = (TenantId::from_i64(1), TenantId::from_i64(2));
        let mut jobs = Vec::new();
        for _ in 0..6 {
            jobs.push(submitted(db, new("steps", Some(many), 1)).await);
        }
        jobs.push(submitted(db, new("steps", Some(few), 1)).await);
        let steps = Steps::new("steps");
        let options = RunnerOptions { concurrency: 1, per_tenant: 1 };
        let runner = runner(db, &steps, options);
        for id in [jobs[0], jobs[6]] {
            test.clock.advance(Duration::from_secs(1));
            until(db, id, |job| job.state == JobState::Running).await;
            test.clock.advance(Duration::from_secs(1));
            steps.permits.add_permits(1);
            done(db, id).await;
        }
        steps.permits.add_permits(100);
        for id in &jobs {
            done(db, *id).await;
        }
        let order = steps.began.lock().unwrap().clone();
        assert_eq!(&order[..3], [Some(many), Some(few), Some(many)]);
        runner.drain(Duration::from_secs(5)).await;
    }

    /// Places stay free for others, even when nobody wants them yet.
    async fn one_tenant_does_not_take_all_places(test: TestDatabase) {
        let db = &test.db;
        with_effects(db).await;
        let (greedy, other) = (TenantId::from_i64(1), TenantId::from_i64(2));
        let steps = Steps::new("steps");
        let options = RunnerOptions { concurrency: 3, per_tenant: 2 };
        let mut jobs = Vec::new();
        for _ in 0..3 {
            jobs.push(submitted(db, new("steps", Some(greedy), 1)).await);
        }
        let runner = runner(db, &steps, options);
        until(db, jobs[1], |job| job.state == JobState::Running).await;
        let late = submitted(db, new("steps", Some(other), 1)).await;
        until(db, late, |job| job.state == JobState::Running).await;
        assert_eq!(job(db, jobs[2]).await.state, JobState::Waiting);
        steps.permits.add_permits(100);
        for id in jobs {
            done(db, id).await;
        }
        runner.drain(Duration::from_secs(5)).await;
    }
}

//! One change for many accounts.

use std::time::Duration;

use hikyaku_control::{
    Actor, ControlError,
    bulk::{
        Selection,
        change::{self, Change, Chosen},
        options::ImportOptions,
    },
};
use hikyaku_db::{Lane, on_both_engines};
use hikyaku_directory::AccountStatus;
use hikyaku_jobs::{Job, JobState};
use hikyaku_types::{AccountId, Id as _, JobId};

use crate::office::Office;

async fn submitted(
    office: &Office,
    actor: Actor,
    (chosen, change): (Chosen, Change),
    confirm: u64,
) -> Result<JobId, ControlError> {
    let db = &office.test.db;
    db.write(Lane::Mail, move |tx| {
        change::submit(tx, &actor, (&chosen, &change), confirm)
    })
    .await
}

async fn done(office: &Office, chosen: Chosen, change: Change, confirm: u64) -> (Job, String) {
    let id = submitted(office, Actor::console("root"), (chosen, change), confirm)
        .await
        .unwrap();
    let job = office.ended(id).await;
    (job, office.file(id, "result.csv").await.unwrap())
}

fn filter() -> Chosen {
    Chosen::Filter(Selection {
        domain: Some("example.test".to_owned()),
        ..Selection::default()
    })
}

on_both_engines! {
    async fn all_that_a_filter_finds_are_changed(test: TestDatabase) {
        let office = Office::new(test).await;
        let runner = office.runner();
        let rows = (0..60).map(|n| format!("u{n:02}@example.test,correct horse 7\n")).collect::<Vec<_>>().concat();
        let file = format!("address,password\nx@other.test,\n{rows}");
        office.import(&file, ImportOptions::default()).await;
        let wrong = submitted(&office, Actor::console("root"), (filter(), Change::Suspend), 61).await;
        assert!(wrong.unwrap_err().to_string().contains("\"confirm\": 60"));
        let (job, result) = done(&office, filter(), Change::Suspend, 60).await;
        assert_eq!((job.state, job.done), (JobState::Done, 60), "{result}");
        assert_eq!(result.matches(",done,").count(), 60);
        let status = |address: &'static str| async {
            office.account(address).await.unwrap().status
        };
        assert_eq!(status("u00@example.test").await, AccountStatus::Suspended);
        assert_eq!(status("x@other.test").await, AccountStatus::Active);
        for change in [
            Change::Resume,
            Change::SetQuota { quota_bytes: "1GB".parse().unwrap() },
            Change::ForcePasswordChange,
            Change::SignOut,
            Change::ApplyTemplate { template: "standard".to_owned() },
        ] {
            let (job, result) = done(&office, filter(), change, 60).await;
            assert_eq!(job.state, JobState::Done, "{result}");
        }
        assert_eq!(status("u00@example.test").await, AccountStatus::Active);
        let (job, _) = done(&office, filter(), Change::Delete, 60).await;
        assert_eq!(job.state, JobState::Done);
        assert!(office.account("u00@example.test").await.is_none());
        runner.drain(Duration::from_secs(5)).await;
    }

    /// What lies outside looks as if it were not there, and does not stop the others.
    async fn each_account_has_its_line(test: TestDatabase) {
        let office = Office::new(test).await;
        let runner = office.runner();
        office.import("address\na@example.test\nx@other.test\n", ImportOptions::default()).await;
        let office = &office;
        let id = |address| async move { office.account(address).await.unwrap().scope.account };
        let (mine, other) = (id("a@example.test").await, id("x@other.test").await);
        let chosen = Chosen::Ids(vec![mine, other, AccountId::from_i64(5), mine]);
        let job = submitted(office, office.administrator(), (chosen, Change::Suspend), 3).await;
        let job = office.ended(job.unwrap()).await;
        assert_eq!((job.state, job.done, job.errors), (JobState::DoneWithErrors, 3, 2));
        let result = office.file(job.id, "result.csv").await.unwrap();
        assert_eq!(result.matches("there is no").count(), 2, "{result}");
        let account = office.account("x@other.test").await.unwrap();
        assert_eq!(account.status, AccountStatus::Active);
        runner.drain(Duration::from_secs(5)).await;
    }
}

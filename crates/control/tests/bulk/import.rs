//! Importing tables of accounts.

use std::time::{Duration, Instant};

use hikyaku_control::{
    Actor,
    bulk::{
        import,
        options::{Atomicity, ImportOptions, Mode, Passwords, Trial},
    },
};
use hikyaku_db::{Lane, on_both_engines};
use hikyaku_jobs::{JobState, LEASE};

use crate::office::Office;

fn mode(mode: Mode) -> ImportOptions {
    ImportOptions {
        mode,
        ..ImportOptions::default()
    }
}

const THREE: &str = "address,name,department,quota_bytes,password\r\n\
    a@example.test,山田 太郎,営業部,1GB,correct horse 7\r\n\
    b@third.test,B,,,correct horse 8\r\n\
    c@example.test,'=C,,,short\r\n";

on_both_engines! {
    /// A wrong row leaves the others alone, and is named with its column.
    async fn rows_are_carried_out_one_by_one(test: TestDatabase) {
        let office = Office::new(test).await;
        let runner = office.runner();
        let (job, lines) = office.import(THREE, mode(Mode::Add)).await;
        assert_eq!((job.state, job.done, job.errors), (JobState::DoneWithErrors, 3, 1));
        assert!(lines[0].starts_with("2,a@example.test,create,done,,"), "{lines:?}");
        assert!(lines[1].starts_with("3,b@third.test,"), "{lines:?}");
        assert!(lines[1].contains("error") && lines[1].contains("third.test"), "{lines:?}");
        assert!(lines[2].contains("create,done") && lines[2].contains("fewer than 8"), "{lines:?}");
        let account = office.account("c@example.test").await.unwrap();
        assert_eq!(account.name, "=C");
        assert_eq!(office.account("a@example.test").await.unwrap().name, "山田 太郎");
        assert!(office.file(job.id, "input").await.is_none(), "it held passwords");
        runner.drain(Duration::from_secs(5)).await;
    }

    async fn all_or_nothing_is_that(test: TestDatabase) {
        let office = Office::new(test).await;
        let runner = office.runner();
        let options = ImportOptions { atomicity: Atomicity::All, ..mode(Mode::Add) };
        let (job, lines) = office.import(THREE, options.clone()).await;
        assert_eq!(job.state, JobState::Failed);
        let reason = job.reason.unwrap();
        assert!(reason.contains("row 3") && reason.contains("nothing was changed"), "{reason}");
        assert!(lines[0].contains("not_done") && lines[1].contains("error"), "{lines:?}");
        assert!(office.account("a@example.test").await.is_none());
        let (job, _) = office.import(&THREE.replace("third", "other"), options).await;
        assert_eq!(job.state, JobState::Done, "{job:?}");
        assert!(office.account("b@other.test").await.is_some());
        runner.drain(Duration::from_secs(5)).await;
    }

    /// Each row is tried, and nothing of it stays.
    async fn a_dry_run_changes_nothing(test: TestDatabase) {
        let office = Office::new(test).await;
        let runner = office.runner();
        for atomicity in [Atomicity::Rows, Atomicity::All] {
            let options = ImportOptions { trial: Trial::DryRun, atomicity, ..mode(Mode::Add) };
            let (_, lines) = office.import(THREE, options).await;
            assert!(lines[1].contains("error"), "{lines:?}");
            if atomicity == Atomicity::Rows {
                assert!(lines[0].contains("create,would_be_done"), "{lines:?}");
            }
            assert!(office.account("a@example.test").await.is_none());
        }
        runner.drain(Duration::from_secs(5)).await;
    }

    async fn the_mode_says_what_rows_may_do(test: TestDatabase) {
        let office = Office::new(test).await;
        let runner = office.runner();
        let one = "メールアドレス,表示名,部署\na@example.test,A,\n";
        let (job, lines) = office.import(one, mode(Mode::Update)).await;
        assert_eq!(job.state, JobState::DoneWithErrors, "{lines:?}");
        office.import(one, mode(Mode::Both)).await;
        let (job, lines) = office.import(one, mode(Mode::Add)).await;
        assert_eq!(job.state, JobState::DoneWithErrors, "{lines:?}");
        let changed = "address,name\na@example.test,\nb@example.test,B\n";
        let (job, lines) = office.import(changed, mode(Mode::Both)).await;
        assert_eq!(job.state, JobState::Done, "{lines:?}");
        // An empty cell says nothing.
        assert_eq!(office.account("a@example.test").await.unwrap().name, "A");
        let delete = ImportOptions { confirm: Some(2), ..mode(Mode::Delete) };
        let (job, lines) = office.import(changed, delete).await;
        assert_eq!(job.state, JobState::Done, "{lines:?}");
        assert!(office.account("a@example.test").await.is_none());
        runner.drain(Duration::from_secs(5)).await;
    }

    /// Nobody deletes a list by mistake.
    async fn deletion_wants_the_count(test: TestDatabase) {
        let office = Office::new(test).await;
        let options = ImportOptions { confirm: Some(2), ..mode(Mode::Delete) };
        let file = b"address\na@example.test\n";
        let found = import::inspect(file, &options).unwrap();
        let refused = office.test.db.write(Lane::Mail, move |tx| {
            import::submit(tx, &Actor::console("root"), &options, (file, &found))
        });
        let refused = refused.await.unwrap_err();
        assert!(refused.to_string().contains("confirm=1"), "{refused}");
    }

    /// Made-up passwords are given out once, to whoever asked for the import.
    async fn passwords_are_given_out_once(test: TestDatabase) {
        let office = Office::new(test).await;
        let runner = office.runner();
        let options = ImportOptions { passwords: Passwords::Generate, ..mode(Mode::Add) };
        let administrator = office.administrator();
        let id = office.submit(&administrator, "address\na@example.test\n", options).await;
        assert_eq!(office.ended(id).await.state, JobState::Done);
        assert!(office.take(&Actor::console("root"), id).await.is_none());
        let file = office.take(&administrator, id).await.unwrap();
        let line = file.lines().nth(1).unwrap();
        assert!(line.starts_with("a@example.test,") && line.len() > 25, "{file}");
        assert!(office.take(&administrator, id).await.is_none());
        runner.drain(Duration::from_secs(5)).await;
    }

    /// What lies outside looks as if it were not there.
    async fn an_administrator_reaches_the_own_tenant(test: TestDatabase) {
        let office = Office::new(test).await;
        let runner = office.runner();
        office.import("address\nx@other.test\n", mode(Mode::Add)).await;
        let file = "address\nx@other.test\na@example.test\n";
        let options = mode(Mode::Both);
        let id = office.submit(&office.administrator(), file, options).await;
        let job = office.ended(id).await;
        assert_eq!((job.errors, job.tenant), (1, Some(office.tenant)));
        let result = office.file(id, "result.csv").await.unwrap();
        assert!(result.contains("there is no domain other.test"), "{result}");
        runner.drain(Duration::from_secs(5)).await;
    }

    /// A process dies in the middle, and the next one carries out the rest: every row once.
    async fn an_import_that_was_cut_goes_on(test: TestDatabase) {
        let office = Office::new(test).await;
        let rows = (0..300).map(|n| format!("u{n}@example.test\n")).collect::<Vec<_>>().concat();
        let first = office.runner();
        let id = office.submit(&Actor::console("root"), &format!("address\n{rows}"), mode(Mode::Add)).await;
        loop {
            let job = office.test.db.read(move |tx| hikyaku_jobs::find(tx, id)).await.unwrap();
            if job.done > 0 {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(first);
        office.test.clock.advance(LEASE);
        let second = office.runner();
        let begun = Instant::now();
        let job = loop {
            let job = office.test.db.read(move |tx| hikyaku_jobs::find(tx, id)).await.unwrap();
            if job.state.is_ended() {
                break job;
            }
            if job.state == JobState::Waiting {
                office.test.clock.advance(Duration::from_secs(15));
                let woken = office.test.db.write(Lane::Mail, |tx| {
                    tx.hint(hikyaku_db::Hint::Jobs);
                    Ok::<_, hikyaku_db::DbError>(())
                });
                woken.await.unwrap();
            }
            assert!(begun.elapsed() < Duration::from_mins(1), "{job:?}");
            tokio::task::yield_now().await;
        };
        assert_eq!((job.state, job.done, job.errors), (JobState::Done, 300, 0), "{job:?}");
        let result = office.file(id, "result.csv").await.unwrap();
        assert_eq!(result.lines().count(), 301);
        assert_eq!(result.matches("create,done").count(), 300);
        second.drain(Duration::from_secs(5)).await;
    }
}

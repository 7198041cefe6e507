//! Exporting tables of accounts, and reading them back.

use std::time::Duration;

use hikyaku_control::{
    Actor,
    bulk::{
        Selection,
        columns::Column,
        export::{self, ExportOptions, Headings},
        import,
        options::{ImportOptions, Mode},
        sheet::Encoding,
    },
};
use hikyaku_db::{Lane, on_both_engines};
use hikyaku_jobs::{JobState, JobsError, read_part};
use hikyaku_types::JobId;

use crate::office::Office;

const PEOPLE: &str = "address,name,department,phone,quota_bytes,pop,password\n\
    a@example.test,=HYPERLINK(\"x\"),営業部,+81 3,1GB,off,correct horse 7\n\
    b@example.test,\"髙橋, ①\",,,,,\n";

async fn exported(office: &Office, options: ExportOptions) -> JobId {
    let submitted = office.test.db.write(Lane::Mail, move |tx| {
        export::submit(tx, &Actor::console("root"), &options)
    });
    let id = submitted.await.unwrap();
    office.ended(id).await;
    id
}

async fn bytes(office: &Office, id: JobId) -> Vec<u8> {
    let read = office
        .test
        .db
        .read(move |tx| Ok::<_, JobsError>(read_part(tx, id, "accounts.csv", 0)?.unwrap()));
    read.await.unwrap()
}

on_both_engines! {
    /// What was exported changes nothing when it is imported, in each encoding.
    async fn a_table_is_read_back_unchanged(test: TestDatabase) {
        let office = Office::new(test).await;
        let runner = office.runner();
        let add = ImportOptions { mode: Mode::Add, ..ImportOptions::default() };
        let (job, lines) = office.import(PEOPLE, add).await;
        assert_eq!(job.state, JobState::Done, "{lines:?}");
        let utf_8 = exported(&office, ExportOptions::default()).await;
        let before = office.file(utf_8, "accounts.csv").await.unwrap();
        assert!(before.starts_with("\u{feff}address,name,"), "{before}");
        assert!(before.contains("\"'=HYPERLINK(\"\"x\"\")\"") && before.contains("'+81 3"), "{before}");
        assert!(!before.contains("correct horse") && !before.contains("argon2"), "{before}");
        let japanese = exported(&office, ExportOptions {
            encoding: Some(Encoding::ShiftJis),
            headings: Headings::Ja,
            ..ExportOptions::default()
        }).await;
        let file = bytes(&office, japanese).await;
        assert!(std::str::from_utf8(&file).is_err());
        let options = ImportOptions { mode: Mode::Update, ..ImportOptions::default() };
        let found = import::inspect(&file, &options).unwrap();
        assert_eq!(found.encoding, Encoding::ShiftJis);
        let again = office.test.db.write(Lane::Mail, move |tx| {
            import::submit(tx, &Actor::console("root"), &options, (&file, &found))
        });
        let job = office.ended(again.await.unwrap()).await;
        assert_eq!((job.state, job.done), (JobState::Done, 2));
        let after = exported(&office, ExportOptions::default()).await;
        assert_eq!(office.file(after, "accounts.csv").await.unwrap(), before);
        runner.drain(Duration::from_secs(5)).await;
    }

    async fn columns_and_accounts_are_chosen(test: TestDatabase) {
        let office = Office::new(test).await;
        let runner = office.runner();
        let rows = (0..450).map(|n| format!("u{n:03}@example.test\n")).collect::<Vec<_>>().concat();
        office.import(&format!("address\nx@other.test\n{rows}"), ImportOptions::default()).await;
        let options = ExportOptions {
            filter: Selection {
                domain: Some("example.test".to_owned()),
                ..Selection::default()
            },
            columns: Some(vec![Column::Status, Column::Address]),
            encoding: Some(Encoding::Utf8),
            ..ExportOptions::default()
        };
        let id = exported(&office, options).await;
        let job = office.ended(id).await;
        assert_eq!((job.state, job.done), (JobState::Done, 450), "{job:?}");
        let table = office.file(id, "accounts.csv").await.unwrap();
        assert_eq!(table.lines().next(), Some("status,address"));
        assert_eq!(table.lines().nth(1), Some("active,u000@example.test"));
        assert_eq!(table.lines().count(), 451);
        let secret = ExportOptions {
            columns: Some(vec![Column::Password]),
            ..ExportOptions::default()
        };
        let refused = office.test.db.write(Lane::Mail, move |tx| {
            export::submit(tx, &Actor::console("root"), &secret)
        });
        assert!(refused.await.is_err());
        runner.drain(Duration::from_secs(5)).await;
    }

    /// What cannot be written is told, not replaced.
    async fn a_character_that_is_missing_is_told(test: TestDatabase) {
        let office = Office::new(test).await;
        let runner = office.runner();
        let file = "address,name\na@example.test,\u{1f600}\n";
        office.import(file, ImportOptions::default()).await;
        let id = exported(&office, ExportOptions {
            encoding: Some(Encoding::ShiftJis),
            ..ExportOptions::default()
        }).await;
        let job = office.ended(id).await;
        assert_eq!(job.state, JobState::Failed);
        assert!(job.reason.unwrap().contains("export as UTF-8"));
        runner.drain(Duration::from_secs(5)).await;
    }
}

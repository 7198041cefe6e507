//! A full disk refuses what does not fit, and nothing else.

use std::time::Duration;

use hikyaku_db::{DbError, Engine, Lane, params, testing::fresh_with};

use crate::support::{Gate, hold, integers, poll_once, run};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_file_fails_the_one_that_does_not_fit() {
    let test = fresh_with(Engine::Sqlite, |options| {
        options.sqlite_group_time = Duration::from_hours(1);
    })
    .await;
    let db = &test.db;
    run(
        db,
        &["CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, b BLOB)"],
    )
    .await;
    db.write(Lane::Mail, |tx| {
        let pages = tx.query_one("PRAGMA page_count", params![], |row| row.get::<i64>(0))?;
        let limit = format!("PRAGMA max_page_count = {}", pages + 20);
        tx.query(&limit, params![], |_| Ok(()))
    })
    .await
    .unwrap();
    let gate = Gate::default();
    let held = hold(db, &gate);
    gate.reached().await;
    let insert = |id: i64, size: usize| {
        let db = db.clone();
        Box::pin(async move {
            db.write(Lane::Mail, move |tx| {
                tx.execute(
                    "INSERT INTO t VALUES (?1, ?2)",
                    params![id, &vec![1_u8; size]],
                )
            })
            .await
        })
    };
    let (mut before, mut huge, mut after) = (insert(1, 10), insert(2, 1 << 20), insert(3, 10));
    assert!(poll_once(&mut before).await.is_none());
    assert!(poll_once(&mut huge).await.is_none());
    assert!(poll_once(&mut after).await.is_none());
    gate.open();
    assert_eq!(before.await, Ok(1));
    let full = huge.await;
    assert_eq!(full, Err(DbError::DiskFull));
    assert!(full.is_err_and(|error| error.is_storage_full() && error.is_temporary()));
    assert_eq!(after.await, Ok(1));
    held.await.unwrap().unwrap();
    assert!(
        db.metrics().reruns > 0,
        "SQLite ended the group, and its members were run again"
    );
    assert_eq!(integers(db, "SELECT id FROM t ORDER BY id").await, [1, 3]);
    // Reading and deleting go on.
    run(db, &["DELETE FROM t WHERE id = 1"]).await;
    assert_eq!(db.integrity_check().await, Ok(vec![]));
}

/// Says so when this very process is the one with the small files.
const LIMITED: &str = "HIKYAKU_TEST_SMALL_FILES";

/// A COMMIT that the operating system refuses, for real: this test runs itself again in a process
/// that may not write files longer than 4 MiB.
#[test]
fn a_commit_that_cannot_be_written_fails_and_later_ones_succeed() {
    if std::env::var_os(LIMITED).is_some() {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .unwrap();
        return runtime.block_on(write_more_than_fits());
    }
    let itself = std::env::current_exe().unwrap();
    let name = "disk_full::a_commit_that_cannot_be_written_fails_and_later_ones_succeed";
    let output = std::process::Command::new("sh")
        // The signal would end the process; ignored, the write fails with EFBIG.
        .args(["-c", "trap '' XFSZ; ulimit -f 8192; exec \"$0\" \"$@\""])
        .arg(itself)
        .args(["--exact", name, "--nocapture"])
        .env(LIMITED, "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(text.contains("1 passed"), "{text}");
}

async fn write_more_than_fits() {
    let test = fresh_with(Engine::Sqlite, |_| ()).await;
    let db = &test.db;
    run(
        db,
        &["CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, b BLOB)"],
    )
    .await;
    let insert = |id: i64, size: usize| {
        db.write(Lane::Mail, move |tx| {
            tx.execute(
                "INSERT INTO t VALUES (?1, ?2)",
                params![id, &vec![1_u8; size]],
            )
        })
    };
    assert_eq!(insert(1, 10).await, Ok(1));
    let refused = insert(2, 6 << 20).await;
    assert!(
        refused.as_ref().is_err_and(DbError::is_temporary),
        "{refused:?}"
    );
    assert_eq!(insert(3, 10).await, Ok(1));
    assert_eq!(integers(db, "SELECT id FROM t ORDER BY id").await, [1, 3]);
    assert_eq!(db.integrity_check().await, Ok(vec![]));
}

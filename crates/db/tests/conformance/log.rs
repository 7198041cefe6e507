//! SQLite's write-ahead log: copied beside the writer, started over, never in anybody's way.

use hikyaku_db::{Database, Engine, Lane, params, testing::fresh_with};

use crate::support::{Db, Gate, integers, run};

/// Pages after which the log is copied in these tests.
const COPY_PAGES: u64 = 64;

async fn insert(db: &Database, id: i64) {
    let sql = "INSERT INTO t VALUES (?1, ?2)";
    let content = vec![1_u8; 20_000];
    db.write(Lane::Mail, move |tx| tx.execute(sql, params![id, &content]))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_starts_over_under_constant_load() {
    let test = fresh_with(Engine::Sqlite, |options| {
        options.sqlite_copy_pages = COPY_PAGES;
    })
    .await;
    let db = &test.db;
    run(
        db,
        &["CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, b BLOB)"],
    )
    .await;
    let (mut longest, mut last, mut restarts, mut id) = (0, 0, 0, 0);
    // The writer finishes a copy only when the log is long; the log starts over afterwards.
    while db.metrics().log_finish_us.count < 2 || restarts < 2 {
        let writers: Vec<_> = (id..id + 8)
            .map(|id| {
                let db = db.clone();
                tokio::spawn(async move { insert(&db, id).await })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
        id += 8;
        let pages = db.metrics().wal_pages;
        restarts += u32::from(pages < last);
        longest = longest.max(pages);
        last = pages;
    }
    let metrics = db.metrics();
    assert!(metrics.checkpoint_us.count >= 2, "{metrics:?}");
    assert_eq!(
        metrics.checkpoints,
        metrics.checkpoint_us.count + metrics.log_finish_us.count
    );
    assert!(longest < 100 * COPY_PAGES, "{longest}");
    assert_eq!(db.integrity_check().await, Ok(vec![]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_reader_stops_neither_the_writer_nor_the_copies() {
    let test = fresh_with(Engine::Sqlite, |options| {
        options.sqlite_copy_pages = COPY_PAGES;
    })
    .await;
    let db = &test.db;
    run(
        db,
        &["CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, b BLOB)"],
    )
    .await;
    insert(db, 0).await;
    let gate = Gate::default();
    let (reader, at) = (db.clone(), gate.clone());
    let reading = tokio::spawn(async move {
        reader
            .read(move |tx| {
                let count = "SELECT COUNT(*) FROM t";
                let before = tx.query_one(count, params![], |row| row.get::<i64>(0))?;
                at.pass();
                Db::Ok((
                    before,
                    tx.query_one(count, params![], |row| row.get::<i64>(0))?,
                ))
            })
            .await
    });
    gate.reached().await;
    for id in 1..200 {
        insert(db, id).await;
    }
    assert!(
        db.metrics().wal_pages > 900,
        "the reader needs the log: {:?}",
        db.metrics()
    );
    gate.open();
    assert_eq!(reading.await.unwrap(), Ok((1, 1)));
    assert_eq!(integers(db, "SELECT COUNT(*) FROM t").await, [200]);
    // Now that nobody needs the log any more it is copied and starts over.
    let mut id = 200;
    while db.metrics().wal_pages > 900 {
        insert(db, id).await;
        id += 1;
    }
    assert_eq!(db.integrity_check().await, Ok(vec![]));
}

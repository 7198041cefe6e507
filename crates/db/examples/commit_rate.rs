//! Measures complete, durable transactions per second on SQLite with 1, 10 and 50 writers.
//!
//! `cargo run -p hikyaku-db --example commit_rate [SECONDS] [FOLDER] [BYTES]`. Each transaction
//! is a small delivery: it locks and raises a counter, inserts a row of BYTES (120) and reads it
//! back.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use hikyaku_db::{Database, DbError, Hint, Lane, MetricsSnapshot, Options, Target, params};
use hikyaku_types::{AccountId, Id, MessageId};

/// Rows that the writers share, so that they do not all change the same one.
const ACCOUNTS: i64 = 100;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments
        .next()
        .and_then(|text| text.parse().ok())
        .unwrap_or(3);
    let folder = arguments
        .next()
        .map_or_else(|| PathBuf::from("."), PathBuf::from);
    let size = arguments
        .next()
        .and_then(|text| text.parse().ok())
        .unwrap_or(120);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime can be made");
    for writers in [1, 10, 50] {
        runtime.block_on(measure(
            writers,
            Duration::from_secs(seconds),
            &folder,
            size,
        ));
    }
}

async fn measure(writers: usize, time: Duration, folder: &std::path::Path, size: usize) {
    let folder = tempfile::tempdir_in(folder).expect("a folder can be made");
    let path = folder.path().join("rate.sqlite");
    let db = Database::open(Options::new(Target::Sqlite { path }))
        .await
        .expect("it opens");
    prepare(&db).await.expect("the tables can be made");
    let (done, stop) = (
        Arc::new(AtomicU64::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let before = db.metrics();
    let started = Instant::now();
    let tasks: Vec<_> = (0..writers)
        .map(|writer| {
            let (db, done, stop) = (db.clone(), Arc::clone(&done), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut turn = writer as i64;
                while !stop.load(Ordering::Relaxed) {
                    turn += 1;
                    deliver(&db, turn % ACCOUNTS + 1, size)
                        .await
                        .expect("a delivery commits");
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    tokio::time::sleep(time).await;
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.expect("a writer ends");
    }
    let rate = done.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64();
    report(writers, rate, &before, &db.metrics());
    db.close().await;
}

async fn prepare(db: &Database) -> Result<(), DbError> {
    db.write(Lane::Mail, |tx| {
        tx.execute(
            "CREATE TABLE bench_account (id INTEGER PRIMARY KEY, modseq INTEGER NOT NULL) STRICT",
            params![],
        )?;
        tx.execute(
            "CREATE TABLE bench_mail (account INTEGER NOT NULL, modseq INTEGER NOT NULL,
             id INTEGER NOT NULL, content BLOB NOT NULL, PRIMARY KEY (account, modseq)) STRICT",
            params![],
        )?;
        for id in 1..=ACCOUNTS {
            tx.execute("INSERT INTO bench_account VALUES (?1, 0)", params![id])?;
        }
        Ok(())
    })
    .await
}

async fn deliver(db: &Database, account: i64, size: usize) -> Result<i64, DbError> {
    let content = vec![7_u8; size];
    db.write(Lane::Mail, move |tx| {
        let modseq: i64 = tx.query_one(
            "UPDATE bench_account SET modseq = modseq + 1 WHERE id = ?1 RETURNING modseq",
            params![account],
            |row| row.get(0),
        )?;
        tx.execute(
            "INSERT INTO bench_mail VALUES (?1, ?2, ?3, ?4)",
            params![account, modseq, tx.new_id::<MessageId>(), &content],
        )?;
        tx.hint(Hint::Mail(AccountId::from_i64(account)));
        tx.query_one(
            "SELECT modseq FROM bench_mail WHERE account = ?1 AND modseq = ?2",
            params![account, modseq],
            |row| row.get(0),
        )
    })
    .await
}

fn report(writers: usize, rate: f64, before: &MetricsSnapshot, after: &MetricsSnapshot) {
    let commits = after.commits - before.commits;
    let per = |sum: u64, count: u64| sum as f64 / count.max(1) as f64;
    println!(
        "{writers:3} writers: {rate:7.0} transactions/s, {:5.1} per commit, {:5.0} µs per commit, \
         {:5.1} µs in the closure's turn, {} copies of {:.0} µs, {} finished in {:.0} µs, log {} pages",
        per(after.group_size.sum - before.group_size.sum, commits),
        per(after.commit_us.sum - before.commit_us.sum, commits),
        per(
            after.mail_hold_us.sum - before.mail_hold_us.sum,
            after.mail_hold_us.count - before.mail_hold_us.count
        ),
        after.checkpoint_us.count,
        per(after.checkpoint_us.sum, after.checkpoint_us.count),
        after.log_finish_us.count,
        per(after.log_finish_us.sum, after.log_finish_us.count),
        after.wal_pages,
    );
}

//! Group commit on SQLite: one fsync for all, results only after it, members apart from each other.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use hikyaku_db::{
    Database, DbError, Engine, GROUP_MEMBERS, Hint, Lane, params,
    testing::{TestDatabase, fresh, fresh_with},
};

use crate::support::{Db, Gate, hold, integers, poll_once, run};

const TABLE: &[&str] = &["CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY)"];

/// A store whose groups do not end because of a slow machine.
async fn patient() -> TestDatabase {
    fresh_with(Engine::Sqlite, |options| {
        options.sqlite_group_time = Duration::from_hours(1);
    })
    .await
}

async fn insert(db: Database, id: i64) -> Db<u64> {
    db.write(Lane::Mail, move |tx| {
        tx.execute("INSERT INTO t VALUES (?1)", params![id])
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_committed_together() {
    let test = patient().await;
    let db = &test.db;
    run(db, TABLE).await;
    let before = db.metrics();
    let gate = Gate::default();
    let held = hold(db, &gate);
    gate.reached().await;
    let mut calls: Vec<_> = (0..20).map(|id| Box::pin(insert(db.clone(), id))).collect();
    for call in &mut calls {
        assert!(poll_once(call).await.is_none());
    }
    gate.open();
    held.await.unwrap().unwrap();
    for call in calls {
        assert_eq!(call.await, Ok(1));
    }
    let after = db.metrics();
    assert_eq!(after.commits - before.commits, 1);
    assert_eq!(after.group_size.sum - before.group_size.sum, 21);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_is_bounded_in_members_and_in_time() {
    let test = patient().await;
    let db = &test.db;
    run(db, TABLE).await;
    let before = db.metrics().commits;
    let gate = Gate::default();
    let held = hold(db, &gate);
    gate.reached().await;
    let mut calls: Vec<_> = (0..GROUP_MEMBERS as i64)
        .map(|id| Box::pin(insert(db.clone(), id)))
        .collect();
    for call in &mut calls {
        assert!(poll_once(call).await.is_none());
    }
    gate.open();
    held.await.unwrap().unwrap();
    for call in calls {
        assert_eq!(call.await, Ok(1));
    }
    // The one at the gate and all but one of the others, then the last.
    assert_eq!(db.metrics().commits - before, 2);

    let hasty = fresh_with(Engine::Sqlite, |options| {
        options.sqlite_group_time = Duration::ZERO;
    })
    .await;
    run(&hasty.db, TABLE).await;
    let before = hasty.db.metrics().commits;
    let calls: Vec<_> = (0..5)
        .map(|id| tokio::spawn(insert(hasty.db.clone(), id)))
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), Ok(1));
    }
    assert_eq!(hasty.db.metrics().commits - before, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_has_a_result_before_the_commit() {
    let test = patient().await;
    let db = &test.db;
    run(db, TABLE).await;
    let (first, last) = (Gate::default(), Gate::default());
    let held = hold(db, &first);
    first.reached().await;
    let mut done = Box::pin(insert(db.clone(), 1));
    let mut refused = Box::pin(insert(db.clone(), 1));
    assert!(poll_once(&mut done).await.is_none());
    assert!(poll_once(&mut refused).await.is_none());
    let listener = db.hints().subscribe(Hint::Queue);
    let mut hinting = Box::pin(db.write(Lane::Mail, |tx| {
        tx.hint(Hint::Queue);
        Db::Ok(())
    }));
    assert!(poll_once(&mut hinting).await.is_none());
    let holding_last = hold(db, &last);
    while db.metrics().mail_queued < 4 {
        tokio::task::yield_now().await;
    }
    first.open();
    last.reached().await;
    // All have run, and nothing is committed: not even an error is known.
    assert!(poll_once(&mut done).await.is_none());
    assert!(poll_once(&mut refused).await.is_none());
    assert!(poll_once(&mut hinting).await.is_none());
    assert!(!listener.has_changed());
    assert_eq!(integers(db, "SELECT COUNT(*) FROM t").await, [0]);
    last.open();
    assert_eq!(done.await, Ok(1));
    assert!(refused.await.is_err_and(|error| error.is_unique()));
    hinting.await.unwrap();
    assert!(listener.has_changed());
    held.await.unwrap().unwrap();
    holding_last.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_outer_transaction_is_lost_the_members_are_run_one_by_one() {
    let test = patient().await;
    let db = &test.db;
    run(db, TABLE).await;
    let gate = Gate::default();
    let held = hold(db, &gate);
    gate.reached().await;
    let runs = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&runs);
    let mut good = Box::pin(db.write(Lane::Mail, move |tx| {
        counter.fetch_add(1, Ordering::SeqCst);
        tx.hint(Hint::Directory);
        tx.execute("INSERT INTO t VALUES (1)", params![])
    }));
    // What an I/O error does, without one: the whole transaction is gone.
    let mut bad = Box::pin(db.write(Lane::Mail, |tx| {
        tx.execute("INSERT INTO t VALUES (2)", params![])?;
        tx.hint(Hint::Queue);
        tx.execute("INSERT OR ROLLBACK INTO t VALUES (2)", params![])
    }));
    let mut late = Box::pin(insert(db.clone(), 3));
    assert!(poll_once(&mut good).await.is_none());
    assert!(poll_once(&mut bad).await.is_none());
    assert!(poll_once(&mut late).await.is_none());
    let (directory, queue) = (
        db.hints().subscribe(Hint::Directory),
        db.hints().subscribe(Hint::Queue),
    );
    gate.open();
    assert_eq!(good.await, Ok(1));
    assert!(bad.await.is_err_and(|error| error.is_unique()));
    assert_eq!(late.await, Ok(1));
    held.await.unwrap().unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 2);
    assert_eq!(integers(db, "SELECT id FROM t ORDER BY id").await, [1, 3]);
    assert!(directory.has_changed() && !queue.has_changed());
    let metrics = db.metrics();
    assert_eq!(
        metrics.reruns, 3,
        "the one at the gate, the good one and the bad one"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_that_fails_after_its_changes_takes_no_other_with_it() {
    let test = patient().await;
    let db = &test.db;
    run(db, TABLE).await;
    let gate = Gate::default();
    let held = hold(db, &gate);
    gate.reached().await;
    let fails_after = |id: i64, statement: &'static str| {
        Box::pin(db.write(Lane::Mail, move |tx| {
            tx.execute("INSERT INTO t VALUES (?1)", params![id])?;
            tx.execute(statement, params![])?;
            tx.hint(Hint::Queue);
            Err::<(), _>(DbError::Closed)
        }))
    };
    let mut before = Box::pin(insert(db.clone(), 1));
    let mut rows = fails_after(2, "UPDATE t SET id = id + 10");
    let mut between = Box::pin(insert(db.clone(), 3));
    let mut table = fails_after(4, "CREATE TABLE other (id BIGINT)");
    let mut after = Box::pin(insert(db.clone(), 2));
    let listener = db.hints().subscribe(Hint::Queue);
    assert!(poll_once(&mut before).await.is_none());
    assert!(poll_once(&mut rows).await.is_none());
    assert!(poll_once(&mut between).await.is_none());
    assert!(poll_once(&mut table).await.is_none());
    assert!(poll_once(&mut after).await.is_none());
    gate.open();
    held.await.unwrap().unwrap();
    assert_eq!(before.await, Ok(1));
    assert_eq!(rows.await, Err(DbError::Closed));
    assert_eq!(between.await, Ok(1));
    assert_eq!(table.await, Err(DbError::Closed));
    assert_eq!(after.await, Ok(1));
    assert_eq!(
        integers(db, "SELECT id FROM t ORDER BY id").await,
        [1, 2, 3]
    );
    let tables = "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'other'";
    assert_eq!(integers(db, tables).await, [0]);
    assert!(!listener.has_changed());
    let reruns = db.metrics().reruns;
    assert_eq!(
        reruns, 3,
        "the one at the gate, and the two up to the first that failed"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_tables_alone_is_undone_too() {
    let test = patient().await;
    let db = &test.db;
    run(db, TABLE).await;
    // The first closure of a group, without savepoint, with a change that SQLite does not count.
    let failed = db.write(Lane::Mail, |tx| {
        tx.execute(" create TABLE other (id BIGINT)", params![])?;
        Err::<(), _>(DbError::Closed)
    });
    assert_eq!(failed.await, Err(DbError::Closed));
    let tables = "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'other'";
    assert_eq!(integers(db, tables).await, [0]);
    assert_eq!(insert(db.clone(), 1).await, Ok(1), "and the store goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_commit_fails_all_members_and_hints_nothing() {
    let test = patient().await;
    let db = &test.db;
    run(db, TABLE).await;
    // A constraint that is checked at COMMIT only stands for a disk that fails there.
    run(
        db,
        &["CREATE TABLE child (t BIGINT REFERENCES t (id) DEFERRABLE INITIALLY DEFERRED)"],
    )
    .await;
    let listener = db.hints().subscribe(Hint::Queue);
    let gate = Gate::default();
    let held = hold(db, &gate);
    gate.reached().await;
    let mut innocent = Box::pin(db.write(Lane::Mail, |tx| {
        tx.hint(Hint::Queue);
        tx.execute("INSERT INTO t VALUES (1)", params![])
    }));
    let mut guilty = Box::pin(db.write(Lane::Mail, |tx| {
        tx.execute("INSERT INTO child VALUES (9)", params![])
    }));
    assert!(poll_once(&mut innocent).await.is_none());
    assert!(poll_once(&mut guilty).await.is_none());
    gate.open();
    for answer in [innocent.await, guilty.await] {
        assert!(
            matches!(answer, Err(DbError::Constraint { .. })),
            "{answer:?}"
        );
    }
    assert!(held.await.unwrap().is_err());
    assert!(!listener.has_changed());
    assert_eq!(db.metrics().failed_commits, 1);
    assert_eq!(integers(db, "SELECT COUNT(*) FROM t").await, [0]);
    assert_eq!(insert(db.clone(), 5).await, Ok(1), "the store goes on");
}

#[test]
fn no_migration_defers_a_constraint() {
    // A group commits its members together, so a check at COMMIT would fail all for one.
    for migration in hikyaku_db::MIGRATIONS {
        for script in [migration.sqlite, migration.postgres] {
            assert!(
                !script.to_ascii_uppercase().contains("DEFERR"),
                "{}",
                migration.name
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_owner_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let test = fresh(Engine::Sqlite).await;
    run(&test.db, TABLE).await;
    let hikyaku_db::Target::Sqlite { path } = test.guard.target() else {
        unreachable!("a test on SQLite has a file");
    };
    for name in ["", "-wal", "-shm"] {
        let file = format!("{}{name}", path.display());
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

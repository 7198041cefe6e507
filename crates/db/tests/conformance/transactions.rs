//! What one transaction promises.

use hikyaku_db::{Database, DbError, Lane, on_both_engines, params, testing::fresh_with};

use crate::support::{Db, Gate, hold, integers, poll_once, run};

const TABLE: &[&str] = &[
    "CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE, n BIGINT CHECK (n > 0))",
];

async fn insert(db: &Database, id: i64, name: &'static str) -> Db<u64> {
    db.write(Lane::Mail, move |tx| {
        tx.execute(
            "INSERT INTO t (id, name) VALUES (?1, ?2)",
            params![id, name],
        )
    })
    .await
}

/// An error type with a fault of its own.
#[derive(Debug)]
struct Explosive;

impl From<DbError> for Explosive {
    fn from(error: DbError) -> Self {
        panic!("cannot hold {error}")
    }
}

/// Fails a statement and does not say so: the store has to, in a type that cannot be made.
#[expect(clippy::unnecessary_wraps, reason = "the shape of a closure")]
fn hidden_failure(tx: &hikyaku_db::Tx<'_>) -> Result<(), Explosive> {
    let failed = tx.query("no SQL", params![], |_| Ok(()));
    assert!(failed.is_err());
    Ok(())
}

on_both_engines! {
    /// An Err undoes the closure's own changes and nobody else's.
    async fn an_error_rolls_back_its_own_closure(test: TestDatabase) {
        let db = &test.db;
        run(db, TABLE).await;
        insert(db, 1, "a").await.unwrap();
        let failed: Db<()> = db
            .write(Lane::Mail, |tx| {
                tx.execute("INSERT INTO t (id, name) VALUES (2, 'b')", params![])?;
                Err(DbError::NotFound)
            })
            .await;
        assert_eq!(failed, Err(DbError::NotFound));
        insert(db, 3, "c").await.unwrap();
        assert_eq!(integers(db, "SELECT id FROM t ORDER BY id").await, [1, 3]);
    }

    /// A panic undoes its closure only, in the same group too, and the store goes on.
    async fn a_panic_harms_nobody_else(test: TestDatabase) {
        let db = &test.db;
        run(db, TABLE).await;
        let gate = Gate::default();
        let held = hold(db, &gate);
        gate.reached().await;
        let mut first = Box::pin(insert(db, 1, "a"));
        let mut panicking = Box::pin(db.write(Lane::Mail, |tx| -> Db<()> {
            tx.execute("INSERT INTO t (id, name) VALUES (2, 'b')", params![])?;
            panic!("on purpose");
        }));
        let mut last = Box::pin(insert(db, 3, "c"));
        assert!(poll_once(&mut first).await.is_none());
        assert!(poll_once(&mut panicking).await.is_none());
        assert!(poll_once(&mut last).await.is_none());
        gate.open();
        let (first, panicked, last) = tokio::join!(first, panicking, last);
        assert_eq!((first, last), (Ok(1), Ok(1)));
        assert_eq!(panicked, Err(DbError::Panicked { message: "on purpose".to_owned() }));
        held.await.unwrap().unwrap();
        let read = db.read(|_| -> Db<()> { panic!("in a {}", "read") }).await;
        assert_eq!(read, Err(DbError::Panicked { message: "in a read".to_owned() }));
        assert_eq!(integers(db, "SELECT id FROM t ORDER BY id").await, [1, 3]);
        assert_eq!(db.metrics().panics, 2);
    }

    /// A caller's error type that panics while it is made ends no thread of the store.
    async fn a_panic_outside_the_closure_is_survived(test: TestDatabase) {
        let db = &test.db;
        run(db, TABLE).await;
        for _ in 0..10 {
            let (writer, reader) = (db.clone(), db.clone());
            let wrote = tokio::spawn(async move {
                writer.write(Lane::Mail, |tx| hidden_failure(tx)).await
            });
            let read = tokio::spawn(async move { reader.read(hidden_failure).await });
            // The error of the store cannot be told either, since that panics in the caller.
            assert!(wrote.await.is_err_and(|error| error.is_panic()));
            assert!(read.await.is_err_and(|error| error.is_panic()));
        }
        assert_eq!(insert(db, 1, "a").await, Ok(1));
        assert_eq!(integers(db, "SELECT id FROM t").await, [1]);
    }

    /// One text is one statement.
    async fn two_statements_in_one_text_are_refused(test: TestDatabase) {
        let db = &test.db;
        run(db, TABLE).await;
        for sql in ["DELETE FROM t; DELETE FROM t", "SELECT 1; DELETE FROM t"] {
            let refused =
                db.write(Lane::Mail, move |tx| tx.query(sql, params![], |_| Ok(()))).await;
            assert!(matches!(refused, Err(DbError::Sql { .. })), "{sql}: {refused:?}");
        }
        let semicolon = db.write(Lane::Mail, |tx| tx.execute("DELETE FROM t;", params![])).await;
        assert_eq!(semicolon, Ok(0));
    }

    /// A closure that hides the failure of a statement is not committed, and cannot go on.
    async fn a_hidden_error_fails_the_transaction(test: TestDatabase) {
        let db = &test.db;
        run(db, TABLE).await;
        insert(db, 1, "a").await.unwrap();
        let hidden: Db<()> = db
            .write(Lane::Mail, |tx| {
                tx.execute("INSERT INTO t (id, name) VALUES (2, 'b')", params![])?;
                let refused = tx.execute("INSERT INTO t (id, name) VALUES (3, 'a')", params![]);
                assert!(refused.is_err_and(|error| error.is_unique()));
                let next = tx.query_opt("SELECT id FROM t", params![], |row| row.get::<i64>(0));
                assert_eq!(next, Err(DbError::TransactionFailed));
                Ok(())
            })
            .await;
        assert!(hidden.as_ref().is_err_and(DbError::is_unique), "{hidden:?}");
        assert_eq!(integers(db, "SELECT id FROM t").await, [1]);
    }

    /// No row, or a column of another type, is no failure of a statement.
    async fn a_closure_may_go_on_after_not_found(test: TestDatabase) {
        let db = &test.db;
        run(db, TABLE).await;
        let written: Db<u64> = db
            .write(Lane::Mail, |tx| {
                let none = tx.query_one("SELECT id FROM t", params![], |row| row.get::<i64>(0));
                assert_eq!(none, Err(DbError::NotFound));
                let text = tx.query_one("SELECT 1", params![], |row| row.get::<String>(0));
                assert!(matches!(text, Err(DbError::Conversion { index: 0, .. })), "{text:?}");
                tx.execute("INSERT INTO t (id, name) VALUES (1, 'a')", params![])
            })
            .await;
        assert_eq!(written, Ok(1));
    }

    /// The same fault has the same name on both engines.
    async fn errors_are_classified_alike(test: TestDatabase) {
        let db = &test.db;
        run(db, TABLE).await;
        run(db, &["CREATE TABLE child (t BIGINT REFERENCES t (id))"]).await;
        insert(db, 1, "a").await.unwrap();
        for (sql, unique, constraint) in [
            ("INSERT INTO t (id, name) VALUES (1, 'b')", true, false),
            ("INSERT INTO t (id, name) VALUES (2, 'a')", true, false),
            ("INSERT INTO t (id) VALUES (3)", false, true),
            ("INSERT INTO t (id, name, n) VALUES (3, 'c', 0)", false, true),
            ("INSERT INTO child (t) VALUES (9)", false, true),
            ("INSERT INTO nowhere (t) VALUES (9)", false, false),
            ("SELECT no_such_column FROM t", false, false),
            ("no SQL", false, false),
        ] {
            let tried = db.write(Lane::Mail, move |tx| tx.execute(sql, params![])).await;
            let error = tried.unwrap_err();
            assert_eq!(error.is_unique(), unique, "{sql}: {error:?}");
            assert_eq!(matches!(error, DbError::Constraint { .. }), constraint, "{sql}: {error:?}");
            let is_sql = matches!(error, DbError::Sql { .. });
            assert_eq!(is_sql, !unique && !constraint, "{sql}: {error:?}");
            assert!(!error.is_temporary() && !error.is_storage_full(), "{sql}: {error:?}");
        }
        assert_eq!(insert(db, 9, "z").await, Ok(1));
    }

    /// Conflicts that are expected cost no transaction.
    async fn expected_conflicts_are_counted_rows(test: TestDatabase) {
        let db = &test.db;
        run(db, TABLE).await;
        let counts: Db<Vec<u64>> = db
            .write(Lane::Mail, |tx| {
                let none = "INSERT INTO t (id, name) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
                let update = "INSERT INTO t (id, name) VALUES (?1, ?2)
                              ON CONFLICT (id) DO UPDATE SET name = excluded.name";
                Ok(vec![
                    tx.execute(none, params![1, "a"])?,
                    tx.execute(none, params![1, "b"])?,
                    tx.execute(none, params![2, "a"])?,
                    tx.execute(update, params![1, "c"])?,
                    tx.execute("UPDATE t SET n = 5 WHERE id > ?1", params![100])?,
                    tx.execute("DELETE FROM t WHERE id IN (?1, ?2)", params![1, 2])?,
                ])
            })
            .await;
        assert_eq!(counts, Ok(vec![1, 0, 0, 1, 0, 1]));
    }

    /// The locking clauses of PostgreSQL run on both, RETURNING too.
    async fn locks_and_returning_are_common_sql(test: TestDatabase) {
        let db = &test.db;
        run(db, TABLE).await;
        insert(db, 1, "for update").await.unwrap();
        let seen: Db<(i64, String)> = db
            .write(Lane::Mail, |tx| {
                let id = tx.query_one(
                    "SELECT id FROM t WHERE name = ?1 ORDER BY id FOR UPDATE OF t SKIP LOCKED",
                    params!["for update"],
                    |row| row.get::<i64>(0),
                )?;
                tx.query_one(
                    "UPDATE t SET name = 'FOR UPDATE ' || name WHERE id = ?1 RETURNING id, name",
                    params![id],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
            })
            .await;
        assert_eq!(seen, Ok((1, "FOR UPDATE for update".to_owned())));
    }

    /// A caller that goes away takes nothing with it: its closure still runs, and others too.
    async fn a_caller_may_go_away(test: TestDatabase) {
        let test = fresh_with(test.db.engine(), |options| {
            options.postgres_connections = 1;
            options.queue_limit = 1;
        })
        .await;
        let db = &test.db;
        run(db, TABLE).await;
        let gate = Gate::default();
        let held = hold(db, &gate);
        gate.reached().await;
        let mut queued = Box::pin(insert(db, 1, "queued"));
        assert!(poll_once(&mut queued).await.is_none());
        assert_eq!(db.metrics().mail_queued, 1);
        let mut waiting_for_room = Box::pin(insert(db, 2, "waiting for room"));
        assert!(poll_once(&mut waiting_for_room).await.is_none());
        assert_eq!(db.metrics().mail_queued, 1, "the queue is bounded");
        drop(queued);
        drop(waiting_for_room);
        gate.open();
        held.await.unwrap().unwrap();
        insert(db, 3, "after").await.unwrap();
        assert_eq!(integers(db, "SELECT id FROM t ORDER BY id").await, [1, 3]);
    }

    /// Closing does what is queued and refuses what comes later.
    async fn closing_finishes_what_is_queued(test: TestDatabase) {
        let db = &test.db;
        run(db, TABLE).await;
        let gate = Gate::default();
        let held = hold(db, &gate);
        gate.reached().await;
        let mut queued = Box::pin(insert(db, 1, "a"));
        assert!(poll_once(&mut queued).await.is_none());
        let closing = tokio::spawn({
            let db = db.clone();
            async move { db.close().await }
        });
        gate.open();
        assert_eq!(queued.await, Ok(1));
        held.await.unwrap().unwrap();
        closing.await.unwrap();
        assert_eq!(insert(db, 2, "b").await, Err(DbError::Closed));
        let read = db.read(|tx| tx.query("SELECT 1", params![], |_| Ok(()))).await;
        assert_eq!(read, Err(DbError::Closed));
        let again = Database::open(test.guard.options()).await.unwrap();
        assert_eq!(integers(&again, "SELECT id FROM t").await, [1]);
        assert_eq!(again.integrity_check().await, Ok(vec![]));
    }

    /// The time in a closure is the clock's.
    async fn time_comes_from_the_clock(test: TestDatabase) {
        let now = || test.db.write(Lane::Mail, |tx| Db::Ok(tx.now()));
        let before = now().await.unwrap();
        test.clock.advance(std::time::Duration::from_hours(24));
        assert_eq!(now().await.unwrap().since(before).as_secs(), 86_400);
        assert_eq!(test.db.read(|tx| Db::Ok(tx.now())).await.unwrap(), test.db.now());
    }
}

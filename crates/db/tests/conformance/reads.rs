//! What readers see.

use std::ops::ControlFlow;

use hikyaku_db::{DbError, Lane, on_both_engines, params};

use crate::support::{Db, Gate, integers, run};

const TABLE: &[&str] = &[
    "CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY)",
    "INSERT INTO t VALUES (1), (2), (3)",
];

on_both_engines! {
    /// A closure sees one state of the data, however long it takes, and no writer waits for it.
    async fn a_reader_sees_one_snapshot(test: TestDatabase) {
        let db = test.db.clone();
        run(&db, TABLE).await;
        let gate = Gate::default();
        let (reader, at) = (db.clone(), gate.clone());
        let reading = tokio::spawn(async move {
            reader
                .read(move |tx| {
                    let count = || {
                        tx.query_one("SELECT COUNT(*) FROM t", params![], |row| row.get::<i64>(0))
                    };
                    let before = count()?;
                    at.pass();
                    Db::Ok((before, count()?))
                })
                .await
        });
        gate.reached().await;
        run(&db, &["INSERT INTO t VALUES (4)"]).await;
        assert_eq!(integers(&db, "SELECT COUNT(*) FROM t").await, [4]);
        gate.open();
        assert_eq!(reading.await.unwrap(), Ok((3, 3)));
    }

    /// A read closure cannot write.
    async fn a_reader_cannot_write(test: TestDatabase) {
        run(&test.db, TABLE).await;
        let written = test
            .db
            .read(|tx| {
                tx.query("INSERT INTO t VALUES (9) RETURNING id", params![], |row| row.get::<i64>(0))
            })
            .await;
        assert!(written.is_err(), "{written:?}");
        assert_eq!(integers(&test.db, "SELECT COUNT(*) FROM t").await, [3]);
    }

    /// Rows can be asked for more while a result is at hand, but not while it streams.
    async fn statements_within_statements(test: TestDatabase) {
        let db = &test.db;
        run(db, TABLE).await;
        let sums: Db<Vec<i64>> = db
            .read(|tx| {
                tx.query("SELECT id FROM t ORDER BY id", params![], |row| {
                    let id: i64 = row.get(0)?;
                    let upto = "SELECT SUM(id) FROM t WHERE id <= ?1";
                    tx.query_one(upto, params![id], |row| row.get(0))
                })
            })
            .await;
        assert_eq!(sums, Ok(vec![1, 3, 6]));
        let nested: Db<()> = db
            .read(|tx| {
                tx.for_each("SELECT id FROM t", params![], |_| {
                    tx.query_one("SELECT 1", params![], |_| Ok(()))?;
                    Ok(ControlFlow::Continue(()))
                })
            })
            .await;
        assert!(matches!(nested, Err(DbError::Sql { .. })), "{nested:?}");
    }

    /// A stream may be left early, by choice or by an error, and the transaction goes on.
    async fn a_stream_can_be_left(test: TestDatabase) {
        let db = &test.db;
        run(db, TABLE).await;
        let seen: Db<(Vec<i64>, i64)> = db
            .write(Lane::Mail, |tx| {
                let mut seen = Vec::new();
                tx.for_each("SELECT id FROM t ORDER BY id", params![], |row| {
                    seen.push(row.get(0)?);
                    let is_enough = seen.len() == 2;
                    Ok(if is_enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
                })?;
                let left = tx.for_each("SELECT id FROM t", params![], |_| Err(DbError::NotFound));
                assert_eq!(left, Err(DbError::NotFound));
                tx.execute("DELETE FROM t WHERE id = ?1", params![1])?;
                let rest = tx.query_one("SELECT COUNT(*) FROM t", params![], |row| row.get(0))?;
                Ok((seen, rest))
            })
            .await;
        assert_eq!(seen, Ok((vec![1, 2], 2)));
    }

    /// The first row is the answer; none is an answer too.
    async fn the_first_row_counts(test: TestDatabase) {
        let db = &test.db;
        run(db, TABLE).await;
        let (first, none): (Option<i64>, Option<i64>) = db
            .read(|tx| {
                let of = |sql| tx.query_opt(sql, params![], |row| row.get(0));
                Db::Ok((
                    of("SELECT id FROM t ORDER BY id DESC")?,
                    of("SELECT id FROM t WHERE id > 9")?,
                ))
            })
            .await
            .unwrap();
        assert_eq!((first, none), (Some(3), None));
    }
}

//! What a transaction promises, on both engines.

use hikyaku_db::{DbError, Lane, on_both_engines, params};
use hikyaku_types::{AccountId, Id};

on_both_engines! {
    /// A committed row is seen by the next reader; an Err undoes the closure's own changes only.
    async fn an_error_rolls_back_its_own_closure(test: TestDatabase) {
        let db = &test.db;
        db.write(Lane::Mail, |tx| {
            tx.execute("CREATE TABLE t (id BIGINT PRIMARY KEY, name TEXT)", params![])?;
            tx.execute("INSERT INTO t VALUES (?1, ?2)", params![1, "a"])
        })
        .await
        .unwrap();
        let failed: Result<(), DbError> = db
            .write(Lane::Mail, |tx| {
                tx.execute("INSERT INTO t VALUES (?1, ?2)", params![2, "b"])?;
                Err(DbError::NotFound)
            })
            .await;
        assert_eq!(failed, Err(DbError::NotFound));
        let rows = db
            .read(|tx| tx.query("SELECT id, name FROM t", params![], |row| {
                Ok((row.get::<i64>(0)?, row.get::<String>(1)?))
            }))
            .await;
        assert_eq!(rows, Ok::<_, DbError>(vec![(1, "a".to_owned())]));
        let id: AccountId = db.write(Lane::Mail, |tx| Ok::<_, DbError>(tx.new_id())).await.unwrap();
        assert!(id.to_i64() > 0);
        db.close().await;
        let closed = db.read(|tx| tx.query("SELECT 1", params![], |_| Ok(()))).await;
        assert_eq!(closed, Err(DbError::Closed));
    }
}

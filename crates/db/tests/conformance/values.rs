//! Values on their way in and out.

use hikyaku_db::{DbError, Lane, on_both_engines, params};
use hikyaku_types::{
    AccountId, ByteSize, Id, MailboxId, ModSeq, TenantId, Timestamp, Uid, UidValidity,
};

use crate::support::{Db, run};

const TABLE: &[&str] =
    &["CREATE TABLE v (id BIGINT NOT NULL PRIMARY KEY, i BIGINT, t TEXT, b BLOBTYPE)"];

/// The columns of one row.
type Stored = (Option<i64>, Option<String>, Option<Vec<u8>>);

/// The column type for bytes is one of the few differences.
async fn table(db: &hikyaku_db::Database) {
    let bytes = match db.engine() {
        hikyaku_db::Engine::Sqlite => "BLOB",
        hikyaku_db::Engine::Postgres => "BYTEA",
    };
    let sql = TABLE.concat().replace("BLOBTYPE", bytes);
    db.write(Lane::Mail, move |tx| tx.execute(&sql, params![]))
        .await
        .unwrap();
}

on_both_engines! {
    /// Each kind of value comes back as it went.
    async fn values_survive(test: TestDatabase) {
        let db = &test.db;
        table(db).await;
        let big: Vec<u8> = (0..5 << 20).map(|n: u32| (n % 251) as u8).collect();
        let sent = big.clone();
        db.write(Lane::Mail, move |tx| {
            let sql = "INSERT INTO v VALUES (?1, ?2, ?3, ?4)";
            tx.execute(sql, params![1, i64::MAX, "飛脚 \u{1f4e8} é ?1 $1 '", &sent])?;
            tx.execute(sql, params![2, i64::MIN, "", &[] as &[u8]])?;
            tx.execute(sql, params![3, None::<i64>, None::<&str>, None::<Vec<u8>>])?;
            tx.execute(sql, params![4, true, "x".to_owned(), vec![0_u8, 255]])
        })
        .await
        .unwrap();
        let rows: Db<Vec<Stored>> = db
            .read(|tx| {
                tx.query("SELECT i, t, b FROM v ORDER BY id", params![], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
            })
            .await;
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            rows.unwrap(),
            [
                (Some(i64::MAX), text("飛脚 \u{1f4e8} é ?1 $1 '"), Some(big)),
                (Some(i64::MIN), text(""), Some(vec![])),
                (None, None, None),
                (Some(1), text("x"), Some(vec![0, 255])),
            ]
        );
    }

    /// Our own types too, and a value out of a type's range is told, not cut.
    async fn our_types_survive(test: TestDatabase) {
        test.db
            .read(|tx| {
                let sql = "SELECT CAST(?1 AS BIGINT)";
                let account = AccountId::from_i64(1 << 62);
                assert_eq!(tx.query_one(sql, params![account], |row| row.get(0)), Ok(account));
                let uid = Uid::MAX;
                assert_eq!(tx.query_one(sql, params![uid], |row| row.get(0)), Ok(uid));
                let validity = UidValidity(7);
                assert_eq!(tx.query_one(sql, params![validity], |row| row.get(0)), Ok(validity));
                let modseq = ModSeq(u64::MAX >> 1);
                assert_eq!(tx.query_one(sql, params![modseq], |row| row.get(0)), Ok(modseq));
                let size = ByteSize::mib(10);
                assert_eq!(tx.query_one(sql, params![size], |row| row.get(0)), Ok(size));
                let at = Timestamp(-1);
                assert_eq!(tx.query_one(sql, params![at], |row| row.get(0)), Ok(at));
                let none = None::<TenantId>;
                assert_eq!(tx.query_one(sql, params![none], |row| row.get(0)), Ok(none));
                let some = Some(MailboxId::from_i64(5));
                assert_eq!(tx.query_one(sql, params![some], |row| row.get(0)), Ok(some));
                let zero = tx.query_one(sql, params![0], |row| row.get::<Uid>(0));
                assert!(matches!(zero, Err(DbError::Conversion { .. })), "{zero:?}");
                let negative = tx.query_one(sql, params![-1], |row| row.get::<ModSeq>(0));
                assert!(matches!(negative, Err(DbError::Conversion { .. })), "{negative:?}");
                let two = tx.query_one(sql, params![2], |row| row.get::<bool>(0));
                assert!(matches!(two, Err(DbError::Conversion { .. })), "{two:?}");
                Db::Ok(())
            })
            .await
            .unwrap();
    }

    /// Sums, counts and truth values are integers, whatever the engine calls them.
    async fn computed_values_are_integers(test: TestDatabase) {
        let db = &test.db;
        table(db).await;
        run(db, &["INSERT INTO v (id, i) VALUES (1, 40000), (2, 2)"]).await;
        let seen: Db<(i64, i64, bool, i64, Option<i64>)> = db
            .read(|tx| {
                tx.query_one(
                    "SELECT SUM(i), COUNT(*), EXISTS (SELECT 1 FROM v WHERE i = ?1), 1 + 1,
                        (SELECT SUM(i) FROM v WHERE id > ?2) FROM v HAVING SUM(i) > ?3",
                    params![2, 100, 7],
                    |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)),
                )
            })
            .await;
        assert_eq!(seen, Ok((40_002, 2, true, 2, None)));
    }

    /// U+0000 in a text is refused on both engines, in a blob it is a byte like others.
    async fn text_with_nul_is_refused(test: TestDatabase) {
        let db = &test.db;
        table(db).await;
        let sql = "INSERT INTO v (id, t, b) VALUES (?1, ?2, ?3)";
        let refused = db.write(Lane::Mail, |tx| tx.execute(sql, params![1, "a\0b", &[0_u8]])).await;
        assert_eq!(refused, Err(DbError::NulInText));
        let taken = db.write(Lane::Mail, |tx| tx.execute(sql, params![1, "ab", &[0_u8]])).await;
        assert_eq!(taken, Ok(1));
    }

    /// Too few or too many parameters, or of the wrong kind, are an error and no panic.
    async fn wrong_parameters_are_told(test: TestDatabase) {
        let db = &test.db;
        table(db).await;
        let sql = "INSERT INTO v (id, i) VALUES (?1, ?2)";
        let few = db.write(Lane::Mail, |tx| tx.execute(sql, params![1])).await;
        assert!(matches!(few, Err(DbError::Sql { .. })), "{few:?}");
        let many = db.write(Lane::Mail, |tx| tx.execute(sql, params![1, 2, 3])).await;
        assert!(matches!(many, Err(DbError::Sql { .. })), "{many:?}");
        let column = db.read(|tx| tx.query("SELECT 1", params![], |row| row.get::<i64>(7))).await;
        assert!(column.is_err(), "{column:?}");
        assert_eq!(db.write(Lane::Mail, |tx| tx.execute(sql, params![1, 2])).await, Ok(1));
    }

    /// Lists of parameters, also as many as PostgreSQL takes in one statement.
    async fn lists_of_parameters(test: TestDatabase) {
        let db = &test.db;
        table(db).await;
        let inserted = db
            .write(Lane::Mail, |tx| {
                let rows = hikyaku_db::sql::values_list(1, 256, 2);
                let values: Vec<hikyaku_db::Value<'_>> =
                    (0..256_i64).flat_map(|n| [n.into(), (n * n).into()]).collect();
                tx.execute(&format!("INSERT INTO v (id, i) VALUES {rows}"), &values)
            })
            .await;
        assert_eq!(inserted, Ok(256));
        let found: Db<Vec<i64>> = db
            .read(|tx| {
                let list = hikyaku_db::sql::in_list(2, 3);
                let sql = format!("SELECT i FROM v WHERE i > ?1 AND id IN ({list}) ORDER BY i");
                tx.query(&sql, params![100, 3, 16, 255], |row| row.get(0))
            })
            .await;
        assert_eq!(found, Ok(vec![256, 65_025]));
    }
}

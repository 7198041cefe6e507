//! Invariants under eight writers at once, as the services above keep them.

use hikyaku_db::{Database, DbError, Lane, on_both_engines, params};

use crate::support::{Db, integers, run};

const WRITERS: i64 = 8;
const TURNS: i64 = 40;

/// Runs `turns` turns of each of eight writers, each writer in its own task.
async fn writers<T, F>(db: &Database, turns: i64, turn: F) -> Vec<T>
where
    T: Send + 'static,
    F: AsyncTurn<T>,
{
    let tasks: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (db, turn) = (db.clone(), turn.clone());
            tokio::spawn(async move {
                let mut results = Vec::new();
                for number in 0..turns {
                    results.push(turn.run(db.clone(), writer, number).await);
                }
                results
            })
        })
        .collect();
    let mut results = Vec::new();
    for task in tasks {
        results.extend(task.await.unwrap());
    }
    results
}

/// One turn of one writer.
trait AsyncTurn<T>: Clone + Send + 'static {
    fn run(&self, db: Database, writer: i64, number: i64) -> impl Future<Output = T> + Send;
}

impl<T, F, R> AsyncTurn<T> for F
where
    F: Fn(Database, i64, i64) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = T> + Send,
{
    fn run(&self, db: Database, writer: i64, number: i64) -> impl Future<Output = T> + Send {
        self(db, writer, number)
    }
}

on_both_engines! {
    /// UIDs: the counter's row lock is held to the commit, so numbers become visible in order and
    /// without gaps.
    async fn numbers_become_visible_in_order(test: TestDatabase) {
        let db = &test.db;
        run(db, &[
            "CREATE TABLE mailbox_t (id BIGINT NOT NULL PRIMARY KEY, uid_next BIGINT NOT NULL)",
            "CREATE TABLE placement_t (uid BIGINT NOT NULL PRIMARY KEY, writer BIGINT NOT NULL)",
            "INSERT INTO mailbox_t VALUES (1, 1)",
        ]).await;
        let watcher = tokio::spawn({
            let db = db.clone();
            async move {
                loop {
                    let (highest, count) = db
                        .read(|tx| {
                            let sql = "SELECT COALESCE(MAX(uid), 0), COUNT(*) FROM placement_t";
                            let pair = |row: &hikyaku_db::Row<'_>| {
 Ok((row.get::<i64>(0)?, row.get::<i64>(1)?))
 };
                            tx.query_one(sql, params![], pair)
                        })
                        .await
                        .unwrap();
                    assert_eq!(highest, count, "a number is visible before a lower one");
                    if count == WRITERS * TURNS {
                        return;
                    }
                }
            }
        });
        let results = writers(db, TURNS, |db: Database, writer, _| async move {
            db.write(Lane::Mail, move |tx| {
                let uid: i64 = tx.query_one(
                    "SELECT uid_next FROM mailbox_t WHERE id = 1 FOR UPDATE",
                    params![],
                    |row| row.get(0),
                )?;
                tx.execute("UPDATE mailbox_t SET uid_next = ?1", params![uid + 1])?;
                tx.execute("INSERT INTO placement_t VALUES (?1, ?2)", params![uid, writer])
            })
            .await
        })
        .await;
        assert!(results.iter().all(|result: &Db<u64>| *result == Ok(1)), "{results:?}");
        watcher.await.unwrap();
        let uids = integers(db, "SELECT uid FROM placement_t ORDER BY uid").await;
        assert_eq!(uids, (1..=WRITERS * TURNS).collect::<Vec<_>>());
    }

    /// Quota: nobody gets past it, and the counter is the sum of what was taken.
    async fn a_quota_is_exact(test: TestDatabase) {
        let db = &test.db;
        run(db, &[
            "CREATE TABLE account_t (id BIGINT NOT NULL PRIMARY KEY, used BIGINT NOT NULL, quota BIGINT NOT NULL)",
            "CREATE TABLE stored_t (writer BIGINT NOT NULL, turn BIGINT NOT NULL, size BIGINT NOT NULL, PRIMARY KEY (writer, turn))",
            "INSERT INTO account_t VALUES (1, 0, 1000)",
        ]).await;
        let results = writers(db, TURNS, |db: Database, writer, number| async move {
            db.write(Lane::Mail, move |tx| {
                let size = writer + 3;
                let (used, quota): (i64, i64) = tx.query_one(
                    "SELECT used, quota FROM account_t WHERE id = 1 FOR UPDATE",
                    params![],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )?;
                if used + size > quota {
                    return Ok(false);
                }
                tx.execute("UPDATE account_t SET used = used + ?1", params![size])?;
                tx.execute("INSERT INTO stored_t VALUES (?1, ?2, ?3)", params![writer, number, size])?;
                Ok::<_, DbError>(true)
            })
            .await
            .unwrap()
        })
        .await;
        let used = integers(db, "SELECT used FROM account_t").await;
        assert_eq!(integers(db, "SELECT SUM(size) FROM stored_t").await, used);
        assert!(used[0] <= 1000 && used[0] > 1000 - WRITERS - 3, "{used:?}");
        let stored = results.iter().filter(|stored| **stored).count() as i64;
        assert_eq!(integers(db, "SELECT COUNT(*) FROM stored_t").await, [stored]);
        assert!(stored < WRITERS * TURNS, "the quota was crossed");
    }

    /// Addresses: of eight that want the same one exactly one gets it, by count or by error.
    async fn a_unique_address_is_given_once(test: TestDatabase) {
        let db = &test.db;
        run(db, &["CREATE TABLE address_t (name TEXT NOT NULL PRIMARY KEY, writer BIGINT NOT NULL)"]).await;
        let counted = writers(db, TURNS, |db: Database, writer, number| async move {
            db.write(Lane::Mail, move |tx| {
                let sql = "INSERT INTO address_t VALUES (?1, ?2) ON CONFLICT DO NOTHING";
                tx.execute(sql, params![format!("a{number}"), writer])
            })
            .await
            .unwrap()
        })
        .await;
        assert_eq!(counted.iter().sum::<u64>(), TURNS as u64);
        let refused = writers(db, TURNS, |db: Database, writer, number| async move {
            db.write(Lane::Mail, move |tx| {
                tx.execute("INSERT INTO address_t VALUES (?1, ?2)", params![format!("b{number}"), writer])
            })
            .await
        })
        .await;
        let taken = refused.iter().filter(|result| **result == Ok(1)).count();
        let unique = refused.iter().filter(|r| r.as_ref().is_err_and(DbError::is_unique)).count();
        assert_eq!((taken, unique), (TURNS as usize, ((WRITERS - 1) * TURNS) as usize));
    }

    /// Seats: a locked row guards a count.
    async fn a_seat_limit_holds(test: TestDatabase) {
        let db = &test.db;
        run(db, &[
            "CREATE TABLE tenant_t (id BIGINT NOT NULL PRIMARY KEY, seats BIGINT NOT NULL)",
            "CREATE TABLE seat_t (id BIGINT NOT NULL PRIMARY KEY, tenant BIGINT NOT NULL)",
            "INSERT INTO tenant_t VALUES (1, 25)",
        ]).await;
        let seated = writers(db, 10, |db: Database, _, _| async move {
            db.write(Lane::Mail, move |tx| {
                let seats: i64 = tx.query_one(
                    "SELECT seats FROM tenant_t WHERE id = 1 FOR UPDATE",
                    params![],
                    |row| row.get(0),
                )?;
                let count = "SELECT COUNT(*) FROM seat_t WHERE tenant = 1";
                let taken: i64 = tx.query_one(count, params![], |row| row.get(0))?;
                if taken >= seats {
                    return Ok(0);
                }
                let id: hikyaku_types::AccountId = tx.new_id();
                tx.execute("INSERT INTO seat_t VALUES (?1, 1)", params![id])
            })
            .await
            .unwrap()
        })
        .await;
        assert_eq!(seated.iter().sum::<u64>(), 25);
        assert_eq!(integers(db, "SELECT COUNT(*) FROM seat_t").await, [25]);
    }
}

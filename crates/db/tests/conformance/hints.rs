//! Hints: after the commit, never for what was rolled back, to other processes too.

use hikyaku_db::{Database, DbError, Engine, Hint, Lane, on_both_engines, params, testing};
use hikyaku_types::{AccountId, Id, TenantId};

use crate::support::Db;

fn mail(id: i64) -> Hint {
    Hint::Mail(AccountId::from_i64(id))
}

async fn hint(db: &Database, hint: Hint) {
    db.write(Lane::Mail, move |tx| {
        tx.hint(hint);
        Db::Ok(())
    })
    .await
    .unwrap();
}

on_both_engines! {
    async fn only_committed_changes_are_hinted_at(test: TestDatabase) {
        let db = &test.db;
        let [mut kept, undone, panicked] =
            [1, 2, 3].map(|account| db.hints().subscribe(mail(account)));
        let failed: Db<()> = db
            .write(Lane::Mail, |tx| {
                tx.hint(mail(2));
                Err(DbError::NotFound)
            })
            .await;
        assert_eq!(failed, Err(DbError::NotFound));
        let failed: Db<()> = db
            .write(Lane::Mail, |tx| {
                tx.hint(mail(3));
                panic!("on purpose")
            })
            .await;
        assert!(failed.is_err());
        hint(db, mail(1)).await;
        kept.changed().await;
        assert!(!kept.has_changed() && !undone.has_changed() && !panicked.has_changed());
        let seen: Db<()> = db
            .write(Lane::Mail, |tx| {
                tx.hint(mail(1));
                tx.hint(mail(1));
                Ok(())
            })
            .await;
        seen.unwrap();
        kept.changed().await;
        assert!(!kept.has_changed(), "two hints in one transaction are one");
    }

    /// A listener that was told sees the change.
    async fn who_is_told_sees_the_change(test: TestDatabase) {
        let db = test.db.clone();
        db.write(Lane::Mail, |tx| tx.execute("CREATE TABLE t (id BIGINT NOT NULL)", params![])).await.unwrap();
        let mut listener = db.hints().subscribe(Hint::Directory);
        let reader = db.clone();
        let listening = tokio::spawn(async move {
            let mut seen = 0_i64;
            while seen < 20 {
                listener.changed().await;
                let count = "SELECT COUNT(*) FROM t";
                let now = reader
                    .read(move |tx| tx.query_one(count, params![], |row| row.get::<i64>(0)))
                    .await
                    .unwrap();
                // Were the last hint to come before its change, this would wait for ever.
 assert!(now >= seen);
                seen = now;
            }
        });
        for _ in 0..20 {
            db.write(Lane::Mail, |tx| {
                tx.hint(Hint::Directory);
                tx.execute("INSERT INTO t VALUES (1)", params![])
            })
            .await
            .unwrap();
        }
        listening.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_process_is_told_on_postgresql() {
    if !testing::is_wanted(Engine::Postgres) {
        return;
    }
    let test = testing::fresh(Engine::Postgres).await;
    let other = Database::open(test.guard.options()).await.unwrap();
    let mut first = other.hints().subscribe(mail(1));
    let mut undone = other.hints().subscribe(mail(2));
    hint(&test.db, mail(1)).await;
    first.changed().await;
    let failed: Db<()> = test
        .db
        .write(Lane::Mail, |tx| {
            tx.hint(mail(2));
            Err(DbError::NotFound)
        })
        .await;
    assert!(failed.is_err());
    hint(&test.db, mail(1)).await;
    first.changed().await;
    assert!(
        !undone.has_changed(),
        "what was rolled back is told to nobody"
    );
    for kind in [
        Hint::Account(AccountId::from_i64(9)),
        Hint::Tenant(TenantId::from_i64(9)),
        Hint::Directory,
        Hint::Queue,
        Hint::Jobs,
    ] {
        let mut listener = other.hints().subscribe(kind);
        hint(&test.db, kind).await;
        listener.changed().await;
    }

    // A listener that lost its connection wakes everybody when it is back.
    end_sessions(&test.db, "query LIKE 'LISTEN%'").await;
    undone.changed().await;
    // And it hears again, also from a sender whose connection was lost.
    end_sessions(
        &test.db,
        "query LIKE '%pg_notify%' AND query NOT LIKE '%terminate%'",
    )
    .await;
    let mut later = other.hints().subscribe(mail(3));
    hint(&test.db, mail(3)).await;
    later.changed().await;
}

/// Ends other sessions of this database.
async fn end_sessions(db: &Database, which: &'static str) {
    let ended: Db<Vec<i64>> = db
        .read(move |tx| {
            let sql = format!(
                "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid() AND {which}"
            );
            tx.query(&sql, params![], |row| row.get(0))
        })
        .await;
    assert!(!ended.unwrap().is_empty(), "no session matches {which}");
}

//! What only PostgreSQL can do to us: deadlocks, lost connections.

use std::sync::{
    Arc, Barrier,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use hikyaku_db::{
    Database, DbError, Engine, Lane, RERUNS, params,
    testing::{self, TestDatabase, fresh_with},
};

use crate::support::{Db, integers, run};

/// A fresh database, if PostgreSQL is wanted.
async fn fresh() -> Option<TestDatabase> {
    if !testing::is_wanted(Engine::Postgres) {
        return None;
    }
    let test = testing::fresh(Engine::Postgres).await;
    run(
        &test.db,
        &[
            "CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, n BIGINT NOT NULL)",
            "INSERT INTO t VALUES (1, 0), (2, 0)",
        ],
    )
    .await;
    Some(test)
}

/// Ends the session it runs in.
const SUICIDE: &str = "SELECT pg_terminate_backend(pg_backend_pid())";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_is_run_again() {
    let Some(test) = fresh().await else { return };
    let both_hold_one = Arc::new(Barrier::new(2));
    let change = |first: i64, second: i64| {
        let (db, barrier) = (test.db.clone(), Arc::clone(&both_hold_one));
        let met = AtomicBool::new(false);
        tokio::spawn(async move {
            db.write(Lane::Mail, move |tx| {
                let raise = "UPDATE t SET n = n + 1 WHERE id = ?1";
                tx.execute(raise, params![first])?;
                if !met.swap(true, Ordering::SeqCst) {
                    barrier.wait();
                }
                tx.execute(raise, params![second])
            })
            .await
        })
    };
    let (there, back) = (change(1, 2), change(2, 1));
    assert_eq!(there.await.unwrap(), Ok(1));
    assert_eq!(back.await.unwrap(), Ok(1));
    assert_eq!(
        integers(&test.db, "SELECT n FROM t ORDER BY id").await,
        [2, 2]
    );
    assert!(test.db.metrics().reruns >= 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reruns_are_bounded_and_the_last_error_is_temporary() {
    let Some(test) = fresh().await else { return };
    let runs = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&runs);
    let failed = test
        .db
        .write(Lane::Mail, move |tx| {
            counter.fetch_add(1, Ordering::SeqCst);
            tx.execute("UPDATE t SET n = n + 1", params![])?;
            let raise = "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$";
            tx.execute(raise, params![])
        })
        .await;
    assert!(
        failed.as_ref().is_err_and(DbError::is_temporary),
        "{failed:?}"
    );
    assert_eq!(runs.load(Ordering::SeqCst), RERUNS + 1);
    assert_eq!(integers(&test.db, "SELECT SUM(n) FROM t").await, [0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn states_of_the_server_are_classified() {
    let Some(test) = fresh().await else { return };
    for (code, temporary, full) in [
        ("53100", true, true),
        ("53200", true, false),
        ("57P03", true, false),
        ("08006", true, false),
        ("55P03", true, false),
        ("58030", true, false),
        ("XX001", false, false),
        ("42501", false, false),
    ] {
        let raise = format!("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{code}'; END $$");
        let error = test
            .db
            .write(Lane::Mail, move |tx| tx.execute(&raise, params![]))
            .await
            .unwrap_err();
        let seen = (error.is_temporary(), error.is_storage_full());
        assert_eq!(seen, (temporary, full), "{code}: {error:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_lost_in_a_write_is_a_temporary_error() {
    let Some(test) = fresh().await else { return };
    let lost: Db<()> = test
        .db
        .write(Lane::Mail, |tx| {
            tx.execute("UPDATE t SET n = 7", params![])?;
            tx.query_opt(SUICIDE, params![], |_| Ok(()))?;
            Ok(())
        })
        .await;
    assert!(matches!(lost, Err(DbError::Unavailable { .. })), "{lost:?}");
    assert_eq!(integers(&test.db, "SELECT n FROM t").await, [0, 0]);
    run(&test.db, &["UPDATE t SET n = 1"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_lost_at_commit_is_never_a_success() {
    let Some(test) = fresh().await else { return };
    run(
        &test.db,
        &[
            "CREATE FUNCTION end_session() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$",
            "CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
         FOR EACH ROW EXECUTE FUNCTION end_session()",
        ],
    )
    .await;
    let listener = test.db.hints().subscribe(hikyaku_db::Hint::Queue);
    let lost = test
        .db
        .write(Lane::Mail, |tx| {
            tx.hint(hikyaku_db::Hint::Queue);
            tx.execute("INSERT INTO t VALUES (3, 3)", params![])
        })
        .await;
    assert!(matches!(lost, Err(DbError::Unavailable { .. })), "{lost:?}");
    assert!(!listener.has_changed());
    assert_eq!(test.db.metrics().failed_commits, 1);
    run(&test.db, &["UPDATE t SET n = 1"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_lost_in_a_read_costs_only_time() {
    let Some(test) = fresh().await else { return };
    let first = AtomicBool::new(true);
    let read: Db<i64> = test
        .db
        .read(move |tx| {
            if first.swap(false, Ordering::SeqCst) {
                tx.query_opt(SUICIDE, params![], |_| Ok(()))?;
            }
            tx.query_one("SELECT COUNT(*) FROM t", params![], |row| row.get(0))
        })
        .await;
    assert_eq!(read, Ok(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_lost_while_idle_are_replaced_unnoticed() {
    let Some(test) = fresh().await else { return };
    let before = test.db.metrics().connects;
    let other = Database::open(test.guard.options()).await.unwrap();
    let ended = other
        .read(|tx| {
            tx.query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
                params![],
                |row| row.get::<bool>(0),
            )
        })
        .await
        .unwrap();
    assert!(!ended.is_empty());
    for n in 0..20_i64 {
        let set = move |tx: &hikyaku_db::WriteTx<'_>| tx.execute("UPDATE t SET n = ?1", params![n]);
        assert_eq!(test.db.write(Lane::Mail, set).await, Ok(2));
    }
    assert!(test.db.metrics().connects > before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schema_change_under_prepared_statements_is_survived() {
    if !testing::is_wanted(Engine::Postgres) {
        return;
    }
    let test = fresh_with(Engine::Postgres, |options| options.postgres_connections = 1).await;
    let db = &test.db;
    run(
        db,
        &[
            "CREATE TABLE s (id BIGINT NOT NULL)",
            "INSERT INTO s VALUES (1)",
        ],
    )
    .await;
    assert_eq!(integers(db, "SELECT * FROM s").await, [1]);
    let other = Database::open(test.guard.options()).await.unwrap();
    run(&other, &["ALTER TABLE s ADD COLUMN more BIGINT"]).await;
    assert_eq!(integers(db, "SELECT * FROM s").await, [1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_are_durable_whatever_the_servers_default() {
    let Some(test) = fresh().await else { return };
    for role_default in ["off", "local", "on", "remote_apply"] {
        test.db
            .write(Lane::Mail, move |tx| {
                let name = tx.query_one("SELECT current_database()", params![], |row| {
                    row.get::<String>(0)
                })?;
                let set = format!("ALTER DATABASE {name} SET synchronous_commit = {role_default}");
                tx.execute(&set, params![])
            })
            .await
            .unwrap();
        let db = Database::open(test.guard.options()).await.unwrap();
        let setting: Db<String> = db
            .read(|tx| tx.query_one("SHOW synchronous_commit", params![], |row| row.get(0)))
            .await;
        let wanted = if role_default == "remote_apply" {
            "remote_apply"
        } else {
            "on"
        };
        assert_eq!(setting.as_deref(), Ok(wanted), "default {role_default}");
        db.close().await;
    }
}

//! What a check finds. The triggers are taken away first: that is what somebody with the whole
//! database can do.

use hikyaku_db::{Database, Engine, testing::TestDatabase};
use hikyaku_oplog::{Anchor, Fault, VERIFY_CHUNK, Verdict, append, verify};

use crate::fixture::{entry, tamper, tenant, write};

async fn without_triggers(db: &Database) {
    let statements = match db.engine() {
        Engine::Sqlite => [
            "DROP TRIGGER oplog_entry_stays",
            "DROP TRIGGER oplog_entry_kept",
            "DROP TRIGGER oplog_chain_grows",
        ],
        Engine::Postgres => [
            "DROP TRIGGER oplog_entry_stays ON oplog_entry",
            "DROP TRIGGER oplog_entry_kept ON oplog_entry",
            "DROP TRIGGER oplog_chain_grows ON oplog_chain",
        ],
    };
    for sql in statements {
        tamper(db, sql).await.unwrap();
    }
}

async fn check(db: &Database) -> Verdict {
    verify(db, tenant(1), None).await.unwrap()
}

async fn assert_found(test: &TestDatabase, sql: &'static str, expected: (i64, Fault)) {
    for _ in 0..4 {
        write(&test.db, entry(tenant(1), "a.b", 7, 8)).await;
    }
    assert_eq!(check(&test.db).await.broken, None);
    without_triggers(&test.db).await;
    tamper(&test.db, sql).await.unwrap();
    let broken = check(&test.db).await.broken.unwrap();
    assert_eq!((broken.seq, broken.fault), expected, "{sql}");
}

hikyaku_db::on_both_engines! {
    async fn a_chain_that_is_right_is_read_to_its_end_in_steps(test: TestDatabase) {
        let empty = check(&test.db).await;
        assert_eq!((empty.checked, empty.head, empty.broken), (0, None, None));
        let count = VERIFY_CHUNK + 5;
        test.db
            .write(hikyaku_db::Lane::Background, move |tx| {
                for _ in 0..count {
                    append(tx, &entry(tenant(1), "a.b", 7, 8))?;
                }
                Ok::<_, hikyaku_db::DbError>(())
            })
            .await
            .unwrap();
        let verdict = check(&test.db).await;
        assert_eq!(verdict.broken, None);
        assert_eq!((verdict.first, verdict.checked), (1, count as u64));
        assert_eq!(verdict.head.unwrap().seq, count);
    }

    async fn a_changed_text_is_found(test: TestDatabase) {
        let sql = "UPDATE oplog_entry SET body = REPLACE(body, '192.0.2.1', '192.0.2.2')
                   WHERE seq = 3";
        assert_found(&test, sql, (3, Fault::Altered)).await;
    }

    async fn a_changed_column_is_found(test: TestDatabase) {
        let sql = "UPDATE oplog_entry SET actor_name = 'somebody else' WHERE seq = 2";
        assert_found(&test, sql, (2, Fault::ColumnsDiffer)).await;
    }

    async fn a_hidden_entry_is_found(test: TestDatabase) {
        assert_found(&test, "DELETE FROM oplog_entry WHERE seq = 2", (2, Fault::Missing)).await;
    }

    async fn a_cut_end_is_found(test: TestDatabase) {
        assert_found(&test, "DELETE FROM oplog_entry WHERE seq = 4", (4, Fault::Missing)).await;
    }

    async fn a_cut_end_with_a_corrected_count_is_found(test: TestDatabase) {
        let sql = "UPDATE oplog_chain SET seq = 3";
        assert_found(&test, sql, (3, Fault::EndDiffers)).await;
    }

    async fn a_checkpoint_without_pruning_is_found(test: TestDatabase) {
        let sql = "UPDATE oplog_chain SET pruned_seq = 2, pruned_hash = 'x', pruned_mac = 'y'";
        assert_found(&test, sql, (2, Fault::CheckpointAltered)).await;
    }

    async fn a_noted_head_proves_that_nothing_before_it_was_replaced(test: TestDatabase) {
        for _ in 0..3 {
            write(&test.db, entry(tenant(1), "a.b", 7, 8)).await;
        }
        let noted = check(&test.db).await.head.unwrap();
        write(&test.db, entry(tenant(1), "a.b", 7, 8)).await;
        let later = verify(&test.db, tenant(1), Some(noted.clone())).await.unwrap();
        assert_eq!(later.broken, None);
        let other = Anchor { hash: "0".repeat(64), ..noted.clone() };
        let broken = verify(&test.db, tenant(1), Some(other)).await.unwrap().broken.unwrap();
        assert_eq!((broken.seq, broken.fault), (3, Fault::AnchorDiffers));
        let future = Anchor { seq: 99, ..noted };
        let broken = verify(&test.db, tenant(1), Some(future)).await.unwrap().broken.unwrap();
        assert_eq!((broken.seq, broken.fault), (99, Fault::Missing));
    }
}

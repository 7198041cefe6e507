//! What goes after its time, and what it leaves.

use std::time::Duration;

use hikyaku_db::{Database, testing::START};
use hikyaku_oplog::{
    Anchor, Fault, PRUNE_CHUNK, PRUNE_STEP, RETENTION, Search, append, prune, verify,
};
use hikyaku_types::Timestamp;

use crate::fixture::{entry, find, numbers, tamper, tenant, write};

/// Removes what is past its time at the clock's instant.
async fn round(db: &Database, now: Timestamp) -> u64 {
    prune(db, tenant(1), now.minus(RETENTION)).await.unwrap()
}

hikyaku_db::on_both_engines! {
    async fn entries_go_after_400_days_and_leave_a_checkpoint(test: TestDatabase) {
        let old = PRUNE_CHUNK + 3;
        test.db
            .write(hikyaku_db::Lane::Background, move |tx| {
                for _ in 0..old {
                    append(tx, &entry(tenant(1), "a.b", 7, 8))?;
                }
                Ok::<_, hikyaku_db::DbError>(())
            })
            .await
            .unwrap();
        let noted = verify(&test.db, tenant(1), None).await.unwrap().head.unwrap();
        // Not on the day: an entry about it need not be written every hour.
        let end = START.plus(RETENTION);
        test.clock.set(end.plus(Duration::from_secs(1)));
        write(&test.db, entry(tenant(1), "a.b", 7, 8)).await;
        assert_eq!(round(&test.db, end.plus(Duration::from_secs(1))).await, 0);
        let later = end.plus(PRUNE_STEP).plus(Duration::from_secs(1));
        test.clock.set(later);
        assert_eq!(round(&test.db, later).await, old as u64);
        assert_eq!(round(&test.db, later).await, 0);
        let found = find(&test.db, tenant(1), Search { limit: 50, ..Default::default() }).await;
        assert_eq!(numbers(&found), [old + 2, old + 1]);
        assert_eq!(found.entries[0].action, "operation_log.prune");
        assert_eq!(found.entries[0].after["through"], old);
        assert_eq!(found.entries[0].after["hash"], noted.hash.as_str());
        let verdict = verify(&test.db, tenant(1), Some(noted.clone())).await.unwrap();
        assert_eq!(verdict.broken, None);
        assert_eq!((verdict.first, verdict.checked), (old + 1, 2));
        let gone = Anchor { seq: 1, ..noted };
        let broken = verify(&test.db, tenant(1), Some(gone)).await.unwrap().broken.unwrap();
        assert_eq!(broken.fault, Fault::AnchorPruned);
    }

    async fn a_checkpoint_of_another_database_is_found(test: TestDatabase) {
        write(&test.db, entry(tenant(1), "a.b", 7, 8)).await;
        let later = START.plus(RETENTION).plus(PRUNE_STEP).plus(Duration::from_secs(1));
        test.clock.set(later);
        assert_eq!(round(&test.db, later).await, 1);
        assert_eq!(verify(&test.db, tenant(1), None).await.unwrap().broken, None);
        // The triggers allow a checkpoint to move on: that is what pruning does.
        let sql = "UPDATE oplog_chain SET pruned_hash = 'x', pruned_mac = 'y'";
        tamper(&test.db, sql).await.unwrap();
        let broken = verify(&test.db, tenant(1), None).await.unwrap().broken.unwrap();
        assert_eq!((broken.seq, broken.fault), (1, Fault::CheckpointAltered));
    }
}

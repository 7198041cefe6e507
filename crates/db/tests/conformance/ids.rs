//! Ids: unlike each other in one process, in several, and with any clock.

use std::{collections::HashSet, sync::Arc, time::Duration};

use hikyaku_db::{Database, Lane, ManualClock, on_both_engines, params};
use hikyaku_types::{Id, MessageId, Timestamp};

use crate::support::{Db, integers};

async fn take(db: &Database, count: usize) -> Vec<i64> {
    db.write(Lane::Mail, move |tx| {
        Db::Ok(
            (0..count)
                .map(|_| tx.new_id::<MessageId>().to_i64())
                .collect(),
        )
    })
    .await
    .unwrap()
}

fn node(id: i64) -> i64 {
    (id >> 12) & 0x3ff
}

on_both_engines! {
    async fn two_processes_never_give_the_same(test: TestDatabase) {
        let mut options = test.guard.options();
        options.clock = Arc::clone(&test.clock) as _;
        let other = Database::open(options).await.unwrap();
        let mut tasks = Vec::new();
        for db in [&test.db, &other, &test.db, &other] {
            let db = db.clone();
            tasks.push(tokio::spawn(async move { take(&db, 5_000).await }));
        }
        let mut all = HashSet::new();
        for task in tasks {
            let ids = task.await.unwrap();
            assert!(ids.is_sorted());
            all.extend(ids);
        }
        assert_eq!(all.len(), 20_000);
        let nodes: HashSet<i64> = all.iter().map(|id| node(*id)).collect();
        assert_eq!(nodes.len(), 2);
        other.close().await;
    }

    /// A clock that is set back changes nothing, in the same process or the next.
    async fn ids_rise_when_the_clock_is_set_back(test: TestDatabase) {
        let before = take(&test.db, 3).await;
        test.clock.set(Timestamp(test.clock_now().millis() - 86_400_000));
        let after = take(&test.db, 3).await;
        assert!(after[0] > before[2]);
        test.db.close().await;
        let mut options = test.guard.options();
        options.clock = Arc::clone(&test.clock) as _;
        let again = Database::open(options).await.unwrap();
        let next = take(&again, 3).await;
        assert!(next[0] > after[2], "{next:?} after {after:?}");
        assert_eq!(node(next[0]), node(after[0]), "a number that was given back is used again");
    }

    /// A process that died holds its number; the next one takes another, and no id comes twice.
    async fn a_crash_leaves_the_ids_unlike(test: TestDatabase) {
        let before = take(&test.db, 1).await;
        let mut options = test.guard.options();
        options.clock = Arc::clone(&test.clock) as _;
        let next = Database::open(options).await.unwrap();
        assert_ne!(node(take(&next, 1).await[0]), node(before[0]));
        next.close().await;
    }

    /// A clock that jumps ahead needs no statement per id, and stops nothing.
    async fn a_clock_that_jumps_ahead_stops_nothing(test: TestDatabase) {
        let mut last = 0;
        for _ in 0..50 {
            test.clock.advance(Duration::from_hours(24));
            let ids = take(&test.db, 10).await;
            assert!(ids[0] > last && ids.is_sorted());
            last = ids[9];
        }
    }

    /// Who lost its number takes another before it gives further ids than those recorded for it.
    async fn a_lost_number_is_replaced(test: TestDatabase) {
        let first = take(&test.db, 1).await[0];
        test.db
            .write(Lane::Mail, |tx| tx.execute(
                "UPDATE node SET holder = 'somebody else', leased_until = ?1",
                params![tx.now().plus(Duration::from_hours(24))],
            ))
            .await
            .unwrap();
        let mark = integers(&test.db, "SELECT id_mark FROM node").await[0];
        // Far enough that the keeper renews, and learns that there is nothing to renew.
        test.clock.advance(Duration::from_hours(1));
        let mut id = take(&test.db, 1).await[0];
        while node(id) == node(first) {
            assert!(id >> 22 <= mark, "an id beyond the range that was recorded");
            id = test
                .db
                .write(Lane::Mail, |tx| Db::Ok(tx.new_id::<MessageId>().to_i64()))
                .await
                .unwrap_or(id);
        }
        let holders = integers(&test.db, "SELECT COUNT(*) FROM node WHERE holder IS NOT NULL").await;
        assert_eq!(holders, [2]);
    }
}

/// What the macro's test database has, by a shorter name.
trait ClockNow {
    fn clock_now(&self) -> Timestamp;
}

impl ClockNow for hikyaku_db::testing::TestDatabase {
    fn clock_now(&self) -> Timestamp {
        let clock: &ManualClock = &self.clock;
        hikyaku_db::Clock::now(clock)
    }
}

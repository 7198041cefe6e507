//! Turns of several processes on one database.

use std::{sync::Arc, time::Duration};

use hikyaku_db::{Database, Kept, on_both_engines, testing::TestDatabase};

const NAME: &str = "rounds";
const TIME: Duration = Duration::from_secs(30);

/// A second process on the same database.
async fn second(test: &TestDatabase) -> Database {
    let mut options = test.guard.options();
    options.clock = Arc::clone(&test.clock) as _;
    Database::open(options).await.unwrap()
}

on_both_engines! {
    async fn one_has_the_turn_and_hears_that_it_is_wanted(test: TestDatabase) {
        let other = second(&test).await;
        let turn = test.db.take_turn(NAME, TIME).await.unwrap().expect("it is free");
        assert_eq!(test.db.keep_turn(&turn, TIME).await.unwrap(), Kept::Yes);
        assert_eq!(other.take_turn(NAME, TIME).await.unwrap(), None);
        assert_eq!(test.db.take_turn(NAME, TIME).await.unwrap(), None, "also in one process");
        assert_eq!(test.db.keep_turn(&turn, TIME).await.unwrap(), Kept::Wanted);
        assert!(other.take_turn("another", TIME).await.unwrap().is_some());
        test.db.end_turn(turn.clone()).await.unwrap();
        let next = other.take_turn(NAME, TIME).await.unwrap().expect("it was given back");
        // What comes late from the one before changes nothing.
        assert_eq!(test.db.keep_turn(&turn, TIME).await.unwrap(), Kept::Lost);
        test.db.end_turn(turn).await.unwrap();
        assert_eq!(other.keep_turn(&next, TIME).await.unwrap(), Kept::Yes);
        other.close().await;
    }

    async fn a_turn_that_is_not_kept_goes_to_the_next(test: TestDatabase) {
        let other = second(&test).await;
        let turn = test.db.take_turn(NAME, TIME).await.unwrap().expect("it is free");
        test.clock.advance(TIME);
        assert_eq!(other.take_turn(NAME, TIME).await.unwrap(), None, "not before its time is over");
        test.clock.advance(Duration::from_millis(1));
        assert_eq!(test.db.keep_turn(&turn, TIME).await.unwrap(), Kept::Wanted, "late, but kept");
        test.clock.advance(TIME + Duration::from_millis(1));
        let next = other.take_turn(NAME, TIME).await.unwrap().expect("its time is over");
        assert_eq!(test.db.keep_turn(&turn, TIME).await.unwrap(), Kept::Lost);
        assert_eq!(other.keep_turn(&next, TIME).await.unwrap(), Kept::Yes);
        other.close().await;
    }

    async fn of_many_at_once_one_gets_the_turn(test: TestDatabase) {
        let other = second(&test).await;
        let tasks: Vec<_> = [&test.db, &other]
            .into_iter()
            .cycle()
            .take(8)
            .cloned()
            .map(|db| tokio::spawn(async move { db.take_turn(NAME, TIME).await }))
            .collect();
        let mut taken = 0;
        for task in tasks {
            taken += u32::from(task.await.unwrap().unwrap().is_some());
        }
        assert_eq!(taken, 1);
        other.close().await;
    }
}

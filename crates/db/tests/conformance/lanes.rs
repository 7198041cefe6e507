//! Mail goes before background work, but not for ever.

use std::sync::{Arc, Mutex};

use hikyaku_db::{Database, FOREGROUND_PER_BACKGROUND, Lane, on_both_engines, testing::fresh_with};

use crate::support::{Db, Gate, hold, poll_once};

/// Names of closures in the order in which they ran.
type Order = Arc<Mutex<Vec<String>>>;

async fn note(db: Database, lane: Lane, order: Order, name: String) -> Db<()> {
    db.write(lane, move |_| {
        order.lock().unwrap().push(name.clone());
        Ok(())
    })
    .await
}

on_both_engines! {
    async fn mail_goes_first_but_background_has_its_turn(test: TestDatabase) {
        let test = fresh_with(test.db.engine(), |options| options.postgres_connections = 1).await;
        let db = &test.db;
        let gate = Gate::default();
        let held = hold(db, &gate);
        gate.reached().await;
        let order = Order::default();
        let mut calls = Vec::new();
        for name in ["b0", "b1", "b2"] {
            let name = name.to_owned();
            calls.push(Box::pin(note(db.clone(), Lane::Background, Arc::clone(&order), name)));
        }
        let bound = FOREGROUND_PER_BACKGROUND as usize;
        for number in 0..bound + 8 {
            let name = format!("m{number}");
            calls.push(Box::pin(note(db.clone(), Lane::Mail, Arc::clone(&order), name)));
        }
        for call in &mut calls {
            assert!(poll_once(call).await.is_none());
        }
        let metrics = db.metrics();
        assert_eq!((metrics.mail_queued, metrics.background_queued), (bound + 8, 3));
        gate.open();
        held.await.unwrap().unwrap();
        for call in calls {
            call.await.unwrap();
        }
        let mut wanted: Vec<String> = (0..bound).map(|number| format!("m{number}")).collect();
        wanted.push("b0".to_owned());
        wanted.extend((bound..bound + 8).map(|number| format!("m{number}")));
        wanted.extend(["b1".to_owned(), "b2".to_owned()]);
        assert_eq!(*order.lock().unwrap(), wanted);
        let metrics = db.metrics();
        assert_eq!((metrics.mail_queued, metrics.background_queued), (0, 0));
        assert_eq!(metrics.background_hold_us.count, 3);
    }

    /// Much background work runs to its end, and closing waits for it.
    async fn background_work_is_done_also_when_closing(test: TestDatabase) {
        let order = Order::default();
        let mut calls: Vec<_> = (0..50)
            .map(|number| {
                let name = number.to_string();
                Box::pin(note(test.db.clone(), Lane::Background, Arc::clone(&order), name))
            })
            .collect();
        for call in &mut calls {
            let _ = poll_once(call).await;
        }
        test.db.close().await;
        assert_eq!(order.lock().unwrap().len(), 50);
    }
}

//! The quota: exact, also under concurrency.

use hikyaku_mailstore::{
    Overshoot, QuotaKind, Room,
    delivery::{self, Outcome},
};

use crate::fixture::{World, deliver, scope, sized};

/// Bytes that the prefix of the fixture's deliveries adds.
const PREFIX: u64 = 34;

hikyaku_db::on_both_engines! {
    async fn a_message_must_fit_unless_it_may_cross_the_limit_once(test: TestDatabase) {
        let world = World::new(test).await;
        world.set_quota(scope(1), 2000, 0).await;
        let full = Outcome::Full(QuotaKind::Bytes);
        world.deliver(sized("a", 1500), "a").await;
        let b = sized("b", 500);
        assert_eq!(world.deliver_to(scope(1), b.clone(), "b").await, Ok(full));
        let once = deliver(&world.mail, scope(1), b.clone(), "b", Overshoot::AllowOnce).await;
        assert!(matches!(once, Ok(Outcome::Delivered(_))), "{once:?}");
        let usage = world.mail.usage(scope(1)).await.unwrap();
        assert_eq!(usage.bytes.bytes(), 2000 + 2 * PREFIX);
        let again = deliver(&world.mail, scope(1), b, "c", Overshoot::AllowOnce).await;
        assert_eq!(again, Ok(full));
        world.check().await;
    }

    async fn messages_are_counted_too(test: TestDatabase) {
        let world = World::new(test).await;
        world.set_quota(scope(1), 0, 2).await;
        let delivered = world.deliver(sized("a", 500), "a").await;
        world.deliver(sized("b", 500), "b").await;
        let third = world.deliver_to(scope(1), sized("c", 500), "c").await;
        assert_eq!(third, Ok(Outcome::Full(QuotaKind::Messages)));
        world.expunge("INBOX", &[delivered.uid]).await;
        world.deliver(sized("c", 500), "c").await;
        world.check().await;
    }

    async fn room_is_asked_before_the_message_is_there(test: TestDatabase) {
        let world = World::new(test).await;
        world.set_quota(scope(1), 1000, 0).await;
        let room = async |size: u64| {
            world
                .test
                .db
                .read(move |tx| delivery::check_room(tx, scope(1), size))
                .await
                .unwrap()
        };
        assert_eq!(room(1000).await, Room::Ok);
        assert_eq!(room(1001).await, Room::Full(QuotaKind::Bytes));
        world.deliver(sized("a", 1000 - PREFIX as usize), "a").await;
        assert_eq!(
            room(0).await,
            Room::Full(QuotaKind::Bytes),
            "it is full to the last byte"
        );
        world.set_quota(scope(1), 0, 0).await;
        assert_eq!(room(1 << 40).await, Room::Ok);
    }

    /// Eight writers deliver into an account with room for exactly half of it.
    async fn concurrent_deliveries_fill_the_quota_exactly(test: TestDatabase) {
        let world = World::new(test).await;
        let each = 600 + PREFIX;
        world.set_quota(scope(1), each * 40, 0).await;
        let tasks: Vec<_> = (0..8)
            .map(|writer| {
                let mail = world.mail.clone();
                tokio::spawn(async move {
                    let mut delivered = 0;
                    for n in 0..10 {
                        let id = format!("{writer}-{n}");
                        let message = sized(&id, 600);
                        let outcome = deliver(&mail, scope(1), message, &id, Overshoot::Refuse)
                            .await
                            .unwrap();
                        match outcome {
                            Outcome::Delivered(_) => delivered += 1,
                            Outcome::Full(QuotaKind::Bytes) => {}
                            other => panic!("{other:?}"),
                        }
                    }
                    delivered
                })
            })
            .collect();
        let mut delivered = 0;
        for task in tasks {
            delivered += task.await.unwrap();
        }
        assert_eq!(delivered, 40);
        let usage = world.mail.usage(scope(1)).await.unwrap();
        assert_eq!((usage.bytes.bytes(), usage.messages), (each * 40, 40));
        world.check().await;
    }
}

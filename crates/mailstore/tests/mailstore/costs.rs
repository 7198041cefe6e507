//! How many statements the frequent operations take. Each is a round trip on PostgreSQL.

use bytes::Bytes;
use hikyaku_mailstore::{
    Content, Flags, Overshoot, Quota,
    delivery::{self, Delivery, Outcome, Recipient, Target},
};
use hikyaku_types::OffsetTimestamp;

use crate::fixture::{World, delivery_id, message, scope};

/// Statements of one transaction that delivers to accounts 1 to `accounts`.
async fn delivery_cost(world: &World, text: Bytes, id: &'static str, accounts: i64) -> u32 {
    let content = Content::new(&text);
    let (statements, outcomes) = world
        .write(move |tx| {
            let flags = Flags::default();
            let recipients: Vec<Recipient<'_>> = (1..=accounts)
                .map(|account| Recipient {
                    scope: scope(account),
                    prefix: b"Return-Path: <>\r\n",
                    mailbox: Target::Inbox,
                    flags: &flags,
                    id: delivery_id(id),
                    overshoot: Overshoot::AllowOnce,
                })
                .collect();
            let internal_date = OffsetTimestamp::utc(tx.now());
            let delivery = Delivery {
                content: &content,
                internal_date,
            };
            let outcomes = delivery::deliver_all(tx, delivery, &recipients)?;
            Ok((tx.statements(), outcomes))
        })
        .await
        .unwrap();
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, Outcome::Delivered(_)))
    );
    statements
}

hikyaku_db::on_both_engines! {
    /// Account, thread, message, mailbox, placement, change, content.
    async fn a_delivery_takes_seven_statements(test: TestDatabase) {
        let world = World::new(test).await;
        assert_eq!(delivery_cost(&world, message("one"), "1", 1).await, 7);
        let answer = "Message-ID: <b@x>\r\nReferences: <a@x> <one@example.test>\r\n\r\nb\r\n";
        assert_eq!(delivery_cost(&world, answer.into(), "2", 1).await, 8);
        let bare = Bytes::from_static(b"Subject: no id\r\n\r\nb\r\n");
        assert_eq!(delivery_cost(&world, bare, "3", 1).await, 6);
        world.check().await;
    }

    /// The content is stored once.
    async fn each_further_recipient_takes_six(test: TestDatabase) {
        let world = World::new(test).await;
        for account in 2..=5 {
            world.create(scope(account), Quota::UNLIMITED).await;
        }
        assert_eq!(
            delivery_cost(&world, message("all"), "1", 5).await,
            5 * 6 + 1
        );
        world.check().await;
    }
}

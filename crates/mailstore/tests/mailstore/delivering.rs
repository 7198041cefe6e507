//! Delivery inside the accepting transaction.

use bytes::Bytes;
use hikyaku_db::Lane;
use hikyaku_mailstore::{
    Content, Fields, Flags, MailError, Overshoot, Quota, SpecialUse, SystemFlags,
    delivery::{self, Delivery, Outcome, Recipient, Target},
};
use hikyaku_types::{OffsetTimestamp, Timestamp};

use crate::fixture::{World, delivery_id, message, path, scope, scope_in, uid};

const PREFIX: &[u8] = b"Return-Path: <taro@example.test>\r\nDelivered-To: hanako@example.test\r\n";

/// Delivers one message to many, each with a mailbox of its own choice.
async fn deliver_all(
    world: &World,
    message: &Bytes,
    id: &str,
    recipients: Vec<(hikyaku_directory::AccountScope, Target)>,
) -> Vec<Outcome> {
    let (content, id) = (Content::new(message), delivery_id(id));
    world
        .write(move |tx| {
            let internal_date = OffsetTimestamp {
                at: tx.now(),
                offset_minutes: 540,
            };
            let flags = Flags::default();
            let recipients: Vec<Recipient<'_>> = recipients
                .iter()
                .map(|(scope, mailbox)| Recipient {
                    scope: *scope,
                    prefix: PREFIX,
                    mailbox: mailbox.clone(),
                    flags: &flags,
                    id,
                    overshoot: Overshoot::Refuse,
                })
                .collect();
            let delivery = Delivery {
                content: &content,
                internal_date,
            };
            delivery::deliver_all(tx, delivery, &recipients)
        })
        .await
        .unwrap()
}

hikyaku_db::on_both_engines! {
    async fn a_delivered_message_reads_with_its_prefix(test: TestDatabase) {
        let world = World::new(test).await;
        let text = message("hello");
        let outcomes = deliver_all(&world, &text, "1", vec![(scope(1), Target::Inbox)]).await;
        let Outcome::Delivered(delivered) = outcomes[0] else {
            panic!("{outcomes:?}")
        };
        assert_eq!(delivered.uid, uid(1));
        let whole = world
            .mail
            .content(scope(1), delivered.message)
            .await
            .unwrap();
        assert_eq!(whole, [PREFIX, &text[..]].concat());
        let rows = world
            .all_rows("INBOX", Fields::STRUCTURE.and(Fields::PREVIEW))
            .await;
        let row = &rows[0];
        assert_eq!(row.size, whole.len() as u64);
        assert_eq!(row.modseq, delivered.modseq);
        assert_eq!(row.internal_date.offset_minutes, 540);
        assert_eq!(row.save_date, world.test.db.now());
        assert_eq!(row.thread, Some(delivered.thread));
        assert_eq!(row.preview.as_deref(), Some("The body of hello."));
        let structure = row.structure.clone().unwrap();
        assert_eq!(structure.root.body.of(&whole), b"The body of hello.\r\n");
        assert!(structure.root.header.of(&whole).starts_with(PREFIX));
        let inbox = world.mailbox(scope(1), "INBOX").await;
        assert_eq!((inbox.total, inbox.unseen, inbox.deleted), (1, 1, 0));
        assert_eq!(inbox.size.bytes(), whole.len() as u64);
        assert_eq!(inbox.uid_next, uid(2));
        world.check().await;
    }

    async fn a_second_delivery_under_the_same_id_does_nothing(test: TestDatabase) {
        let world = World::new(test).await;
        let first = world.deliver(message("one"), "same").await;
        let again = world
            .deliver_to(scope(1), message("one"), "same")
            .await
            .unwrap();
        assert_eq!(again, Outcome::Duplicate);
        let other = world.deliver(message("one"), "other").await;
        assert_ne!(first.message, other.message);
        assert_eq!(world.subjects("INBOX").await, ["one", "one"]);
        world.check().await;
        // Also while it is only restorable.
        world.expunge("INBOX", &[first.uid]).await;
        let again = world
            .deliver_to(scope(1), message("one"), "same")
            .await
            .unwrap();
        assert_eq!(again, Outcome::Duplicate);
        world.check().await;
    }

    async fn many_recipients_share_one_content_per_tenant(test: TestDatabase) {
        let world = World::new(test).await;
        world.create(scope(3), Quota::UNLIMITED).await;
        world.create(scope(2), Quota::UNLIMITED).await;
        world.create(scope_in(2, 9), Quota::UNLIMITED).await;
        world.set_quota(scope(2), 10, 0).await;
        let to = |scope| (scope, Target::Inbox);
        let recipients = vec![to(scope(3)), to(scope_in(2, 9)), to(scope(2)), to(scope(1))];
        let outcomes = deliver_all(&world, &message("all"), "1", recipients).await;
        assert!(matches!(outcomes[0], Outcome::Delivered(_)), "{outcomes:?}");
        assert!(matches!(outcomes[1], Outcome::Delivered(_)), "{outcomes:?}");
        assert!(matches!(outcomes[2], Outcome::Full(_)), "{outcomes:?}");
        assert!(matches!(outcomes[3], Outcome::Delivered(_)), "{outcomes:?}");
        assert_eq!(
            world
                .number("SELECT refs FROM blob WHERE tenant_id = 1")
                .await,
            2
        );
        assert_eq!(
            world
                .number("SELECT refs FROM blob WHERE tenant_id = 2")
                .await,
            1
        );
        world.check().await;
    }

    async fn a_mailbox_that_is_missing_falls_back_to_inbox(test: TestDatabase) {
        let world = World::new(test).await;
        world
            .mail
            .create_mailbox(scope(1), &path("Lists/a"), None)
            .await
            .unwrap();
        let lists = world.id("Lists/a").await;
        let targets = [
            (Target::Path(path("Lists/a")), "Lists/a"),
            (Target::Mailbox(lists), "Lists/a"),
            (Target::Special(SpecialUse::Junk), "Junk"),
            (Target::Path(path("Lists/b")), "INBOX"),
        ];
        for (number, (target, expected)) in targets.into_iter().enumerate() {
            let text = message(&number.to_string());
            let id = number.to_string();
            let outcomes = deliver_all(&world, &text, &id, vec![(scope(1), target)]).await;
            let Outcome::Delivered(delivered) = outcomes[0] else {
                panic!("{outcomes:?}")
            };
            assert_eq!(delivered.mailbox, world.id(expected).await);
        }
        world
            .mail
            .delete_mailbox(scope(1), &path("Lists/a"))
            .await
            .unwrap();
        let gone = vec![(scope(1), Target::Mailbox(lists))];
        let outcomes = deliver_all(&world, &message("late"), "late", gone).await;
        let Outcome::Delivered(delivered) = outcomes[0] else {
            panic!("{outcomes:?}")
        };
        assert_eq!(delivered.mailbox, world.id("INBOX").await);
        world.check().await;
    }

    async fn an_account_without_mail_takes_nothing(test: TestDatabase) {
        let world = World::new(test).await;
        for unknown in [scope(7), scope_in(2, 1)] {
            let result = world.deliver_to(unknown, message("x"), "1").await;
            assert_eq!(result, Err(MailError::NoSuchAccount));
        }
        world.check().await;
    }

    /// A transaction that fails after a delivery takes the delivery along.
    async fn what_is_rolled_back_leaves_nothing(test: TestDatabase) {
        let world = World::new(test).await;
        let content = Content::new(&message("x"));
        let result: Result<(), MailError> = world
            .test
            .db
            .write(Lane::Mail, move |tx| {
                let delivery = Delivery {
                    content: &content,
                    internal_date: OffsetTimestamp::utc(Timestamp(0)),
                };
                let recipient = Recipient {
                    scope: scope(1),
                    prefix: b"",
                    mailbox: Target::Inbox,
                    flags: &Flags::from(SystemFlags::SEEN),
                    id: delivery_id("1"),
                    overshoot: Overshoot::Refuse,
                };
                delivery::deliver(tx, delivery, &recipient)?;
                Err(MailError::Interrupted)
            })
            .await;
        assert_eq!(result, Err(MailError::Interrupted));
        assert_eq!(world.number("SELECT COUNT(*) FROM message").await, 0);
        assert_eq!(world.number("SELECT COUNT(*) FROM blob").await, 0);
        assert_eq!(world.number("SELECT COUNT(*) FROM change").await, 0);
        assert_eq!(world.deliver(message("y"), "1").await.uid, uid(1));
        world.check().await;
    }
}

//! COPY and MOVE.

use hikyaku_mailstore::{Fields, Limits, MailError, SystemFlags};
use hikyaku_types::{Id as _, MailboxId};

use crate::fixture::{World, scope, uid, uids};

hikyaku_db::on_both_engines! {
    async fn a_copy_is_the_same_message_and_costs_nothing(test: TestDatabase) {
        let world = World::new(test).await;
        world.append("INBOX", &["a", "b", "c"]).await;
        world
            .add_flags("INBOX", &[uid(2)], SystemFlags::FLAGGED)
            .await;
        let before = world.mail.usage(scope(1)).await.unwrap();
        let (inbox, archive) = (world.id("INBOX").await, world.id("Archive").await);
        world.append("Archive", &["old"]).await;
        let wanted = uids([3, 2, 8]);
        let copied = world
            .mail
            .copy(scope(1), inbox, &wanted, archive)
            .await
            .unwrap();
        assert_eq!(copied.pairs, [(uid(2), uid(2)), (uid(3), uid(3))]);
        let validity = world.mailbox(scope(1), "Archive").await.uid_validity;
        assert_eq!(copied.uid_validity, Some(validity));
        assert_eq!(world.subjects("Archive").await, ["old", "b", "c"]);
        let original = &world.all_rows("INBOX", Fields::THREAD).await[1];
        let copy = &world.all_rows("Archive", Fields::THREAD).await[1];
        assert_eq!(copy.message, original.message);
        assert_eq!(copy.flags, original.flags);
        assert_eq!(copy.internal_date, original.internal_date);
        let after = world.mail.usage(scope(1)).await.unwrap();
        assert_eq!(after.messages, before.messages + 1, "only the appended one");
        world.check().await;
    }

    async fn a_copy_may_go_into_the_same_mailbox(test: TestDatabase) {
        let world = World::new(test).await;
        world.append("INBOX", &["a"]).await;
        let inbox = world.id("INBOX").await;
        let copied = world
            .mail
            .copy(scope(1), inbox, &[uid(1)], inbox)
            .await
            .unwrap();
        assert_eq!(copied.pairs, [(uid(1), uid(2))]);
        // Flags belong to the placement.
        world.add_flags("INBOX", &[uid(2)], SystemFlags::SEEN).await;
        let rows = world.all_rows("INBOX", Fields::PLACEMENT).await;
        assert_eq!(rows[0].message, rows[1].message);
        assert!(!rows[0].flags.is_seen() && rows[1].flags.is_seen());
        world.check().await;
        world.expunge("INBOX", &[uid(1)]).await;
        world.check().await;
        world.expunge("INBOX", &[uid(2)]).await;
        assert_eq!(world.mail.usage(scope(1)).await.unwrap().messages, 0);
        world.check().await;
    }

    async fn what_is_not_there_is_an_error_or_nothing(test: TestDatabase) {
        let world = World::new(test).await;
        world.append("INBOX", &["a"]).await;
        let (inbox, nowhere) = (world.id("INBOX").await, MailboxId::from_i64(77));
        for (from, to) in [(inbox, nowhere), (nowhere, inbox)] {
            let copied = world.mail.copy(scope(1), from, &[uid(1)], to).await;
            assert_eq!(copied, Err(MailError::NoSuchMailbox));
            let moved = world
                .mail
                .move_messages(scope(1), from, &[uid(1)], to)
                .await;
            assert_eq!(moved, Err(MailError::NoSuchMailbox));
        }
        let archive = world.id("Archive").await;
        let none = world
            .mail
            .copy(scope(1), inbox, &[uid(9)], archive)
            .await
            .unwrap();
        assert_eq!((none.uid_validity, none.pairs), (None, Vec::new()));
        world.check().await;
    }

    async fn moved_messages_are_in_one_mailbox_only(test: TestDatabase) {
        let limits = Limits {
            chunk_messages: 4,
            ..Limits::default()
        };
        let world = World::with_limits(test, limits).await;
        world.fill("INBOX", 10).await;
        world
            .add_flags("INBOX", &uids([1, 5]), SystemFlags::SEEN)
            .await;
        let (inbox, trash) = (world.id("INBOX").await, world.id("Trash").await);
        let all = uids(1..=9);
        let moved = world
            .mail
            .move_messages(scope(1), inbox, &all, trash)
            .await
            .unwrap();
        assert_eq!(
            moved.pairs,
            (1..=9).map(|n| (uid(n), uid(n))).collect::<Vec<_>>()
        );
        assert_eq!(world.subjects("INBOX").await, ["INBOX-9"]);
        let mailbox = world.mailbox(scope(1), "Trash").await;
        assert_eq!((mailbox.total, mailbox.unseen), (9, 7));
        assert_eq!(world.number("SELECT COUNT(*) FROM expunged").await, 0);
        world.check().await;
        // Within one mailbox a message gets a new UID.
        let moved = world
            .mail
            .move_messages(scope(1), trash, &[uid(1)], trash)
            .await
            .unwrap();
        assert_eq!(moved.pairs, [(uid(1), uid(10))]);
        assert_eq!(world.mailbox(scope(1), "Trash").await.total, 9);
        world.check().await;
    }
}

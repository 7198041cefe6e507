//! EXPUNGE.

use hikyaku_mailstore::{Limits, SystemFlags, Which};

use crate::fixture::{World, scope, uid, uids};

hikyaku_db::on_both_engines! {
    async fn only_what_is_marked_goes(test: TestDatabase) {
        let limits = Limits {
            chunk_messages: 3,
            ..Limits::default()
        };
        let world = World::with_limits(test, limits).await;
        world.fill("INBOX", 12).await;
        let inbox = world.id("INBOX").await;
        let expunge =
            async |which: Which<'_>| world.mail.expunge(scope(1), inbox, which).await.unwrap();
        assert_eq!(expunge(Which::AllDeleted).await, []);
        world
            .add_flags("INBOX", &uids(1..=8), SystemFlags::DELETED)
            .await;
        assert_eq!(
            expunge(Which::Deleted(&uids([12, 3, 2]))).await,
            uids([2, 3])
        );
        world.check().await;
        assert_eq!(expunge(Which::AllDeleted).await, uids([1, 4, 5, 6, 7, 8]));
        assert_eq!(expunge(Which::Exactly(&uids([9, 1]))).await, uids([9]));
        let mailbox = world.mailbox(scope(1), "INBOX").await;
        assert_eq!((mailbox.total, mailbox.unseen, mailbox.deleted), (3, 3, 0));
        assert_eq!(mailbox.uid_next, uid(13), "UIDs are never used again");
        assert_eq!(world.number("SELECT COUNT(*) FROM expunged").await, 9);
        world.check().await;
    }

    async fn the_quota_is_free_at_once_and_the_message_still_kept(test: TestDatabase) {
        let world = World::new(test).await;
        let delivered = world.deliver(crate::fixture::message("a"), "1").await;
        assert_eq!(world.mail.usage(scope(1)).await.unwrap().messages, 1);
        world.expunge("INBOX", &[delivered.uid]).await;
        let usage = world.mail.usage(scope(1)).await.unwrap();
        assert_eq!((usage.bytes.bytes(), usage.messages), (0, 0));
        assert_eq!(world.number("SELECT COUNT(*) FROM blob").await, 1);
        world.check().await;
    }

    /// A message with a copy elsewhere is not among the restorable ones: it is still there.
    async fn the_message_ends_with_its_last_placement(test: TestDatabase) {
        let world = World::new(test).await;
        world.append("INBOX", &["a"]).await;
        let (inbox, archive) = (world.id("INBOX").await, world.id("Archive").await);
        world
            .mail
            .copy(scope(1), inbox, &[uid(1)], archive)
            .await
            .unwrap();
        world
            .mail
            .copy(scope(1), inbox, &[uid(1)], inbox)
            .await
            .unwrap();
        world.expunge("INBOX", &uids([1, 2])).await;
        assert_eq!(world.number("SELECT COUNT(*) FROM expunged").await, 0);
        assert_eq!(world.mail.usage(scope(1)).await.unwrap().messages, 1);
        world.check().await;
        world
            .mail
            .copy(scope(1), archive, &[uid(1)], archive)
            .await
            .unwrap();
        world.expunge("Archive", &uids([1, 2])).await;
        assert_eq!(world.number("SELECT COUNT(*) FROM expunged").await, 1);
        assert_eq!(world.mail.usage(scope(1)).await.unwrap().messages, 0);
        world.check().await;
    }
}

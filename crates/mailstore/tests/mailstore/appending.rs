//! APPEND.

use hikyaku_blob::SpaceWatch;
use hikyaku_mailstore::{
    AppendMessage, Fields, Flags, Keyword, Limits, MailError, Mailstore, QuotaKind, Registry,
    SystemFlags, Which,
};
use hikyaku_types::{Id as _, MailboxId, OffsetTimestamp, Timestamp};

use crate::fixture::{World, flags, message, scope, sized, uid, uids};

fn plain(subject: &str) -> AppendMessage {
    AppendMessage {
        content: message(subject),
        flags: Flags::default(),
        internal_date: None,
    }
}

hikyaku_db::on_both_engines! {
    /// With the disk nearly full new mail waits; reading and deleting go on.
    async fn low_storage_defers(test: TestDatabase) {
        let world = World::new(test).await;
        world.append("INBOX", &["before"]).await;
        let registry = Registry {
            // Less than all of the disk is free wherever a test runs.
            space: SpaceWatch::new(std::env::temp_dir(), u64::MAX, 100),
            ..Registry::default()
        };
        let low = Mailstore::with_registry(world.test.db.clone(), Limits::default(), registry);
        let inbox = world.id("INBOX").await;
        let refused = low.append(scope(1), inbox, vec![plain("after")]).await.unwrap_err();
        assert_eq!(refused, MailError::StorageLow);
        assert!(refused.is_storage_full() && refused.is_temporary());
        let gone = low.expunge(scope(1), inbox, Which::Exactly(&[uid(1)])).await.unwrap();
        assert_eq!(gone, [uid(1)]);
        world.check().await;
    }

    async fn flags_and_dates_are_kept(test: TestDatabase) {
        let world = World::new(test).await;
        let keyword = Keyword::new("$Forwarded").unwrap();
        let set = Flags::new(SystemFlags::SEEN.union(SystemFlags::DRAFT), [keyword]).unwrap();
        let date = OffsetTimestamp {
            at: Timestamp(1_000_000_000_000),
            offset_minutes: -210,
        };
        let drafts = world.id("Drafts").await;
        let appended = world
            .mail
            .append(
                scope(1),
                drafts,
                vec![AppendMessage {
                    content: message("draft"),
                    flags: set.clone(),
                    internal_date: Some(date),
                }],
            )
            .await
            .unwrap();
        assert_eq!(appended.uids, [uid(1)]);
        let mailbox = world.mailbox(scope(1), "Drafts").await;
        assert_eq!(appended.uid_validity, mailbox.uid_validity);
        let rows = world.all_rows("Drafts", Fields::PLACEMENT).await;
        assert_eq!(rows[0].flags, set);
        assert_eq!(rows[0].internal_date, date);
        assert_eq!(rows[0].message, appended.messages[0]);
        assert_eq!((mailbox.total, mailbox.unseen), (1, 0));
        let snapshot = world.snapshot("Drafts").await;
        assert_eq!(*snapshot.keywords, *set.keywords());
        world.check().await;
    }

    async fn several_messages_are_appended_in_order(test: TestDatabase) {
        let world = World::new(test).await;
        let subjects: Vec<String> = (0..75).map(|n| format!("m{n}")).collect();
        let messages = subjects.iter().map(|subject| message(subject));
        let appended = world
            .append_with("INBOX", messages, &flags(SystemFlags::FLAGGED))
            .await;
        assert_eq!(appended, uids(1..=75));
        assert_eq!(world.subjects("INBOX").await, subjects);
        world.check().await;
    }

    /// The same message twice in one APPEND is two messages with one content.
    async fn the_same_content_may_come_twice(test: TestDatabase) {
        let world = World::new(test).await;
        let uids = world.append("INBOX", &["a", "b", "a"]).await;
        assert_eq!(uids.len(), 3);
        assert_eq!(world.number("SELECT COUNT(*) FROM message").await, 3);
        assert_eq!(world.number("SELECT COUNT(*) FROM blob").await, 2);
        world.check().await;
    }

    async fn all_or_none(test: TestDatabase) {
        let world = World::new(test).await;
        world.set_quota(scope(1), 1000, 0).await;
        let inbox = world.id("INBOX").await;
        let too_much = vec![
            plain("a"),
            AppendMessage {
                content: sized("b", 900),
                ..plain("b")
            },
        ];
        let result = world.mail.append(scope(1), inbox, too_much).await;
        assert_eq!(result, Err(MailError::OverQuota(QuotaKind::Bytes)));
        let nowhere = MailboxId::from_i64(77);
        let result = world.mail.append(scope(1), nowhere, vec![plain("a")]).await;
        assert_eq!(result, Err(MailError::NoSuchMailbox));
        assert_eq!(world.number("SELECT COUNT(*) FROM message").await, 0);
        assert_eq!(world.number("SELECT COUNT(*) FROM blob").await, 0);
        assert_eq!(world.mailbox(scope(1), "INBOX").await.uid_next, uid(1));
        world.check().await;
    }
}

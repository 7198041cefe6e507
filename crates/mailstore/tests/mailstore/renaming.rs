//! RENAME.

use hikyaku_mailstore::{DEPTH_MAX, Limits, MailError, NameError, SystemFlags};

use crate::fixture::{World, path, scope, uid, uids};

async fn rename(world: &World, from: &str, to: &str) -> Result<(), MailError> {
    world
        .mail
        .rename_mailbox(scope(1), &path(from), &path(to))
        .await
}

hikyaku_db::on_both_engines! {
    async fn everything_below_moves_along_and_uids_stay(test: TestDatabase) {
        let world = World::new(test).await;
        world
            .mail
            .create_mailbox(scope(1), &path("a/b/c"), None)
            .await
            .unwrap();
        world.append("a/b", &["m"]).await;
        let before = world.mailbox(scope(1), "a/b").await;
        rename(&world, "a/b", "x/y/z").await.unwrap();
        let after = world.mailbox(scope(1), "x/y/z").await;
        assert_eq!(
            (after.id, after.uid_validity, after.uid_next),
            (before.id, before.uid_validity, before.uid_next)
        );
        assert_eq!(world.subjects("x/y/z").await, ["m"]);
        assert!(after.has_children);
        world.mailbox(scope(1), "x/y/z/c").await;
        assert!(!world.mailbox(scope(1), "a").await.has_children);
        assert_eq!(world.mail.mailbox(scope(1), &path("a/b")).await, Ok(None));
        world.check().await;
    }

    async fn what_cannot_be_renamed(test: TestDatabase) {
        let world = World::new(test).await;
        world
            .mail
            .create_mailbox(scope(1), &path("a/b"), None)
            .await
            .unwrap();
        assert_eq!(
            rename(&world, "none", "x").await,
            Err(MailError::NoSuchMailbox)
        );
        assert_eq!(
            rename(&world, "a", "Sent").await,
            Err(MailError::MailboxExists)
        );
        assert_eq!(
            rename(&world, "a", "a").await,
            Err(MailError::MailboxExists)
        );
        assert_eq!(
            rename(&world, "a", "inbox").await,
            Err(MailError::MailboxExists)
        );
        assert_eq!(
            rename(&world, "a", "a/b/c").await,
            Err(MailError::BelowItself)
        );
        let deep = vec!["d"; DEPTH_MAX].join("/");
        assert_eq!(
            rename(&world, "a", &deep).await,
            Err(NameError::TooDeep.into())
        );
        let long = [
            "x".repeat(250),
            "y".repeat(250),
            "z".repeat(250),
            "w".repeat(250),
        ]
        .join("/");
        let long = format!("{long}/{}", "v".repeat(19));
        assert_eq!(
            rename(&world, "a", &long).await,
            Err(NameError::TooLong.into())
        );
        rename(&world, "a/b", "b").await.unwrap();
        rename(&world, "a", "b/a").await.unwrap();
        world.check().await;
    }

    async fn levels_above_the_new_name_are_limited_too(test: TestDatabase) {
        let limits = Limits {
            mailboxes_per_account: 8,
            ..Limits::default()
        };
        let world = World::with_limits(test, limits).await;
        world
            .mail
            .create_mailbox(scope(1), &path("a"), None)
            .await
            .unwrap();
        let result = rename(&world, "a", "x/y/a").await;
        assert_eq!(result, Err(MailError::TooManyMailboxes { limit: 8 }));
        assert_eq!(world.mail.mailbox(scope(1), &path("x")).await, Ok(None));
        rename(&world, "a", "x/a").await.unwrap();
        world.check().await;
    }

    /// A renamed mailbox and a new one of its old name have nothing in common.
    async fn the_old_name_made_again_is_another_mailbox(test: TestDatabase) {
        let world = World::new(test).await;
        world
            .mail
            .create_mailbox(scope(1), &path("a"), None)
            .await
            .unwrap();
        world.append("a", &["m"]).await;
        let old = world.mailbox(scope(1), "a").await;
        rename(&world, "a", "b").await.unwrap();
        let new = world
            .mail
            .create_mailbox(scope(1), &path("a"), None)
            .await
            .unwrap();
        assert_ne!(new.id, old.id);
        assert!(new.uid_validity > old.uid_validity);
        assert_eq!(
            world.mailbox(scope(1), "b").await.uid_validity,
            old.uid_validity
        );
        // Swapping names does not swap generations.
        rename(&world, "a", "c").await.unwrap();
        rename(&world, "b", "a").await.unwrap();
        assert_eq!(
            world.mailbox(scope(1), "a").await.uid_validity,
            old.uid_validity
        );
        world.check().await;
    }

    async fn renaming_inbox_moves_its_messages(test: TestDatabase) {
        let limits = Limits {
            chunk_messages: 4,
            ..Limits::default()
        };
        let world = World::with_limits(test, limits).await;
        world
            .mail
            .create_mailbox(scope(1), &path("INBOX/below"), None)
            .await
            .unwrap();
        world.fill("INBOX", 10).await;
        world.add_flags("INBOX", &[uid(3)], SystemFlags::SEEN).await;
        let before = world.mailbox(scope(1), "INBOX").await;
        rename(&world, "inbox", "old/mail").await.unwrap();
        let inbox = world.mailbox(scope(1), "INBOX").await;
        assert_eq!((inbox.total, inbox.unseen), (0, 0));
        assert_eq!(
            (inbox.id, inbox.uid_validity),
            (before.id, before.uid_validity)
        );
        world.mailbox(scope(1), "INBOX/below").await;
        let moved = world.mailbox(scope(1), "old/mail").await;
        assert_eq!((moved.total, moved.unseen), (10, 9));
        assert_eq!(world.snapshot("old/mail").await.uids, uids(1..=10));
        world.check().await;
    }
}

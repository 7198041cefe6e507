//! Creating, listing, subscribing and deleting mailboxes.

use hikyaku_mailstore::{Limits, MailError, SpecialUse};

use crate::fixture::{World, path, scope, uid};

async fn names(world: &World) -> Vec<String> {
    let mailboxes = world.mail.mailboxes(scope(1)).await.unwrap();
    mailboxes
        .into_iter()
        .map(|mailbox| mailbox.path.to_string())
        .collect()
}

hikyaku_db::on_both_engines! {
    async fn a_new_account_has_the_default_mailboxes(test: TestDatabase) {
        let world = World::new(test).await;
        assert_eq!(
            names(&world).await,
            ["INBOX", "Archive", "Drafts", "Junk", "Sent", "Trash"]
        );
        for (role, name) in SpecialUse::DEFAULTS {
            assert_eq!(world.mailbox(scope(1), name).await.role, Some(role));
            let found = world
                .mail
                .mailbox_by_role(scope(1), role)
                .await
                .unwrap()
                .unwrap();
            assert_eq!(found.path, path(name));
        }
        let mut validities: Vec<u32> = Vec::new();
        for mailbox in world.mail.mailboxes(scope(1)).await.unwrap() {
            assert_eq!(mailbox.uid_next, uid(1));
            validities.push(mailbox.uid_validity.0);
        }
        validities.sort_unstable();
        validities.dedup();
        assert_eq!(validities.len(), 6, "each has its own");
        assert_eq!(world.mail.subscriptions(scope(1)).await.unwrap().len(), 6);
        world.check().await;
    }

    async fn missing_levels_are_made(test: TestDatabase) {
        let world = World::new(test).await;
        let made = world
            .mail
            .create_mailbox(scope(1), &path("案件/2026/会議"), None)
            .await
            .unwrap();
        assert_eq!(made.path.as_str(), "案件/2026/会議");
        assert!(world.mailbox(scope(1), "案件").await.has_children);
        assert!(!made.has_children);
        world
            .mail
            .create_mailbox(scope(1), &path("inbox/sub"), None)
            .await
            .unwrap();
        assert_eq!(names(&world).await[1], "Archive");
        assert!(names(&world).await.contains(&"INBOX/sub".to_owned()));
        let again = world
            .mail
            .create_mailbox(scope(1), &path("案件/2026"), None)
            .await;
        assert_eq!(again, Err(MailError::MailboxExists));
        assert_eq!(
            world.mail.mailbox(scope(1), &path("案件/x")).await,
            Ok(None)
        );
        let by_id = world
            .mail
            .mailbox_by_id(scope(1), made.id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(by_id, made);
        world.check().await;
    }

    async fn special_uses_are_given_once(test: TestDatabase) {
        let world = World::new(test).await;
        let trash = Some(SpecialUse::Trash);
        let result = world
            .mail
            .create_mailbox(scope(1), &path("Bin"), trash)
            .await;
        assert_eq!(result, Err(MailError::SpecialUseTaken));
        world
            .mail
            .delete_mailbox(scope(1), &path("Trash"))
            .await
            .unwrap();
        let bin = world
            .mail
            .create_mailbox(scope(1), &path("Bin"), trash)
            .await
            .unwrap();
        assert_eq!(bin.role, trash);
        world.check().await;
    }

    async fn inbox_is_neither_made_nor_deleted(test: TestDatabase) {
        let world = World::new(test).await;
        let result = world
            .mail
            .create_mailbox(scope(1), &path("inBox"), None)
            .await;
        assert_eq!(result, Err(MailError::Inbox));
        let result = world.mail.delete_mailbox(scope(1), &path("inbox")).await;
        assert_eq!(result, Err(MailError::Inbox));
        world.check().await;
    }

    async fn deleting_asks_for_children_first(test: TestDatabase) {
        let world = World::new(test).await;
        world
            .mail
            .create_mailbox(scope(1), &path("a/b"), None)
            .await
            .unwrap();
        let result = world.mail.delete_mailbox(scope(1), &path("a")).await;
        assert_eq!(result, Err(MailError::HasChildren));
        world
            .mail
            .delete_mailbox(scope(1), &path("a/b"))
            .await
            .unwrap();
        world
            .mail
            .delete_mailbox(scope(1), &path("a"))
            .await
            .unwrap();
        let result = world.mail.delete_mailbox(scope(1), &path("a")).await;
        assert_eq!(result, Err(MailError::NoSuchMailbox));
        world.check().await;
    }

    /// A mailbox that is made again is another one, with another generation of UIDs.
    async fn uidvalidity_never_comes_again(test: TestDatabase) {
        let world = World::new(test).await;
        let mut seen = Vec::new();
        for _ in 0..3 {
            let made = world
                .mail
                .create_mailbox(scope(1), &path("x"), None)
                .await
                .unwrap();
            assert!(seen.iter().all(|validity| *validity < made.uid_validity));
            assert_eq!(made.uid_next, uid(1));
            seen.push(made.uid_validity);
            world.append("x", &["a"]).await;
            world
                .mail
                .delete_mailbox(scope(1), &path("x"))
                .await
                .unwrap();
        }
        world.check().await;
    }

    async fn a_large_mailbox_is_deleted_in_chunks(test: TestDatabase) {
        let limits = Limits {
            chunk_messages: 10,
            ..Limits::default()
        };
        let world = World::with_limits(test, limits).await;
        world
            .mail
            .create_mailbox(scope(1), &path("big"), None)
            .await
            .unwrap();
        world.fill("big", 45).await;
        world.append("INBOX", &["stays"]).await;
        world
            .mail
            .delete_mailbox(scope(1), &path("big"))
            .await
            .unwrap();
        assert_eq!(world.mail.usage(scope(1)).await.unwrap().messages, 1);
        assert_eq!(world.number("SELECT COUNT(*) FROM expunged").await, 45);
        assert_eq!(world.number("SELECT COUNT(*) FROM mailbox").await, 6);
        world.check().await;
    }

    /// A process that ends while a mailbox is being emptied leaves nothing behind for long.
    async fn what_was_not_emptied_is_emptied_by_the_purge(test: TestDatabase) {
        let limits = Limits {
            chunk_messages: 10,
            ..Limits::default()
        };
        let world = World::with_limits(test, limits).await;
        world
            .mail
            .create_mailbox(scope(1), &path("big"), None)
            .await
            .unwrap();
        world.fill("big", 25).await;
        let id = world.id("big").await;
        // What the first transaction of a deletion does, with the process ending after it.
        world
            .write(move |tx| {
                tx.execute(
                    "UPDATE mailbox SET parent_id = -1, name = '1' WHERE id = ?1",
                    hikyaku_db::params![id],
                )?;
                Ok(())
            })
            .await
            .unwrap();
        assert!(!names(&world).await.contains(&"big".to_owned()));
        let result = world
            .mail
            .expunge(scope(1), id, hikyaku_mailstore::Which::AllDeleted)
            .await;
        assert_eq!(result, Err(MailError::NoSuchMailbox));
        world.check().await;
        world.mail.purge().await.unwrap();
        assert_eq!(world.number("SELECT COUNT(*) FROM mailbox").await, 6);
        assert_eq!(world.mail.usage(scope(1)).await.unwrap().messages, 0);
        world.check().await;
    }

    async fn subscriptions_are_names(test: TestDatabase) {
        let limits = Limits {
            subscriptions_per_account: 8,
            ..Limits::default()
        };
        let world = World::with_limits(test, limits).await;
        for name in ["gone/会議", "x", "x"] {
            world.mail.subscribe(scope(1), &path(name)).await.unwrap();
        }
        let more = world.mail.subscribe(scope(1), &path("y")).await;
        assert_eq!(more, Err(MailError::TooManySubscriptions { limit: 8 }));
        world.mail.unsubscribe(scope(1), &path("x")).await.unwrap();
        world
            .mail
            .unsubscribe(scope(1), &path("never"))
            .await
            .unwrap();
        let subscribed = world.mail.subscriptions(scope(1)).await.unwrap();
        assert_eq!(subscribed.len(), 7);
        assert!(subscribed.contains(&path("gone/会議")));
        // Deleting the mailbox does not end the subscription (RFC 9051 §6.3.5).
        world
            .mail
            .delete_mailbox(scope(1), &path("Junk"))
            .await
            .unwrap();
        assert!(
            world
                .mail
                .subscriptions(scope(1))
                .await
                .unwrap()
                .contains(&path("Junk"))
        );
    }

    async fn mailboxes_are_limited(test: TestDatabase) {
        let limits = Limits {
            mailboxes_per_account: 9,
            ..Limits::default()
        };
        let world = World::with_limits(test, limits).await;
        let limit = MailError::TooManyMailboxes { limit: 9 };
        let result = world
            .mail
            .create_mailbox(scope(1), &path("a/b/c/d"), None)
            .await;
        assert_eq!(result, Err(limit.clone()));
        world
            .mail
            .create_mailbox(scope(1), &path("a/b/c"), None)
            .await
            .unwrap();
        let result = world.mail.create_mailbox(scope(1), &path("d"), None).await;
        assert_eq!(result, Err(limit));
        world.check().await;
    }
}

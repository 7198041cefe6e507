//! Restoring expunged messages.

use std::{collections::BTreeMap, time::Duration};

use hikyaku_mailstore::{Fields, Limits, RestoreReport, Selection, SystemFlags};

use crate::fixture::{World, path, scope, sized, uid, uids};

fn report(restored: u64, over_quota: u64, mailboxes: &[(&str, u64)]) -> RestoreReport {
    RestoreReport {
        restored,
        over_quota,
        mailboxes: mailboxes
            .iter()
            .map(|(name, count)| (path(name), *count))
            .collect::<BTreeMap<_, _>>(),
    }
}

hikyaku_db::on_both_engines! {
    async fn messages_come_back_where_they_were(test: TestDatabase) {
        let limits = Limits {
            chunk_messages: 3,
            ..Limits::default()
        };
        let world = World::with_limits(test, limits).await;
        world.append("INBOX", &["a", "b", "c", "d", "e"]).await;
        world.append("Sent", &["s"]).await;
        world
            .add_flags(
                "INBOX",
                &uids([1, 2]),
                SystemFlags::SEEN.union(SystemFlags::DELETED),
            )
            .await;
        let before = world.all_rows("INBOX", Fields::THREAD).await;
        let usage = world.mail.usage(scope(1)).await.unwrap();
        world.expunge("INBOX", &uids([1, 2, 3, 4])).await;
        world.expunge("Sent", &[uid(1)]).await;
        let restored = world
            .mail
            .restore(scope(1), &Selection::default())
            .await
            .unwrap();
        assert_eq!(restored, report(5, 0, &[("INBOX", 4), ("Sent", 1)]));
        assert_eq!(world.subjects("INBOX").await, ["e", "a", "b", "c", "d"]);
        let after = world.all_rows("INBOX", Fields::THREAD).await;
        assert_eq!(after[1].uid, uid(6), "a new UID");
        assert_eq!(after[1].message, before[0].message);
        assert_eq!(after[1].thread, before[0].thread);
        assert_eq!(after[1].internal_date, before[0].internal_date);
        assert_eq!(
            after[1].flags.system(),
            SystemFlags::SEEN,
            "without Deleted"
        );
        assert_eq!(world.mail.usage(scope(1)).await.unwrap(), usage);
        assert_eq!(world.number("SELECT COUNT(*) FROM expunged").await, 0);
        world.check().await;
        let nothing = world
            .mail
            .restore(scope(1), &Selection::default())
            .await
            .unwrap();
        assert_eq!(nothing, RestoreReport::default());
    }

    async fn a_deleted_mailbox_comes_back_with_its_mail(test: TestDatabase) {
        let world = World::new(test).await;
        world
            .mail
            .create_mailbox(scope(1), &path("案件/会議"), None)
            .await
            .unwrap();
        world.append("案件/会議", &["m1", "m2"]).await;
        let old = world.mailbox(scope(1), "案件/会議").await;
        world
            .mail
            .delete_mailbox(scope(1), &path("案件/会議"))
            .await
            .unwrap();
        world
            .mail
            .delete_mailbox(scope(1), &path("案件"))
            .await
            .unwrap();
        world.check().await;
        let by_name = Selection {
            mailbox: Some(path("案件/会議")),
            since: None,
        };
        let restored = world.mail.restore(scope(1), &by_name).await.unwrap();
        assert_eq!(restored, report(2, 0, &[("案件/会議", 2)]));
        assert_eq!(world.subjects("案件/会議").await, ["m1", "m2"]);
        let new = world.mailbox(scope(1), "案件/会議").await;
        assert!(new.uid_validity > old.uid_validity);
        world.check().await;
    }

    async fn a_renamed_mailbox_is_found_under_its_new_name(test: TestDatabase) {
        let world = World::new(test).await;
        world
            .mail
            .create_mailbox(scope(1), &path("a"), None)
            .await
            .unwrap();
        world.append("a", &["m"]).await;
        world.expunge("a", &[uid(1)]).await;
        world
            .mail
            .rename_mailbox(scope(1), &path("a"), &path("b"))
            .await
            .unwrap();
        let restored = world
            .mail
            .restore(scope(1), &Selection::default())
            .await
            .unwrap();
        assert_eq!(restored, report(1, 0, &[("b", 1)]));
        world.check().await;
    }

    async fn a_selection_restores_nothing_else(test: TestDatabase) {
        let world = World::new(test).await;
        world.append("INBOX", &["old", "new"]).await;
        world.append("Sent", &["sent"]).await;
        world.expunge("INBOX", &[uid(1)]).await;
        world.test.clock.advance(Duration::from_hours(1));
        let since = world.test.db.now();
        world.expunge("INBOX", &[uid(2)]).await;
        world.expunge("Sent", &[uid(1)]).await;
        let selection = Selection {
            since: Some(since),
            mailbox: Some(path("INBOX")),
        };
        let restored = world.mail.restore(scope(1), &selection).await.unwrap();
        assert_eq!(restored, report(1, 0, &[("INBOX", 1)]));
        assert_eq!(world.subjects("INBOX").await, ["new"]);
        let none = Selection {
            mailbox: Some(path("Drafts")),
            since: None,
        };
        assert_eq!(
            world.mail.restore(scope(1), &none).await.unwrap(),
            RestoreReport::default()
        );
        world.check().await;
    }

    async fn what_finds_no_room_stays_restorable(test: TestDatabase) {
        let world = World::new(test).await;
        let flags = hikyaku_mailstore::Flags::default();
        let messages = [sized("a", 400), sized("b", 400), sized("c", 400)];
        world.append_with("INBOX", messages, &flags).await;
        world.expunge("INBOX", &uids(1..=3)).await;
        world.set_quota(scope(1), 800, 0).await;
        let restored = world
            .mail
            .restore(scope(1), &Selection::default())
            .await
            .unwrap();
        assert_eq!(restored, report(2, 1, &[("INBOX", 2)]));
        world.check().await;
        world.set_quota(scope(1), 0, 0).await;
        let rest = world
            .mail
            .restore(scope(1), &Selection::default())
            .await
            .unwrap();
        assert_eq!(rest, report(1, 0, &[("INBOX", 1)]));
        world.check().await;
    }

    async fn mail_comes_back_even_if_no_mailbox_can_be_made(test: TestDatabase) {
        let limits = Limits {
            mailboxes_per_account: 7,
            ..Limits::default()
        };
        let world = World::with_limits(test, limits).await;
        world
            .mail
            .create_mailbox(scope(1), &path("x"), None)
            .await
            .unwrap();
        world.append("x", &["m"]).await;
        world
            .mail
            .delete_mailbox(scope(1), &path("x"))
            .await
            .unwrap();
        world
            .mail
            .create_mailbox(scope(1), &path("y"), None)
            .await
            .unwrap();
        let restored = world
            .mail
            .restore(scope(1), &Selection::default())
            .await
            .unwrap();
        assert_eq!(restored, report(1, 0, &[("INBOX", 1)]));
        world.check().await;
    }
}

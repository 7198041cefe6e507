//! The change log as a session reads it.

use hikyaku_mailstore::{Changes, Delta, Limits, MailError, Mailstore, Recent, SystemFlags};
use hikyaku_types::{MailboxId, ModSeq, Uid};

use crate::fixture::{World, path, scope, uid, uids};

async fn delta(mail: &Mailstore, mailbox: MailboxId, since: ModSeq) -> Delta {
    match mail.changes(scope(1), mailbox, since).await.unwrap() {
        Changes::Delta(delta) => delta,
        Changes::Resync => panic!("a resync at {since}"),
    }
}

fn uids_of(states: &[hikyaku_mailstore::FlagState]) -> Vec<Uid> {
    states.iter().map(|state| state.uid).collect()
}

hikyaku_db::on_both_engines! {
    async fn a_session_learns_what_came_changed_and_went(test: TestDatabase) {
        let world = World::new(test).await;
        world.append("INBOX", &["a", "b", "c", "d"]).await;
        let inbox = world.id("INBOX").await;
        let since = world.snapshot("INBOX").await.modseq;
        assert_eq!(
            delta(&world.mail, inbox, since).await,
            Delta {
                modseq: since,
                ..Delta::default()
            }
        );
        world.append("INBOX", &["e", "f"]).await;
        world
            .add_flags("INBOX", &uids([2, 5]), SystemFlags::SEEN)
            .await;
        world.expunge("INBOX", &uids([1, 6])).await;
        world.append("Archive", &["elsewhere"]).await;
        let found = delta(&world.mail, inbox, since).await;
        assert_eq!(uids_of(&found.new), uids([5]), "UID 6 came and went");
        assert!(found.new[0].flags.is_seen());
        assert_eq!(uids_of(&found.flags), uids([2]));
        assert_eq!(found.expunged, uids([1]));
        assert_eq!(found.uid_next, Some(uid(7)));
        let snapshot = world.snapshot("INBOX").await;
        assert_eq!(found.modseq, snapshot.modseq);
        assert_eq!(snapshot.uids, uids([2, 3, 4, 5]));
        let after = delta(&world.mail, inbox, found.modseq).await;
        assert!(after.new.is_empty() && after.flags.is_empty() && after.expunged.is_empty());
        world.check().await;
    }

    async fn moves_show_on_both_sides(test: TestDatabase) {
        let world = World::new(test).await;
        world.append("INBOX", &["a", "b"]).await;
        let (inbox, trash) = (world.id("INBOX").await, world.id("Trash").await);
        let since = world.snapshot("INBOX").await.modseq;
        world
            .mail
            .move_messages(scope(1), inbox, &[uid(1)], trash)
            .await
            .unwrap();
        assert_eq!(delta(&world.mail, inbox, since).await.expunged, uids([1]));
        assert_eq!(
            uids_of(&delta(&world.mail, trash, since).await.new),
            uids([1])
        );
        world.check().await;
    }

    /// More changes than one list of parameters holds.
    async fn many_changes_at_once(test: TestDatabase) {
        let world = World::new(test).await;
        let inbox = world.id("INBOX").await;
        let since = world.snapshot("INBOX").await.modseq;
        let all = world.fill("INBOX", 600).await;
        let found = delta(&world.mail, inbox, since).await;
        assert_eq!(uids_of(&found.new), all);
        world.check().await;
    }

    async fn who_is_too_far_behind_compares_everything(test: TestDatabase) {
        let limits = Limits {
            change_history: 20,
            chunk_messages: 7,
            ..Limits::default()
        };
        let world = World::with_limits(test, limits).await;
        let inbox = world.id("INBOX").await;
        let old = world.snapshot("INBOX").await.modseq;
        for n in 0..10 {
            world
                .append(
                    "INBOX",
                    &[&format!("a{n}"), &format!("b{n}"), &format!("c{n}")],
                )
                .await;
        }
        let recent = world.snapshot("INBOX").await.modseq;
        let report = world.mail.purge().await.unwrap();
        assert_eq!(
            report.changes, 12,
            "whole modseqs of three rows, down to 20 or less"
        );
        assert_eq!(
            world.mail.changes(scope(1), inbox, old).await,
            Ok(Changes::Resync)
        );
        world.add_flags("INBOX", &[uid(3)], SystemFlags::SEEN).await;
        assert_eq!(
            uids_of(&delta(&world.mail, inbox, recent).await.flags),
            uids([3])
        );
        world.check().await;
        // An old modseq is good enough for a mailbox in which nothing happened since.
        let archive = world.id("Archive").await;
        assert!(matches!(
            world.mail.changes(scope(1), archive, old).await,
            Ok(Changes::Delta(_))
        ));
    }

    async fn a_deleted_mailbox_is_an_error(test: TestDatabase) {
        let world = World::new(test).await;
        world
            .mail
            .create_mailbox(scope(1), &path("x"), None)
            .await
            .unwrap();
        let id = world.id("x").await;
        world
            .mail
            .delete_mailbox(scope(1), &path("x"))
            .await
            .unwrap();
        let gone = world.mail.changes(scope(1), id, ModSeq(0)).await;
        assert_eq!(gone, Err(MailError::NoSuchMailbox));
        let gone = world.mail.snapshot(scope(1), id, Recent::Take).await;
        assert_eq!(gone, Err(MailError::NoSuchMailbox));
    }

    async fn recent_messages_are_recent_for_one_session(test: TestDatabase) {
        let world = World::new(test).await;
        world.append("INBOX", &["a", "b"]).await;
        let inbox = world.id("INBOX").await;
        let select = async |recent| {
            world
                .mail
                .snapshot(scope(1), inbox, recent)
                .await
                .unwrap()
                .first_recent
        };
        assert_eq!(select(Recent::Leave).await, uid(1));
        assert_eq!(select(Recent::Take).await, uid(1));
        assert_eq!(select(Recent::Take).await, uid(3));
        world.append("INBOX", &["c"]).await;
        assert_eq!(select(Recent::Take).await, uid(3));
        assert_eq!(select(Recent::Leave).await, uid(4));
        world.check().await;
    }

    async fn a_watcher_is_woken(test: TestDatabase) {
        let world = World::new(test).await;
        let mut watch = world.mail.watch(scope(1));
        let other = world.mail.watch(scope(2));
        world.append("INBOX", &["a"]).await;
        watch.changed().await;
        world.add_flags("INBOX", &[uid(1)], SystemFlags::SEEN).await;
        watch.changed().await;
        world.expunge("INBOX", &[uid(1)]).await;
        watch.changed().await;
        world
            .mail
            .create_mailbox(scope(1), &path("x"), None)
            .await
            .unwrap();
        watch.changed().await;
        assert!(!other.has_changed());
    }
}

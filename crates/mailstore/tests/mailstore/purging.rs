//! Removing for good what is past its window.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use hikyaku_db::{DbError, Tx};
use hikyaku_directory::AccountScope;
use hikyaku_mailstore::{
    Hold, Limits, Mailstore, PurgeReport, Quota, Registry, Selection, accounts,
};
use hikyaku_types::MessageId;

use crate::fixture::{World, message, path, scope, uid, uids};

const DAY: Duration = Duration::from_hours(24);

/// Holds the messages it is told to.
#[derive(Debug, Default)]
struct TestHold(Mutex<Vec<MessageId>>);

impl Hold for TestHold {
    fn held(
        &self,
        _tx: &Tx<'_>,
        _scope: AccountScope,
        messages: &[MessageId],
    ) -> Result<Vec<MessageId>, DbError> {
        let held = self.0.lock().unwrap();
        Ok(messages
            .iter()
            .copied()
            .filter(|message| held.contains(message))
            .collect())
    }
}

hikyaku_db::on_both_engines! {
    async fn messages_go_when_their_window_is_over(test: TestDatabase) {
        let limits = Limits {
            chunk_messages: 4,
            ..Limits::default()
        };
        let world = World::with_limits(test, limits).await;
        world.fill("INBOX", 12).await;
        world.expunge("INBOX", &uids(1..=5)).await;
        world.test.clock.advance(13 * DAY);
        world.expunge("INBOX", &uids(6..=10)).await;
        assert_eq!(world.mail.purge().await.unwrap().messages, 0);
        world.test.clock.advance(DAY);
        let report = world.mail.purge().await.unwrap();
        assert_eq!(
            (report.accounts, report.messages, report.contents),
            (1, 5, 5)
        );
        assert_eq!(world.number("SELECT COUNT(*) FROM message").await, 7);
        assert_eq!(world.number("SELECT COUNT(*) FROM blob").await, 7);
        world.check().await;
        let restored = world
            .mail
            .restore(scope(1), &Selection::default())
            .await
            .unwrap();
        assert_eq!(restored.restored, 5);
        world.check().await;
    }

    async fn a_content_goes_with_its_last_message(test: TestDatabase) {
        let world = World::new(test).await;
        world.create(scope(2), Quota::UNLIMITED).await;
        world.deliver(message("shared"), "1").await;
        world
            .deliver_to(scope(2), message("shared"), "1")
            .await
            .unwrap();
        world.expunge("INBOX", &[uid(1)]).await;
        world.test.clock.advance(15 * DAY);
        let report = world.mail.purge().await.unwrap();
        assert_eq!((report.messages, report.contents), (1, 0));
        assert_eq!(world.number("SELECT refs FROM blob").await, 1);
        world.check().await;
    }

    async fn the_window_is_the_accounts(test: TestDatabase) {
        let world = World::new(test).await;
        world
            .write(|tx| accounts::set_restore_window(tx, scope(1), DAY))
            .await
            .unwrap();
        world.append("INBOX", &["a"]).await;
        world.expunge("INBOX", &[uid(1)]).await;
        world.test.clock.advance(DAY);
        assert_eq!(world.mail.purge().await.unwrap().messages, 1);
        world.check().await;
    }

    async fn conversations_end_with_their_last_message(test: TestDatabase) {
        let world = World::new(test).await;
        let answer =
            "Subject: b\r\nMessage-ID: <b@x>\r\nReferences: <a@example.test> <old@x>\r\n\r\nb\r\n";
        world.deliver(message("a"), "a").await;
        world.deliver(bytes::Bytes::from(answer), "b").await;
        assert_eq!(world.number("SELECT COUNT(*) FROM thread_ref").await, 3);
        world.expunge("INBOX", &[uid(2)]).await;
        world.test.clock.advance(15 * DAY);
        world.mail.purge().await.unwrap();
        assert_eq!(
            world.number("SELECT COUNT(*) FROM thread_ref").await,
            3,
            "`a` is still there"
        );
        world.expunge("INBOX", &[uid(1)]).await;
        world.test.clock.advance(15 * DAY);
        world.mail.purge().await.unwrap();
        assert_eq!(world.number("SELECT COUNT(*) FROM thread_ref").await, 0);
        world.check().await;
    }

    async fn names_of_deleted_mailboxes_are_forgotten_in_the_end(test: TestDatabase) {
        let world = World::new(test).await;
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
        world.mail.purge().await.unwrap();
        assert_eq!(
            world.number("SELECT COUNT(*) FROM deleted_mailbox").await,
            1
        );
        world.test.clock.advance(15 * DAY);
        world.mail.purge().await.unwrap();
        assert_eq!(
            world.number("SELECT COUNT(*) FROM deleted_mailbox").await,
            0
        );
        world.check().await;
    }

    async fn what_is_held_stays(test: TestDatabase) {
        let world = World::new(test).await;
        let hold = Arc::new(TestHold::default());
        let registry = Registry {
            holds: vec![hold.clone()],
            ..Registry::default()
        };
        let db = world.test.db.clone();
        let mail = Mailstore::with_registry(db, Limits::default(), registry);
        let kept = world.deliver(message("kept"), "1").await;
        world.deliver(message("gone"), "2").await;
        hold.0.lock().unwrap().push(kept.message);
        world.expunge("INBOX", &uids([1, 2])).await;
        world.test.clock.advance(15 * DAY);
        let report = mail.purge().await.unwrap();
        let expected = PurgeReport {
            accounts: 1,
            messages: 1,
            contents: 1,
            held: 1,
            changes: 0,
        };
        assert_eq!(report, expected);
        world.check().await;
        assert!(mail.content(scope(1), kept.message).await.is_ok());
        hold.0.lock().unwrap().clear();
        assert_eq!(mail.purge().await.unwrap().messages, 1);
        world.check().await;
    }
}

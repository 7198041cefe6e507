//! Emptying an account, and ending it.

use hikyaku_mailstore::{Limits, MailError, Quota};

use crate::{
    fixture::{World, message, path, scope, uid},
    transfers,
};

const TABLES: [&str; 13] = [
    "SELECT COUNT(*) FROM mail_account WHERE account_id = 1",
    "SELECT COUNT(*) FROM mailbox WHERE account_id = 1",
    "SELECT COUNT(*) FROM deleted_mailbox WHERE account_id = 1",
    "SELECT COUNT(*) FROM subscription WHERE account_id = 1",
    "SELECT COUNT(*) FROM message WHERE account_id = 1",
    "SELECT COUNT(*) FROM placement WHERE account_id = 1",
    "SELECT COUNT(*) FROM expunged WHERE account_id = 1",
    "SELECT COUNT(*) FROM change WHERE account_id = 1",
    "SELECT COUNT(*) FROM thread_ref WHERE account_id = 1",
    "SELECT COUNT(*) FROM import_run WHERE account_id = 1",
    "SELECT COUNT(*) FROM import_position WHERE account_id = 1",
    "SELECT COUNT(*) FROM import_message WHERE account_id = 1",
    "SELECT COUNT(*) FROM blob WHERE refs > 1",
];

hikyaku_db::on_both_engines! {
    async fn an_emptied_account_keeps_its_mailboxes(test: TestDatabase) {
        let limits = Limits {
            chunk_messages: 3,
            ..Limits::default()
        };
        let world = World::with_limits(test, limits).await;
        world.fill("INBOX", 7).await;
        world.fill("Sent", 2).await;
        assert_eq!(world.mail.expunge_everything(scope(1)).await, Ok(9));
        assert_eq!(world.mail.usage(scope(1)).await.unwrap().messages, 0);
        assert_eq!(world.mail.mailboxes(scope(1)).await.unwrap().len(), 6);
        assert_eq!(world.number("SELECT COUNT(*) FROM expunged").await, 9);
        world.check().await;
    }

    async fn an_erased_account_leaves_nothing(test: TestDatabase) {
        let limits = Limits {
            chunk_messages: 3,
            ..Limits::default()
        };
        let world = World::with_limits(test, limits).await;
        world.create(scope(2), Quota::UNLIMITED).await;
        world
            .deliver_to(scope(2), message("shared"), "1")
            .await
            .unwrap();
        world.deliver(message("shared"), "1").await;
        world.fill("INBOX", 7).await;
        world
            .mail
            .create_mailbox(scope(1), &path("x/y"), None)
            .await
            .unwrap();
        world.fill("x/y", 4).await;
        world
            .mail
            .delete_mailbox(scope(1), &path("x/y"))
            .await
            .unwrap();
        world.expunge("INBOX", &[uid(2)]).await;
        let folder = tempfile::TempDir::new().unwrap();
        let old = transfers::put(&folder, "old", transfers::many(5));
        transfers::import(&world, transfers::mbox(&old, "old")).await;
        assert_eq!(world.mail.erase(scope(1)).await, Ok(17));
        for sql in TABLES {
            assert_eq!(world.number(sql).await, 0, "{sql}");
        }
        world.check().await;
        assert_eq!(world.mail.erase(scope(1)).await, Ok(0));
        let late = world.deliver_to(scope(1), message("late"), "late").await;
        assert_eq!(late, Err(MailError::NoSuchAccount));
        assert_eq!(world.mailbox(scope(2), "INBOX").await.total, 1);
        world.check().await;
    }
}

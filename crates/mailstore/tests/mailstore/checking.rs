//! The checker finds what is wrong, and the repair mends what follows from other rows.

use hikyaku_mailstore::{
    SystemFlags,
    check::{AccountCounter, Inconsistency, MailboxCounter, Repaired},
};

use crate::fixture::{World, message, scope, uid, uids};

async fn damage(world: &World, sql: &'static str) {
    let changed = world
        .write(move |tx| Ok(tx.execute(sql, hikyaku_db::params![])?))
        .await
        .unwrap();
    assert!(changed > 0, "{sql}");
}

async fn found(world: &World) -> Vec<Inconsistency> {
    let findings = world.mail.check_all().await.unwrap();
    assert!(
        findings
            .iter()
            .all(|finding| !finding.to_string().is_empty())
    );
    findings
        .into_iter()
        .map(|finding| finding.inconsistency)
        .collect()
}

/// Whether the damage leads to a finding that fits.
macro_rules! finds {
    ($world:expr, $sql:expr, $pattern:pat) => {
        damage(&$world, $sql).await;
        let found = found(&$world).await;
        assert!(
            found
                .iter()
                .any(|inconsistency| matches!(inconsistency, $pattern)),
            "{found:?}"
        );
    };
}

/// An account with some of everything.
async fn world(test: hikyaku_db::testing::TestDatabase) -> World {
    let world = World::new(test).await;
    world.append("INBOX", &["a", "b", "c"]).await;
    world.append("Sent", &["d"]).await;
    world.add_flags("INBOX", &[uid(2)], SystemFlags::SEEN).await;
    world.expunge("INBOX", &[uid(3)]).await;
    world.check().await;
    world
}

hikyaku_db::on_both_engines! {
    async fn wrong_counters_of_an_account(test: TestDatabase) {
        let world = world(test).await;
        finds!(
            world,
            "UPDATE mail_account SET used_bytes = used_bytes + 1",
            Inconsistency::AccountCounter {
                counter: AccountCounter::Bytes,
                ..
            }
        );
        finds!(
            world,
            "UPDATE mail_account SET used_messages = 9",
            Inconsistency::AccountCounter {
                counter: AccountCounter::Messages,
                stored: 9,
                found: 3
            }
        );
        finds!(
            world,
            "UPDATE mail_account SET change_count = 99",
            Inconsistency::AccountCounter {
                counter: AccountCounter::Changes,
                stored: 99,
                ..
            }
        );
        let repaired = world.mail.repair(scope(1)).await.unwrap();
        let account_only = Repaired {
            mailboxes: 0,
            account: true,
        };
        assert_eq!(repaired, account_only);
        world.check().await;
    }

    async fn wrong_counters_of_mailboxes(test: TestDatabase) {
        let world = world(test).await;
        finds!(
            world,
            "UPDATE mailbox SET total = total + 1 WHERE name = 'Sent'",
            Inconsistency::MailboxCounter {
                counter: MailboxCounter::Total,
                stored: 2,
                found: 1,
                ..
            }
        );
        finds!(
            world,
            "UPDATE mailbox SET unseen = 7 WHERE name = 'INBOX'",
            Inconsistency::MailboxCounter {
                counter: MailboxCounter::Unseen,
                stored: 7,
                found: 1,
                ..
            }
        );
        finds!(
            world,
            "UPDATE mailbox SET deleted = 1 WHERE name = 'Trash'",
            Inconsistency::MailboxCounter {
                counter: MailboxCounter::Deleted,
                found: 0,
                ..
            }
        );
        finds!(
            world,
            "UPDATE mailbox SET size_bytes = 0 WHERE name = 'INBOX'",
            Inconsistency::MailboxCounter {
                counter: MailboxCounter::Size,
                stored: 0,
                ..
            }
        );
        finds!(
            world,
            "UPDATE mailbox SET uid_next = 2 WHERE name = 'INBOX'",
            Inconsistency::UidNext {
                uid_next: 2,
                highest: 3,
                ..
            }
        );
        finds!(
            world,
            "UPDATE mailbox SET modseq = 1 WHERE name = 'INBOX'",
            Inconsistency::ModSeq { .. }
        );
        let repaired = world.mail.repair(scope(1)).await.unwrap();
        assert_eq!(
            repaired,
            Repaired {
                mailboxes: 3,
                account: false
            }
        );
        world.check().await;
        let again = world.mail.repair(scope(1)).await.unwrap();
        assert_eq!(again, Repaired::default());
        assert_eq!(world.append("INBOX", &["next"]).await, uids([4]));
        world.check().await;
    }

    async fn wrong_numbers(test: TestDatabase) {
        let world = world(test).await;
        finds!(
            world,
            "UPDATE mail_account SET next_uid_validity = 1",
            Inconsistency::UidValidity { next: 1, .. }
        );
        finds!(
            world,
            "UPDATE mail_account SET modseq = 2",
            Inconsistency::ModSeq { limit: 2, .. }
        );
        finds!(
            world,
            "UPDATE mail_account SET kept_modseq = 50",
            Inconsistency::ModSeq {
                found: 50,
                limit: 2,
                ..
            }
        );
    }

    async fn rows_that_name_nothing(test: TestDatabase) {
        let world = world(test).await;
        finds!(
            world,
            "UPDATE mail_account SET inbox_id = 5",
            Inconsistency::NoInbox
        );
        finds!(
            world,
            "UPDATE mailbox SET parent_id = id WHERE name = 'Junk'",
            Inconsistency::Detached { .. }
        );
        finds!(
            world,
            "DELETE FROM mailbox WHERE name = 'Sent'",
            Inconsistency::NoMailbox { uid: 1, .. }
        );
        finds!(world, "DELETE FROM expunged", Inconsistency::Lost { .. });
        finds!(
            world,
            "INSERT INTO expunged SELECT account_id, message_id, mailbox_id, uid, 0, '', 0, 0, 0, 0, 0 FROM placement WHERE uid = 2",
            Inconsistency::Twofold { .. }
        );
        finds!(
            world,
            "DELETE FROM message WHERE id IN (SELECT message_id FROM placement WHERE uid = 2)",
            Inconsistency::NoMessage { .. }
        );
    }

    async fn messages_that_do_not_fit_their_contents(test: TestDatabase) {
        let world = world(test).await;
        finds!(
            world,
            "UPDATE placement SET size = size + 1 WHERE uid = 2",
            Inconsistency::Size {
                what: "a mailbox",
                ..
            }
        );
        finds!(
            world,
            "UPDATE message SET blob_skip = 1",
            Inconsistency::Size {
                what: "the content",
                ..
            }
        );
        finds!(
            world,
            "UPDATE message SET envelope = structure",
            Inconsistency::Unreadable {
                what: "envelope",
                ..
            }
        );
        finds!(
            world,
            "UPDATE message SET structure = prefix",
            Inconsistency::Unreadable {
                what: "structure",
                ..
            }
        );
        finds!(
            world,
            "UPDATE placement SET keywords = 'b a' WHERE uid = 1",
            Inconsistency::Flags { uid: 1, .. }
        );
        finds!(
            world,
            "UPDATE blob SET refs = 3",
            Inconsistency::References {
                stored: 3,
                found: 1,
                ..
            }
        );
        finds!(world, "DELETE FROM blob", Inconsistency::NoContent { .. });
        finds!(
            world,
            "UPDATE message SET preview = ''",
            Inconsistency::References {
                stored: 0,
                found: 1,
                ..
            }
        );
    }

    async fn a_log_that_does_not_tell(test: TestDatabase) {
        let world = world(test).await;
        finds!(
            world,
            "DELETE FROM change WHERE kind = 2",
            Inconsistency::Unlogged { uid: 2, .. }
        );
        finds!(
            world,
            "UPDATE change SET uid = 1 WHERE kind = 3",
            Inconsistency::RemovedButThere { uid: 1, .. }
        );
        finds!(
            world,
            "UPDATE change SET modseq = 999 WHERE kind = 3",
            Inconsistency::ModSeq { found: 999, .. }
        );
    }

    async fn threads_without_messages(test: TestDatabase) {
        let world = world(test).await;
        finds!(
            world,
            "UPDATE thread_ref SET thread_id = 1",
            Inconsistency::EmptyThreads { count: 4 }
        );
    }

    /// Contents that others refer to are counted when they say so.
    async fn registered_references_count(test: TestDatabase) {
        let world = world(test).await;
        let prepared = hikyaku_mailstore::Content::new(&message("queued"));
        world
            .write(move |tx| {
                hikyaku_blob::add_reference(tx, scope(1).tenant, prepared.prepared(), 1)?;
                tx.execute(
                    "CREATE TABLE waiting (tenant_id BIGINT, hash BYTEA)",
                    hikyaku_db::params![],
                )?;
                tx.execute(
                    "INSERT INTO waiting VALUES (1, ?1)",
                    hikyaku_db::params![prepared.prepared().hash()],
                )?;
                Ok(())
            })
            .await
            .unwrap();
        let unregistered = found(&world).await;
        assert!(matches!(
            unregistered[..],
            [Inconsistency::References {
                stored: 1,
                found: 0,
                ..
            }]
        ));
        let registry = hikyaku_mailstore::Registry {
            references: vec![hikyaku_blob::ReferenceSource {
                sql: "SELECT hash FROM waiting WHERE tenant_id = ?1",
            }],
            ..Default::default()
        };
        let mail = hikyaku_mailstore::Mailstore::with_registry(
            world.test.db.clone(),
            hikyaku_mailstore::Limits::default(),
            registry,
        );
        assert_eq!(mail.check_all().await.unwrap(), []);
    }
}

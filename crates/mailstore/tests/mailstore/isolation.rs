//! Nothing of one account or tenant is visible to, or changed by, another.

use hikyaku_directory::AccountScope;
use hikyaku_mailstore::{
    AppendMessage, Fields, FlagChange, Flags, MailError, Query, Quota, Recent, Selection,
    SystemFlags, UidSet, Which,
};
use hikyaku_types::ModSeq;

use crate::fixture::{World, flags, message, path, scope, scope_in, uid};

/// Tries everything on account 1's INBOX with another scope: it must be as if it did not exist.
async fn finds_nothing(world: &World, other: AccountScope, absent: &MailError) {
    let mail = &world.mail;
    let inbox = world.id("INBOX").await;
    let message_id = world.all_rows("INBOX", Fields::PLACEMENT).await[0].message;
    let one = [uid(1)];
    let change = FlagChange::Add(flags(SystemFlags::SEEN));
    let append = vec![AppendMessage {
        content: message("intruder"),
        flags: Flags::default(),
        internal_date: None,
    }];
    let nothing = Err(MailError::NoSuchMailbox);
    assert_eq!(
        mail.snapshot(other, inbox, Recent::Take).await.map(drop),
        nothing
    );
    assert_eq!(
        mail.changes(other, inbox, ModSeq(0)).await.map(drop),
        nothing
    );
    let rows = mail
        .rows(other, inbox, &UidSet::all(), None, 10, Fields::PLACEMENT)
        .await;
    assert_eq!(rows.map(drop), nothing);
    let found = mail.search(other, inbox, &Query::All, "Asia/Tokyo").await;
    assert_eq!(found.map(drop), nothing);
    let expunged = mail.expunge(other, inbox, Which::AllDeleted).await;
    assert_eq!(expunged.map(drop), nothing);
    let content = mail.content(other, message_id).await;
    assert_eq!(content, Err(MailError::NoSuchMessage));
    assert_eq!(mail.mailbox(other, &path("Secret")).await, Ok(None));
    let absent = || Err(absent.clone());
    assert_eq!(
        mail.store(other, inbox, &one, change).await.map(drop),
        absent()
    );
    assert_eq!(mail.append(other, inbox, append).await.map(drop), absent());
    assert_eq!(
        mail.copy(other, inbox, &one, inbox).await.map(drop),
        absent()
    );
    assert_eq!(
        mail.move_messages(other, inbox, &one, inbox)
            .await
            .map(drop),
        absent()
    );
    let exactly = Which::Exactly(&one);
    assert_eq!(
        mail.expunge(other, inbox, exactly).await.map(drop),
        absent()
    );
}

hikyaku_db::on_both_engines! {
    async fn another_account_finds_nothing(test: TestDatabase) {
        let world = World::new(test).await;
        world.create(scope(2), Quota::UNLIMITED).await;
        world.create(scope_in(2, 3), Quota::UNLIMITED).await;
        world.append("INBOX", &["a"]).await;
        world
            .mail
            .create_mailbox(scope(1), &path("Secret"), None)
            .await
            .unwrap();
        finds_nothing(&world, scope(2), &MailError::NoSuchMailbox).await;
        finds_nothing(&world, scope_in(2, 3), &MailError::NoSuchMailbox).await;
        let none = world
            .mail
            .restore(scope(2), &Selection::default())
            .await
            .unwrap();
        assert_eq!(none.restored, 0);
        assert_eq!(world.subjects("INBOX").await, ["a"]);
        world.check().await;
    }

    /// The right account under the wrong tenant is no account.
    async fn another_tenant_finds_nothing(test: TestDatabase) {
        let world = World::new(test).await;
        world.append("INBOX", &["a"]).await;
        world
            .mail
            .create_mailbox(scope(1), &path("Secret"), None)
            .await
            .unwrap();
        let stranger = scope_in(2, 1);
        finds_nothing(&world, stranger, &MailError::NoSuchAccount).await;
        let none = Err(MailError::NoSuchAccount);
        assert_eq!(world.mail.mailboxes(stranger).await.map(drop), none);
        assert_eq!(world.mail.usage(stranger).await.map(drop), none);
        assert_eq!(world.mail.check(stranger).await.map(drop), none);
        assert_eq!(world.mail.subscriptions(stranger).await, Ok(Vec::new()));
        assert_eq!(world.mail.subscribe(stranger, &path("x")).await, none);
        assert_eq!(world.mail.unsubscribe(stranger, &path("INBOX")).await, none);
        let result = world.mail.create_mailbox(stranger, &path("x"), None).await;
        assert_eq!(result.map(drop), none);
        assert_eq!(
            world.mail.delete_mailbox(stranger, &path("Sent")).await,
            none
        );
        let renamed = world
            .mail
            .rename_mailbox(stranger, &path("Sent"), &path("x"))
            .await;
        assert_eq!(renamed, none);
        let restored = world.mail.restore(stranger, &Selection::default()).await;
        assert_eq!(restored.map(drop), none);
        assert_eq!(world.mail.erase(stranger).await, Ok(0));
        assert_eq!(world.subjects("INBOX").await, ["a"]);
        world.check().await;
    }
}

//! What sessions read: snapshots from earlier ones, rows that changed, contents of many messages,
//! and changes of flags under a condition.

use hikyaku_mailstore::{
    CONTENTS_MAX, Fields, FlagChange, Limits, MailError, Recent, Snapshot, StoredFlags,
    SystemFlags, UidSet, Window,
};
use hikyaku_types::{Id as _, MailboxId, MessageId, ModSeq};

use crate::fixture::{World, flags, scope, uid, uids};

/// The same as [`World::snapshot`], made from an earlier one.
async fn after(world: &World, known: &Snapshot) -> Snapshot {
    let (id, known) = (world.id("INBOX").await, Some(known.clone()));
    let read = world
        .mail
        .snapshot_after(scope(1), id, known, Recent::Leave);
    read.await.unwrap()
}

async fn store_since(world: &World, raw: &[u32], since: ModSeq) -> StoredFlags {
    let inbox = world.id("INBOX").await;
    let change = FlagChange::Add(flags(SystemFlags::FLAGGED));
    let some = uids(raw.iter().copied());
    let store = world
        .mail
        .store_unchanged(scope(1), inbox, &some, change, Some(since));
    store.await.unwrap()
}

hikyaku_db::on_both_engines! {
    async fn a_snapshot_goes_on_from_an_earlier_one(test: TestDatabase) {
        let world = World::new(test).await;
        let empty = world.snapshot("INBOX").await;
        world.fill("INBOX", 20).await;
        let first = after(&world, &empty).await;
        assert_eq!(first, world.snapshot("INBOX").await);
        assert_eq!(first.first_unseen, Some(uid(1)));
        assert_eq!(after(&world, &first).await, first);
        world.add_flags("INBOX", &uids(1..=20), SystemFlags::SEEN).await;
        let seen = after(&world, &first).await;
        assert_eq!((seen.first_unseen, seen.unseen), (None, 0));
        // One in the middle becomes unread again, another goes, a third comes.
        let inbox = world.id("INBOX").await;
        let unseen = FlagChange::Remove(flags(SystemFlags::SEEN));
        world.mail.store(scope(1), inbox, &uids([7, 9]), unseen).await.unwrap();
        world.add_flags("INBOX", &uids([3, 7]), SystemFlags::DELETED).await;
        world.expunge("INBOX", &uids([3, 7])).await;
        world.append("INBOX", &["new"]).await;
        let last = after(&world, &seen).await;
        assert_eq!(last, world.snapshot("INBOX").await);
        assert_eq!((last.first_unseen, last.unseen), (Some(uid(9)), 2));
        assert_eq!(last.uids, uids((1..=21).filter(|n| *n != 3 && *n != 7)));
        // Also from the very first, and one of another mailbox is of no use.
        assert_eq!(after(&world, &empty).await, last);
        world.check().await;
    }

    async fn a_snapshot_that_is_too_old_is_read_anew(test: TestDatabase) {
        let limits = Limits { change_history: 3, ..Limits::default() };
        let world = World::with_limits(test, limits).await;
        world.fill("INBOX", 2).await;
        let old = world.snapshot("INBOX").await;
        for _ in 0..5 {
            world.append("INBOX", &["one"]).await;
        }
        world.mail.purge().await.unwrap();
        let new = after(&world, &old).await;
        assert_eq!(new, world.snapshot("INBOX").await);
        assert_eq!(new.uids.len(), 7);
        // Nobody else's snapshot is given to somebody who has no such mailbox.
        let inbox = world.id("INBOX").await;
        let foreign = world
            .mail
            .snapshot_after(scope(2), inbox, Some(new), Recent::Leave)
            .await;
        assert_eq!(foreign, Err(MailError::NoSuchMailbox));
    }

    async fn only_rows_that_changed_are_read(test: TestDatabase) {
        let world = World::new(test).await;
        world.fill("INBOX", 10).await;
        let since = world.snapshot("INBOX").await.modseq;
        world.add_flags("INBOX", &uids([2, 5, 9]), SystemFlags::SEEN).await;
        let inbox = world.id("INBOX").await;
        let window = Window {
            after: Some(uid(2)),
            limit: 1,
            fields: Fields::ENVELOPE,
            changed_since: Some(since),
        };
        for (set, expected) in [
            (UidSet::all(), &[5][..]),
            (uids([1, 2, 9, 10]).into_iter().collect(), &[9]),
            (uids([1, 3]).into_iter().collect(), &[]),
        ] {
            let rows = world.mail.rows_in(scope(1), inbox, &set, window).await.unwrap();
            let found: Vec<u32> = rows.iter().map(|row| row.uid.get()).collect();
            assert_eq!(found, expected);
            assert!(rows.iter().all(|row| row.envelope.is_some()));
        }
    }

    async fn contents_of_many_messages_come_together(test: TestDatabase) {
        let world = World::new(test).await;
        world.fill("INBOX", 300).await;
        // The same content again, as another message.
        let subject = world.subjects("INBOX").await[0].clone();
        world.append("INBOX", &[&subject]).await;
        let rows = world.all_rows("INBOX", Fields::PLACEMENT).await;
        let few = &rows[..CONTENTS_MAX - 3];
        let mut wanted: Vec<MessageId> = few.iter().map(|row| row.message).collect();
        let (twin, nobody) = (rows[300].message, MessageId::from_i64(7));
        wanted.extend([wanted[5], twin, nobody]);
        assert_eq!(wanted.len(), CONTENTS_MAX);
        wanted.push(rows[299].message);
        let mut contents = world.mail.contents_of(scope(1), wanted.clone()).await.unwrap();
        for message in &wanted[..CONTENTS_MAX - 1] {
            let together = world.mail.open(contents.take(*message)).await.unwrap();
            assert_eq!(together, world.mail.content(scope(1), *message).await.unwrap());
        }
        // What is not there, was taken already, or was too much.
        for message in [nobody, wanted[5], rows[299].message] {
            let opened = world.mail.open(contents.take(message)).await;
            assert_eq!(opened, Err(MailError::NoSuchMessage));
        }
        // Of another account nothing is found.
        let mut foreign = world.mail.contents_of(scope(2), wanted.clone()).await.unwrap();
        let opened = world.mail.open(foreign.take(wanted[0])).await;
        assert_eq!(opened, Err(MailError::NoSuchMessage));
        let mut none = world.mail.contents_of(scope(1), Vec::new()).await.unwrap();
        assert!(world.mail.open(none.take(twin)).await.is_err());
    }

    async fn flags_change_unless_somebody_was_faster(test: TestDatabase) {
        let world = World::new(test).await;
        world.fill("INBOX", 5).await;
        let since = world.snapshot("INBOX").await.modseq;
        world.add_flags("INBOX", &uids([2, 4]), SystemFlags::SEEN).await;
        let stored = store_since(&world, &[1, 2, 4, 5, 99], since).await;
        assert_eq!(stored.modified, uids([2, 4]));
        let done: Vec<u32> = stored.states.iter().map(|state| state.uid.get()).collect();
        assert_eq!(done, [1, 5]);
        assert!(stored.states.iter().all(|state| state.modseq > since));
        let none = store_since(&world, &[1, 3], ModSeq(0)).await;
        assert_eq!((none.states, none.modified), (Vec::new(), uids([1, 3])));
        world.check().await;
    }

    /// Of many that try at once, one is first.
    async fn one_of_many_conditional_changes_wins(test: TestDatabase) {
        let world = World::new(test).await;
        world.append("INBOX", &["one"]).await;
        let inbox: MailboxId = world.id("INBOX").await;
        let since = world.snapshot("INBOX").await.modseq;
        let tries: Vec<_> = (0..8)
            .map(|number| {
                let mail = world.mail.clone();
                tokio::spawn(async move {
                    let word = hikyaku_mailstore::Keyword::new(&format!("k{number}")).unwrap();
                    let keyword = hikyaku_mailstore::Flags::new(SystemFlags::NONE, [word]).unwrap();
                    let change = FlagChange::Add(keyword);
                    let some = uids([1]);
                    let store =
                        mail.store_unchanged(scope(1), inbox, &some, change, Some(since));
                    store.await.unwrap().states.len()
                })
            })
            .collect();
        let mut won = 0;
        for attempt in tries {
            won += attempt.await.unwrap();
        }
        assert_eq!(won, 1);
        let rows = world.all_rows("INBOX", Fields::PLACEMENT).await;
        assert_eq!(rows[0].flags.keywords().len(), 1);
        world.check().await;
    }
}

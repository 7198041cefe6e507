//! STORE.

use hikyaku_mailstore::{
    FlagChange, Flags, KEYWORDS_MAX, Keyword, Limits, MailError, SystemFlags, TooManyKeywords,
};
use hikyaku_types::{Id as _, MailboxId, Uid};

use crate::fixture::{World, flags, scope, uid, uids};

fn keywords(words: &[&str]) -> Flags {
    let words = words.iter().map(|word| Keyword::new(word).unwrap());
    Flags::new(SystemFlags::NONE, words).unwrap()
}

hikyaku_db::on_both_engines! {
    async fn counters_follow_the_flags(test: TestDatabase) {
        let world = World::new(test).await;
        world.fill("INBOX", 5).await;
        let inbox = world.id("INBOX").await;
        let both = flags(SystemFlags::SEEN.union(SystemFlags::DELETED));
        let change = FlagChange::Add(both.clone());
        let states = world
            .mail
            .store(scope(1), inbox, &uids([4, 2, 2]), change)
            .await
            .unwrap();
        assert_eq!(
            states.iter().map(|state| state.uid).collect::<Vec<_>>(),
            uids([2, 4])
        );
        assert!(states.iter().all(|state| state.flags == both));
        let mailbox = world.mailbox(scope(1), "INBOX").await;
        assert_eq!((mailbox.unseen, mailbox.deleted), (3, 2));
        assert_eq!(states[0].modseq, mailbox.modseq);
        let remove = FlagChange::Remove(flags(SystemFlags::DELETED));
        world
            .mail
            .store(scope(1), inbox, &uids(1..=5), remove)
            .await
            .unwrap();
        let replace = FlagChange::Replace(flags(SystemFlags::FLAGGED));
        world
            .mail
            .store(scope(1), inbox, &[uid(2)], replace)
            .await
            .unwrap();
        let mailbox = world.mailbox(scope(1), "INBOX").await;
        assert_eq!((mailbox.total, mailbox.unseen, mailbox.deleted), (5, 4, 0));
        world.check().await;
    }

    async fn what_does_not_change_keeps_its_modseq(test: TestDatabase) {
        let world = World::new(test).await;
        world.fill("INBOX", 2).await;
        let inbox = world.id("INBOX").await;
        let seen = FlagChange::Add(flags(SystemFlags::SEEN));
        let first = world
            .mail
            .store(scope(1), inbox, &[uid(1)], seen.clone())
            .await
            .unwrap();
        let before = world.mailbox(scope(1), "INBOX").await.modseq;
        let again = world
            .mail
            .store(scope(1), inbox, &[uid(1)], seen.clone())
            .await
            .unwrap();
        assert_eq!(first, again);
        assert_eq!(world.mailbox(scope(1), "INBOX").await.modseq, before);
        let both = world
            .mail
            .store(scope(1), inbox, &uids([1, 2, 9]), seen)
            .await
            .unwrap();
        assert_eq!(both.len(), 2, "UID 9 is not there");
        assert_eq!(both[0].modseq, first[0].modseq);
        assert!(both[1].modseq > before);
        world.check().await;
    }

    async fn keywords_are_set_and_cleared_without_regard_to_case(test: TestDatabase) {
        let world = World::new(test).await;
        world.fill("INBOX", 3).await;
        let inbox = world.id("INBOX").await;
        let store = async |uids: &[Uid], change| {
            world
                .mail
                .store(scope(1), inbox, uids, change)
                .await
                .unwrap()
        };
        store(
            &uids([1, 2]),
            FlagChange::Add(keywords(&["Work", "$Label1"])),
        )
        .await;
        let states = store(&uids(1..=3), FlagChange::Add(keywords(&["WORK"]))).await;
        let texts: Vec<Vec<&str>> = states
            .iter()
            .map(|state| state.flags.keywords().iter().map(Keyword::as_str).collect())
            .collect();
        assert_eq!(
            texts,
            [
                vec!["$Label1", "Work"],
                vec!["$Label1", "Work"],
                vec!["WORK"]
            ]
        );
        assert_eq!(world.snapshot("INBOX").await.keywords.len(), 2);
        let states = store(&uids(1..=3), FlagChange::Remove(keywords(&["work"]))).await;
        assert!(
            states
                .iter()
                .all(|state| !state.flags.has_keyword(&Keyword::new("Work").unwrap()))
        );
        world.check().await;
    }

    async fn one_keyword_too_many_changes_nothing(test: TestDatabase) {
        let world = World::new(test).await;
        world.fill("INBOX", 2).await;
        let inbox = world.id("INBOX").await;
        let words: Vec<String> = (0..KEYWORDS_MAX).map(|n| format!("k{n}")).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let full = FlagChange::Add(keywords(&words));
        world
            .mail
            .store(scope(1), inbox, &[uid(2)], full)
            .await
            .unwrap();
        let more = FlagChange::Add(keywords(&["more"]));
        let result = world.mail.store(scope(1), inbox, &uids([1, 2]), more).await;
        assert_eq!(result, Err(MailError::TooManyKeywords(TooManyKeywords)));
        assert_eq!(world.snapshot("INBOX").await.keywords.len(), KEYWORDS_MAX);
        world.check().await;
    }

    async fn many_messages_are_changed_in_chunks(test: TestDatabase) {
        let limits = Limits {
            chunk_messages: 10,
            ..Limits::default()
        };
        let world = World::with_limits(test, limits).await;
        world.fill("INBOX", 35).await;
        let inbox = world.id("INBOX").await;
        let change = FlagChange::Add(flags(SystemFlags::SEEN));
        let states = world
            .mail
            .store(scope(1), inbox, &uids(1..=35), change)
            .await
            .unwrap();
        assert_eq!(
            states.iter().map(|state| state.uid).collect::<Vec<_>>(),
            uids(1..=35)
        );
        let mut modseqs: Vec<_> = states.iter().map(|state| state.modseq).collect();
        modseqs.dedup();
        assert_eq!(modseqs.len(), 4, "one for each chunk");
        world.check().await;
    }

    async fn a_mailbox_that_is_not_there_is_an_error(test: TestDatabase) {
        let world = World::new(test).await;
        let change = FlagChange::Add(flags(SystemFlags::SEEN));
        let nowhere = MailboxId::from_i64(77);
        let result = world.mail.store(scope(1), nowhere, &[uid(1)], change).await;
        assert_eq!(result, Err(MailError::NoSuchMailbox));
    }
}

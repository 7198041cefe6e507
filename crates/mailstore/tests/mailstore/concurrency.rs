//! Many writers at once: what becomes visible, and in which order.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use hikyaku_mailstore::{
    Changes, FlagChange, Mailstore, Overshoot, Quota, Recent, SystemFlags, Which, delivery::Outcome,
};
use hikyaku_types::{ModSeq, Uid};

use crate::fixture::{World, deliver, flags, message, scope, uids};

const WRITERS: usize = 8;
const EACH: usize = 25;

async fn deliver_many(mail: &Mailstore, writer: usize) {
    for n in 0..EACH {
        let id = format!("{writer}-{n}");
        let outcome = deliver(mail, scope(1), message(&id), &id, Overshoot::Refuse)
            .await
            .unwrap();
        assert!(matches!(outcome, Outcome::Delivered(_)), "{outcome:?}");
    }
}

/// Follows INBOX as a session does and demands that no message appears below one that was seen.
async fn watch_in_order(mail: Mailstore, done: Arc<AtomicBool>) -> Vec<Uid> {
    let inbox = mail
        .mailbox(scope(1), &"INBOX".parse().unwrap())
        .await
        .unwrap()
        .unwrap()
        .id;
    let start = mail.snapshot(scope(1), inbox, Recent::Leave).await.unwrap();
    let (mut seen, mut modseq): (Vec<Uid>, _) = (start.uids.iter().collect(), start.modseq);
    let mut watch = mail.watch(scope(1));
    loop {
        let last_round = done.load(Ordering::Acquire);
        let Changes::Delta(delta) = mail.changes(scope(1), inbox, modseq).await.unwrap() else {
            panic!("a resync");
        };
        assert!(delta.modseq >= modseq, "modseqs go forward");
        for state in &delta.new {
            assert!(
                seen.last().is_none_or(|last| *last < state.uid),
                "{} came late",
                state.uid
            );
            assert!(state.modseq > modseq && state.modseq <= delta.modseq);
            seen.push(state.uid);
        }
        modseq = delta.modseq;
        if last_round {
            return seen;
        }
        watch.changed().await;
    }
}

hikyaku_db::on_both_engines! {
    async fn uids_and_modseqs_become_visible_in_order(test: TestDatabase) {
        let world = World::new(test).await;
        let done = Arc::new(AtomicBool::new(false));
        let watchers: Vec<_> = (0..2)
            .map(|_| tokio::spawn(watch_in_order(world.mail.clone(), Arc::clone(&done))))
            .collect();
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let mail = world.mail.clone();
                tokio::spawn(async move { deliver_many(&mail, writer).await })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
        done.store(true, Ordering::Release);
        // A last change wakes the watchers.
        world.append("Sent", &["end"]).await;
        for watcher in watchers {
            assert_eq!(watcher.await.unwrap(), uids(1..=(WRITERS * EACH) as u32));
        }
        world.check().await;
    }

    async fn one_delivery_id_is_delivered_once(test: TestDatabase) {
        let world = World::new(test).await;
        let attempts: Vec<_> = (0..WRITERS)
            .map(|_| {
                let mail = world.mail.clone();
                tokio::spawn(async move {
                    let mut delivered = 0;
                    for n in 0..10 {
                        let id = format!("same-{n}");
                        let text = message(&id);
                        let outcome = deliver(&mail, scope(1), text, &id, Overshoot::Refuse)
                            .await
                            .unwrap();
                        delivered += usize::from(matches!(outcome, Outcome::Delivered(_)));
                    }
                    delivered
                })
            })
            .collect();
        let mut delivered = 0;
        for attempt in attempts {
            delivered += attempt.await.unwrap();
        }
        assert_eq!(delivered, 10);
        assert_eq!(world.mailbox(scope(1), "INBOX").await.total, 10);
        world.check().await;
    }

    /// Deliveries, flags, copies, moves and expunges of two accounts that share contents.
    async fn everything_at_once_leaves_nothing_wrong(test: TestDatabase) {
        let world = World::new(test).await;
        world.create(scope(2), Quota::UNLIMITED).await;
        let tasks: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let mail = world.mail.clone();
                tokio::spawn(async move { churn(&mail, writer).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        world.check().await;
        world
            .test
            .clock
            .advance(std::time::Duration::from_hours(24 * 15));
        let report = world.mail.purge().await.unwrap();
        assert!(report.messages > 0);
        world.check().await;
    }
}

async fn churn(mail: &Mailstore, writer: usize) {
    let owner = scope(1 + (writer % 2) as i64);
    let inbox = mail
        .mailbox(owner, &"INBOX".parse().unwrap())
        .await
        .unwrap()
        .unwrap()
        .id;
    let trash = mail
        .mailbox(owner, &"Trash".parse().unwrap())
        .await
        .unwrap()
        .unwrap()
        .id;
    for n in 0..15 {
        // The same contents come to both accounts again and again.
        let text = message(&format!("shared-{}", n % 4));
        let id = format!("{writer}-{n}");
        let outcome = deliver(mail, owner, text, &id, Overshoot::Refuse)
            .await
            .unwrap();
        let Outcome::Delivered(delivered) = outcome else {
            panic!("{outcome:?}")
        };
        let one = [delivered.uid];
        let seen = FlagChange::Add(flags(SystemFlags::SEEN.union(SystemFlags::DELETED)));
        match n % 5 {
            0 => drop(mail.store(owner, inbox, &one, seen).await.unwrap()),
            1 => drop(mail.copy(owner, inbox, &one, trash).await.unwrap()),
            2 => drop(mail.move_messages(owner, inbox, &one, trash).await.unwrap()),
            3 => drop(
                mail.expunge(owner, inbox, Which::Exactly(&one))
                    .await
                    .unwrap(),
            ),
            _ => drop(mail.expunge(owner, inbox, Which::AllDeleted).await.unwrap()),
        }
    }
    let changes = mail.changes(owner, inbox, ModSeq(1)).await.unwrap();
    assert!(matches!(changes, Changes::Delta(_)));
}

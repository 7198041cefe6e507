//! Reading messages page by page.

use hikyaku_mailstore::{Fields, Limits, MailError, UidSet};
use hikyaku_types::{Id as _, MessageId, Uid};

use crate::fixture::{World, scope, uid, uids};

hikyaku_db::on_both_engines! {
    async fn pages_follow_one_another(test: TestDatabase) {
        let world = World::new(test).await;
        world.fill("INBOX", 50).await;
        world.expunge("INBOX", &uids([10, 11, 12])).await;
        let inbox = world.id("INBOX").await;
        let read = async |set: UidSet, limit: usize| {
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let page = world
                    .mail
                    .rows(scope(1), inbox, &set, after, limit, Fields::PLACEMENT)
                    .await
                    .unwrap();
                found.extend(page.iter().map(|row| row.uid));
                if page.len() < limit {
                    return found;
                }
                after = page.last().map(|row| row.uid);
            }
        };
        let all: Vec<Uid> = uids(1..=50)
            .into_iter()
            .filter(|n| !(10..=12).contains(&n.get()))
            .collect();
        for limit in [1, 7, 1000] {
            assert_eq!(read(UidSet::all(), limit).await, all);
            let mixed = UidSet::from_ranges([
                uid(2)..=uid(2),
                uid(4)..=uid(4),
                uid(8)..=uid(14),
                uid(20)..=uid(20),
                uid(49)..=Uid::MAX,
            ]);
            assert_eq!(
                read(mixed, limit).await,
                uids([2, 4, 8, 9, 13, 14, 20, 49, 50])
            );
            let odd: UidSet = uids((1..=50).step_by(2)).into_iter().collect();
            let expected: Vec<Uid> = all.iter().copied().filter(|n| n.get() % 2 == 1).collect();
            assert_eq!(read(odd, limit).await, expected);
        }
        assert_eq!(read(UidSet::new(), 10).await, []);
    }

    async fn more_single_uids_than_a_list_holds(test: TestDatabase) {
        let world = World::new(test).await;
        world.fill("INBOX", 620).await;
        let inbox = world.id("INBOX").await;
        let even: UidSet = uids((2..=620).step_by(2)).into_iter().collect();
        let rows = world
            .mail
            .rows(scope(1), inbox, &even, None, 1000, Fields::THREAD)
            .await
            .unwrap();
        assert_eq!(rows.len(), 310);
        assert!(
            rows.iter()
                .all(|row| row.uid.get() % 2 == 0 && row.thread.is_some())
        );
    }

    async fn only_what_is_asked_for_is_read(test: TestDatabase) {
        let world = World::new(test).await;
        world.append("INBOX", &["a"]).await;
        for (fields, envelope, structure, preview) in [
            (Fields::PLACEMENT, false, false, false),
            (Fields::ENVELOPE, true, false, false),
            (Fields::STRUCTURE.and(Fields::PREVIEW), false, true, true),
        ] {
            let row = &world.all_rows("INBOX", fields).await[0];
            let found = (
                row.envelope.is_some(),
                row.structure.is_some(),
                row.preview.is_some(),
            );
            assert_eq!(found, (envelope, structure, preview));
        }
    }

    async fn contents_come_back_large_and_small(test: TestDatabase) {
        let limits = Limits {
            inline_work_bytes: 4096,
            ..Limits::default()
        };
        let world = World::with_limits(test, limits).await;
        for size in [300, 4096, 300_000] {
            let text = crate::fixture::sized("x", size);
            let delivered = world.deliver(text.clone(), &size.to_string()).await;
            let read = world
                .mail
                .content(scope(1), delivered.message)
                .await
                .unwrap();
            assert!(read.ends_with(&text));
        }
        let none = world.mail.content(scope(1), MessageId::from_i64(5)).await;
        assert_eq!(none, Err(MailError::NoSuchMessage));
    }
}

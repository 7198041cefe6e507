//! What is found, in which order, by which pages.

use std::time::Duration;

use hikyaku_db::testing::START;
use hikyaku_oplog::{Chain, MAX_PAGE, Search};
use hikyaku_types::{AccountId, Id as _};

use crate::fixture::{entry, find, numbers, shown, tenant, write};

fn all() -> Search {
    Search {
        limit: 50,
        ..Default::default()
    }
}

hikyaku_db::on_both_engines! {
    async fn each_chain_has_its_own_entries_newest_first(test: TestDatabase) {
        for chain in [tenant(1), Chain::Platform, tenant(1), tenant(2)] {
            write(&test.db, entry(chain, "account.create", 7, 8)).await;
        }
        let found = find(&test.db, tenant(1), all()).await;
        assert_eq!(numbers(&found), [2, 1]);
        assert_eq!(found.next, None);
        let newest = &found.entries[0];
        assert_eq!(newest.action, "account.create");
        assert_eq!(newest.actor.name, "admin7@example.test");
        assert_eq!(newest.target.id, "8");
        assert_eq!(newest.before["name"], "山田");
        assert_eq!(newest.at, START);
        assert_eq!(numbers(&find(&test.db, Chain::Platform, all()).await), [1]);
        assert_eq!(numbers(&find(&test.db, tenant(3), all()).await), [0_i64; 0]);
    }

    async fn everything_that_is_asked_for_must_hold(test: TestDatabase) {
        write(&test.db, entry(tenant(1), "account.create", 7, 8)).await;
        write(&test.db, entry(tenant(1), "account.delete", 9, 8)).await;
        write(&test.db, shown(entry(tenant(1), "impersonation.begin", 9, 10), 10)).await;
        let mut reasoned = entry(tenant(1), "account_x.create", 7, 10);
        reasoned.reason = Some("チケット　１２３".to_owned());
        write(&test.db, reasoned).await;
        let by = |actor: &str| Search { actor: Some(actor.to_owned()), ..all() };
        let target = Search { target: Some(("account".into(), "8".into())), ..all() };
        let owner = Search { shown_to: Some(AccountId::from_i64(10)), ..all() };
        let action = |text: &str| Search { action: Some(text.to_owned()), ..all() };
        let text = |text: &str| Search { text: Some(text.to_owned()), ..all() };
        for (wanted, expected) in [
            (by("9"), vec![3, 2]),
            (by("1"), vec![]),
            (target, vec![2, 1]),
            (owner, vec![3]),
            (action("account."), vec![2, 1]),
            (action("account_"), vec![4]),
            (text("ADMIN9@"), vec![3, 2]),
            (text("admin9 user8"), vec![2]),
            (text("ﾁｹｯﾄ 123"), vec![4]),
            (text("%"), vec![]),
            (text("nul\0"), vec![]),
            (by("nul\0"), vec![]),
            (Search { action: Some("account.".into()), ..by("7") }, vec![1]),
        ] {
            let found = find(&test.db, tenant(1), wanted.clone()).await;
            assert_eq!(numbers(&found), expected, "{wanted:?}");
        }
    }

    async fn a_stretch_of_time_is_found_even_when_the_clock_went_back(test: TestDatabase) {
        write(&test.db, entry(tenant(1), "a.b", 7, 8)).await;
        test.clock.advance(Duration::from_mins(1));
        write(&test.db, entry(tenant(1), "a.b", 7, 8)).await;
        test.clock.set(START);
        write(&test.db, entry(tenant(1), "a.b", 7, 8)).await;
        test.clock.set(START.plus(Duration::from_mins(2)));
        write(&test.db, entry(tenant(1), "a.b", 7, 8)).await;
        let minute = START.plus(Duration::from_mins(1));
        let since = Search { since: Some(minute), ..all() };
        assert_eq!(numbers(&find(&test.db, tenant(1), since).await), [4, 3, 2]);
        let until = Search { until: Some(minute), ..all() };
        assert_eq!(numbers(&find(&test.db, tenant(1), until).await), [1]);
        let later = Search { since: Some(START.plus(Duration::from_secs(121))), ..all() };
        assert_eq!(numbers(&find(&test.db, tenant(1), later).await), [0_i64; 0]);
        let nothing = Search { until: Some(START), ..all() };
        assert_eq!(numbers(&find(&test.db, tenant(1), nothing).await), [0_i64; 0]);
    }

    async fn pages_follow_one_another(test: TestDatabase) {
        for _ in 0..5 {
            write(&test.db, entry(tenant(1), "a.b", 7, 8)).await;
        }
        let mut wanted = Search { limit: 2, ..all() };
        let mut seen = Vec::new();
        loop {
            let found = find(&test.db, tenant(1), wanted.clone()).await;
            seen.push(numbers(&found));
            // What is written meanwhile does not move the pages.
            write(&test.db, entry(tenant(1), "a.b", 7, 8)).await;
            match found.next {
                Some(next) => wanted.before = Some(next),
                None => break,
            }
        }
        assert_eq!(seen, [vec![5, 4], vec![3, 2], vec![1]]);
        let most = Search { limit: u32::MAX, ..all() };
        assert!(find(&test.db, tenant(1), most).await.entries.len() <= MAX_PAGE as usize);
    }
}

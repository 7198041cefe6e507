//! Lists of accounts.

use hikyaku_directory::{
    AccountScope, Reach, TenantScope,
    accounts::{self, ListQuery, MAX_PAGE, NewAccount},
    domains,
};
use hikyaku_types::EmailAddress;

use crate::fixture::{OPERATOR, account, add_domain, address, alias, domain, read, tenant, write};

/// One page as a line.
async fn page<R: Reach + Send + 'static>(
    db: &hikyaku_db::Database,
    reach: R,
    (in_domain, prefix): (Option<&'static str>, &'static str),
    after: Option<&str>,
    limit: u32,
) -> String {
    let after: Option<EmailAddress> = after.map(address);
    let accounts = read(db, move |tx| {
        let home = in_domain
            .map(|name| domains::find(tx, OPERATOR, &domain(name)))
            .transpose()?;
        accounts::list(
            tx,
            reach,
            &ListQuery {
                domain: home.as_ref(),
                prefix,
                after: after.as_ref(),
                limit,
            },
        )
    })
    .await
    .unwrap();
    let shown: Vec<String> = accounts.iter().map(|a| a.address.to_string()).collect();
    shown.join(" ")
}

/// Two tenants; the first has two domains, aliases and a deleted account.
async fn people(db: &hikyaku_db::Database) -> (TenantScope, TenantScope, AccountScope) {
    let ours = tenant(db, "ours", "a.test").await;
    let theirs = tenant(db, "theirs", "b.test").await;
    add_domain(db, ours, "c.test").await;
    for text in [
        "Taro@a.test",
        "taro@c.test",
        "jiro@a.test",
        "が@a.test",
        "tara@b.test",
    ] {
        account(db, text).await;
    }
    alias(db, "tarou@a.test", "taro@a.test").await;
    let gone = account(db, "taken@a.test").await;
    write(db, move |tx| accounts::delete(tx, gone))
        .await
        .unwrap();
    (ours, theirs, gone)
}

hikyaku_db::on_both_engines! {
    async fn pages_follow_one_another_in_the_order_of_addresses(test: TestDatabase) {
        let (ours, theirs, _) = people(&test.db).await;
        let db = &test.db;
        let all = (None, "");
        assert_eq!(
            page(db, ours, all, None, 10).await,
            "jiro@a.test Taro@a.test taro@c.test が@a.test"
        );
        assert_eq!(
            page(db, ours, all, None, 2).await,
            "jiro@a.test Taro@a.test"
        );
        assert_eq!(
            page(db, ours, all, Some("TARO@a.test"), 2).await,
            "taro@c.test が@a.test"
        );
        assert_eq!(page(db, ours, all, Some("が@a.test"), 2).await, "");
        assert_eq!(page(db, theirs, all, None, 10).await, "tara@b.test");
        assert_eq!(
            page(db, OPERATOR, all, None, 10).await,
            "jiro@a.test tara@b.test Taro@a.test taro@c.test が@a.test"
        );
    }

    async fn lists_are_narrowed_by_domain_and_beginning(test: TestDatabase) {
        let (ours, theirs, _) = people(&test.db).await;
        let db = &test.db;
        assert_eq!(
            page(db, ours, (Some("c.test"), ""), None, 10).await,
            "taro@c.test"
        );
        assert_eq!(
            page(db, OPERATOR, (Some("c.test"), "TA"), None, 10).await,
            "taro@c.test"
        );
        // A domain out of reach has nothing to show.
        assert_eq!(page(db, theirs, (Some("c.test"), ""), None, 10).await, "");
        for (prefix, expected) in [
            ("TARO", "Taro@a.test taro@c.test"),
            ("taro@A", "Taro@a.test"),
            ("か\u{3099}", "が@a.test"),
            ("taro@a.test", "Taro@a.test"),
            ("taro@a.tests", ""),
            ("%", ""),
            ("_", ""),
            ("taro\0", ""),
            ("\u{10FFFF}", ""),
        ] {
            assert_eq!(
                page(db, ours, (None, prefix), None, 10).await,
                expected,
                "{prefix:?}"
            );
        }
        assert_eq!(
            page(db, OPERATOR, (None, "tar"), None, 10).await,
            "tara@b.test Taro@a.test taro@c.test"
        );
    }

    async fn a_page_has_its_limit(test: TestDatabase) {
        let ours = tenant(&test.db, "ours", "a.test").await;
        write(&test.db, move |tx| {
            for number in 0..=MAX_PAGE {
                accounts::create(
                    tx,
                    ours,
                    &NewAccount::person(address(&format!("u{number}@a.test"))),
                )?;
            }
            Ok(())
        })
        .await
        .unwrap();
        let shown = page(&test.db, ours, (None, ""), None, u32::MAX).await;
        assert_eq!(shown.split(' ').count(), MAX_PAGE as usize);
    }
}

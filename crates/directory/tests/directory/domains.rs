//! Domains.

use hikyaku_directory::{
    DirectoryError,
    domains::{self, Subaddressing},
};

use crate::fixture::{
    OPERATOR, account, add_domain, assert_consistent, domain, read, tenant, write,
};

hikyaku_db::on_both_engines! {
    async fn a_domain_exists_once_for_the_whole_platform(test: TestDatabase) {
        let ours = tenant(&test.db, "ours", "example.test").await;
        let theirs = tenant(&test.db, "theirs", "例え.test").await;
        for (owner, name) in [
            (ours, "Example.TEST."),
            (theirs, "example.test"),
            (ours, "XN--R8JZ45G.test"),
        ] {
            let name = domain(name);
            let error = write(&test.db, move |tx| {
                domains::create(tx, OPERATOR, owner, &name)
            })
            .await
            .unwrap_err();
            assert!(matches!(error, DirectoryError::DomainTaken(_)), "{error}");
        }
        // A subdomain is a domain of its own, and may be another tenant's.
        add_domain(&test.db, theirs, "sub.example.test").await;
        assert_consistent(&test).await;
    }

    async fn an_ip_address_is_no_domain(test: TestDatabase) {
        let ours = tenant(&test.db, "ours", "example.test").await;
        let error = write(&test.db, move |tx| {
            domains::create(tx, OPERATOR, ours, &domain("192.0.2.1"))
        })
        .await
        .unwrap_err();
        assert!(
            matches!(error, DirectoryError::DomainIsIpAddress(_)),
            "{error}"
        );
    }

    async fn the_catch_all_is_an_account_of_the_same_tenant(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        tenant(&test.db, "theirs", "example.org").await;
        let bob = account(&test.db, "bob@example.test").await;
        let foreign = account(&test.db, "eve@example.org").await;
        let set = |account| {
            let db = test.db.clone();
            async move {
                write(&db, move |tx| {
                    domains::set_catch_all(tx, OPERATOR, &domain("example.test"), account)
                })
                .await
            }
        };
        let catch_all = || async {
            let found = read(&test.db, |tx| {
                domains::find(tx, OPERATOR, &domain("example.test"))
            })
            .await;
            found.unwrap().catch_all
        };
        set(Some(bob)).await.unwrap();
        assert_eq!(catch_all().await, Some(bob));
        let error = set(Some(foreign)).await.unwrap_err();
        assert!(
            matches!(error, DirectoryError::DomainNotOfTenant(_)),
            "{error}"
        );
        assert_eq!(catch_all().await, Some(bob));
        set(None).await.unwrap();
        assert_eq!(catch_all().await, None);
        assert_consistent(&test).await;
    }

    async fn domains_are_listed_by_pages(test: TestDatabase) {
        let ours = tenant(&test.db, "ours", "b.test").await;
        add_domain(&test.db, ours, "a.test").await;
        add_domain(&test.db, ours, "c.test").await;
        tenant(&test.db, "theirs", "bb.test").await;
        let names = |reach: Option<_>, after: Option<&'static str>, limit| {
            let db = test.db.clone();
            async move {
                let found = read(&db, move |tx| {
                    let after = after.map(domain);
                    match reach {
                        Some(tenant) => domains::list(tx, tenant, after.as_ref(), limit),
                        None => domains::list(tx, OPERATOR, after.as_ref(), limit),
                    }
                })
                .await
                .unwrap();
                found
                    .iter()
                    .map(|d| d.name.to_string())
                    .collect::<Vec<_>>()
                    .join(" ")
            }
        };
        assert_eq!(names(Some(ours), None, 10).await, "a.test b.test c.test");
        assert_eq!(names(Some(ours), Some("a.test"), 1).await, "b.test");
        assert_eq!(names(None, Some("b.test"), 10).await, "bb.test c.test");
    }

    async fn subaddressing_is_on_until_switched_off(test: TestDatabase) {
        let ours = tenant(&test.db, "ours", "example.test").await;
        let found = read(&test.db, move |tx| {
            domains::find(tx, ours, &domain("example.test"))
        })
        .await
        .unwrap();
        assert_eq!(found.subaddressing, Subaddressing::On);
        write(&test.db, move |tx| {
            domains::set_subaddressing(tx, ours, &domain("example.test"), Subaddressing::Off)
        })
        .await
        .unwrap();
        let found = read(&test.db, move |tx| {
            domains::find(tx, ours, &domain("example.test"))
        })
        .await
        .unwrap();
        assert_eq!(found.subaddressing, Subaddressing::Off);
    }
}

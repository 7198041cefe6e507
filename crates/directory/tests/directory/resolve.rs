//! Where mail goes.

use hikyaku_directory::{
    AccountScope, AccountStatus,
    accounts::{self, AccountChange, NewAccount},
    addresses::{self, AddressKind, Receiving, Resolution},
    domains::{self, Subaddressing},
    tenants::{self, TenantStatus},
};
use hikyaku_types::EmailAddress;

use crate::fixture::{
    OPERATOR, account, add_domain, address, alias, assert_consistent, domain, read, resolve,
    tenant, write,
};

/// To whom and why; nothing when the address is unknown or not ours.
fn target(resolution: Resolution) -> Option<(AccountScope, AddressKind)> {
    match resolution {
        Resolution::Account {
            scope,
            address_kind,
            receiving: Receiving::Open,
            ..
        } => Some((scope, address_kind)),
        _ => None,
    }
}

hikyaku_db::on_both_engines! {
    async fn exact_addresses_come_before_tags(test: TestDatabase) {
        let ours = tenant(&test.db, "ours", "example.test").await;
        let info = account(&test.db, "info@example.test").await;
        let shop = account(&test.db, "info+shop@example.test").await;
        alias(&test.db, "office@example.test", "info@example.test").await;
        for (text, expected) in [
            ("INFO@example.test", (info, AddressKind::Own)),
            ("office@example.test", (info, AddressKind::Alias)),
            ("Info+Shop@example.test", (shop, AddressKind::Own)),
            ("info+other@example.test", (info, AddressKind::Subaddress)),
            ("office+a+b@example.test", (info, AddressKind::Subaddress)),
        ] {
            assert_eq!(
                target(resolve(&test.db, text).await),
                Some(expected),
                "{text}"
            );
        }
        for text in [
            "unknown@example.test",
            "+tag@example.test",
            "nobody@example.test",
        ] {
            assert_eq!(
                resolve(&test.db, text).await,
                Resolution::UnknownAddress,
                "{text}"
            );
        }
        assert_eq!(
            resolve(&test.db, "info@sub.example.test").await,
            Resolution::NotLocal
        );
        write(&test.db, move |tx| {
            domains::set_subaddressing(tx, ours, &domain("example.test"), Subaddressing::Off)
        })
        .await
        .unwrap();
        assert_eq!(
            resolve(&test.db, "office+a@example.test").await,
            Resolution::UnknownAddress
        );
        let exact = target(resolve(&test.db, "info+shop@example.test").await);
        assert_eq!(exact, Some((shop, AddressKind::Own)));
        assert_consistent(&test).await;
    }

    async fn the_catch_all_comes_last(test: TestDatabase) {
        let ours = tenant(&test.db, "ours", "example.test").await;
        let info = account(&test.db, "info@example.test").await;
        let last = account(&test.db, "last@example.test").await;
        write(&test.db, move |tx| {
            domains::set_catch_all(tx, ours, &domain("example.test"), Some(last))
        })
        .await
        .unwrap();
        for (text, expected) in [
            ("info@example.test", (info, AddressKind::Own)),
            ("info+tag@example.test", (info, AddressKind::Subaddress)),
            ("unknown@example.test", (last, AddressKind::CatchAll)),
            ("unknown+tag@example.test", (last, AddressKind::CatchAll)),
            ("nobody@example.test", (last, AddressKind::CatchAll)),
            ("\"a b\"@example.test", (last, AddressKind::CatchAll)),
        ] {
            assert_eq!(
                target(resolve(&test.db, text).await),
                Some(expected),
                "{text}"
            );
        }
        write(&test.db, move |tx| {
            domains::set_subaddressing(tx, ours, &domain("example.test"), Subaddressing::Off)
        })
        .await
        .unwrap();
        let tagged = target(resolve(&test.db, "info+tag@example.test").await);
        assert_eq!(tagged, Some((last, AddressKind::CatchAll)));
        write(&test.db, move |tx| accounts::delete(tx, last))
            .await
            .unwrap();
        let unknown = resolve(&test.db, "unknown@example.test").await;
        assert_eq!(unknown, Resolution::UnknownAddress);
        assert_consistent(&test).await;
    }

    async fn mail_for_a_deleted_account_is_mail_for_an_unknown_one(test: TestDatabase) {
        let ours = tenant(&test.db, "ours", "example.test").await;
        let gone = account(&test.db, "gone@example.test").await;
        let last = account(&test.db, "last@example.test").await;
        write(&test.db, move |tx| {
            domains::set_catch_all(tx, ours, &domain("example.test"), Some(last))?;
            accounts::delete(tx, gone)
        })
        .await
        .unwrap();
        let resolution = resolve(&test.db, "gone@example.test").await;
        assert_eq!(target(resolution), Some((last, AddressKind::CatchAll)));
    }

    async fn there_is_always_a_postmaster(test: TestDatabase) {
        let ours = tenant(&test.db, "ours", "example.test").await;
        add_domain(&test.db, ours, "empty.test").await;
        let postmaster = || async { target(resolve(&test.db, "PostMaster@example.test").await) };
        // Nobody is there who could take it.
        assert_eq!(
            resolve(&test.db, "postmaster@empty.test").await,
            Resolution::UnknownAddress
        );
        let mut robot = NewAccount::person(address("noreply@example.test"));
        robot.kind = hikyaku_directory::AccountKind::System;
        write(&test.db, move |tx| accounts::create(tx, ours, &robot))
            .await
            .unwrap();
        assert_eq!(postmaster().await, None);
        let first = account(&test.db, "first@example.test").await;
        test.clock.advance(std::time::Duration::from_secs(1));
        let second = account(&test.db, "second@example.test").await;
        assert_eq!(postmaster().await, Some((first, AddressKind::Postmaster)));
        let other_domain = target(resolve(&test.db, "postmaster@empty.test").await);
        assert_eq!(other_domain, Some((first, AddressKind::Postmaster)));
        write(&test.db, move |tx| accounts::delete(tx, first))
            .await
            .unwrap();
        assert_eq!(postmaster().await, Some((second, AddressKind::Postmaster)));
        let third = account(&test.db, "third@example.test").await;
        write(&test.db, move |tx| {
            domains::set_catch_all(tx, ours, &domain("example.test"), Some(third))
        })
        .await
        .unwrap();
        assert_eq!(postmaster().await, Some((third, AddressKind::CatchAll)));
        alias(&test.db, "postmaster@example.test", "second@example.test").await;
        assert_eq!(postmaster().await, Some((second, AddressKind::Alias)));
    }

    async fn a_suspended_account_receives_and_a_suspended_tenant_does_not(test: TestDatabase) {
        let ours = tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, "alice@example.test").await;
        write(&test.db, move |tx| {
            domains::set_catch_all(tx, ours, &domain("example.test"), Some(alice))?;
            accounts::update(
                tx,
                alice,
                &AccountChange {
                    status: Some(AccountStatus::Suspended),
                    ..AccountChange::default()
                },
            )
        })
        .await
        .unwrap();
        assert!(target(resolve(&test.db, "alice@example.test").await).is_some());
        write(&test.db, move |tx| {
            tenants::set_status(tx, OPERATOR, ours, TenantStatus::Suspended)
        })
        .await
        .unwrap();
        for text in [
            "alice@example.test",
            "alice+tag@example.test",
            "unknown@example.test",
        ] {
            let resolution = resolve(&test.db, text).await;
            assert!(
                matches!(
                    resolution,
                    Resolution::Account {
                        receiving: Receiving::TenantSuspended,
                        ..
                    }
                ),
                "{text}: {resolution:?}"
            );
        }
    }

    async fn many_are_resolved_like_one_by_one(test: TestDatabase) {
        let ours = tenant(&test.db, "ours", "example.test").await;
        let theirs = tenant(&test.db, "theirs", "example.org").await;
        let alice = account(&test.db, "alice@example.test").await;
        let eve = account(&test.db, "eve@example.org").await;
        alias(&test.db, "office@example.test", "alice@example.test").await;
        write(&test.db, move |tx| {
            domains::set_catch_all(tx, theirs, &domain("example.org"), Some(eve))
        })
        .await
        .unwrap();
        let texts = [
            "alice@example.test",
            "office@example.test",
            "office+x@example.test",
            "no@example.test",
            "eve@example.org",
            "no@example.org",
            "eve@elsewhere.test",
            "postmaster@example.test",
        ];
        for count in [0, 1, 2, 15, 16, 17, 129, 300] {
            let all: Vec<EmailAddress> = texts
                .iter()
                .cycle()
                .take(count)
                .map(|t| address(t))
                .collect();
            let (many, single) = read(&test.db, move |tx| {
                let single: Result<Vec<_>, _> =
                    all.iter().map(|a| addresses::resolve(tx, a)).collect();
                Ok((addresses::resolve_many(tx, &all)?, single?))
            })
            .await
            .unwrap();
            assert_eq!(many, single, "{count}");
            assert_eq!(many.len(), count);
        }
        assert_eq!(ours.tenant, alice.tenant);
    }
}

//! Aliases, login ids and the right to send.

use hikyaku_directory::{
    AccountScope, DirectoryError,
    accounts::{self, SendAs, may_send_as},
    addresses::{self, Resolution},
    domains::{self, Subaddressing},
    logins,
};

use crate::fixture::{
    account, add_domain, address, alias, assert_consistent, domain, read, resolve, tenant,
    try_alias, write,
};

hikyaku_db::on_both_engines! {
    async fn an_alias_may_be_in_another_domain_of_the_tenant(test: TestDatabase) {
        let ours = tenant(&test.db, "ours", "example.test").await;
        add_domain(&test.db, ours, "example.jp").await;
        let info = account(&test.db, "info@example.test").await;
        alias(&test.db, "Office@example.jp", "info@example.test").await;
        alias(&test.db, "abuse@example.test", "INFO@example.test").await;
        let listed = read(&test.db, move |tx| addresses::list(tx, info))
            .await
            .unwrap();
        let shown: Vec<String> = listed.iter().map(|a| a.address.to_string()).collect();
        assert_eq!(shown, ["abuse@example.test", "Office@example.jp"]);
        assert_consistent(&test).await;
    }

    async fn the_target_of_an_alias_is_an_accounts_own_address(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        tenant(&test.db, "theirs", "example.org").await;
        account(&test.db, "info@example.test").await;
        alias(&test.db, "office@example.test", "info@example.test").await;
        for target in [
            "other@example.test",
            "office@example.test",
            "info@elsewhere.test",
        ] {
            let error = try_alias(&test.db, "sales@example.test", target)
                .await
                .unwrap_err();
            assert!(
                matches!(error, DirectoryError::AliasTargetUnknown(_)),
                "{target}: {error}"
            );
        }
        let error = try_alias(&test.db, "sales@example.org", "info@example.test")
            .await
            .unwrap_err();
        assert!(
            matches!(error, DirectoryError::DomainNotOfTenant(_)),
            "{error}"
        );
        let error = try_alias(&test.db, "nobody@example.test", "info@example.test")
            .await
            .unwrap_err();
        assert!(
            matches!(error, DirectoryError::NobodyIsCatchAll { .. }),
            "{error}"
        );
        assert_consistent(&test).await;
    }

    async fn a_deleted_alias_is_free_again(test: TestDatabase) {
        let ours = tenant(&test.db, "ours", "example.test").await;
        account(&test.db, "info@example.test").await;
        alias(&test.db, "office@example.test", "info@example.test").await;
        let delete = |text: &'static str| {
            let db = test.db.clone();
            async move {
                write(&db, move |tx| {
                    addresses::delete_alias(tx, ours, &address(text))
                })
                .await
            }
        };
        delete("OFFICE@example.test").await.unwrap();
        assert_eq!(
            resolve(&test.db, "office@example.test").await,
            Resolution::UnknownAddress
        );
        // An account's own address is not deleted this way.
        for text in [
            "office@example.test",
            "info@example.test",
            "office@example.org",
        ] {
            let error = delete(text).await.unwrap_err();
            assert!(
                matches!(error, DirectoryError::NoSuchAlias(_)),
                "{text}: {error}"
            );
        }
        account(&test.db, "office@example.test").await;
        assert_consistent(&test).await;
    }

    async fn login_ids_are_given_once(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, "alice@example.test").await;
        let bob = account(&test.db, "bob@example.test").await;
        let register = |scope: AccountScope, id: &'static str| {
            let db = test.db.clone();
            async move { write(&db, move |tx| logins::register(tx, scope, id)).await }
        };
        register(alice, "ABCD001").await.unwrap();
        register(alice, "abcd-002").await.unwrap();
        assert!(matches!(
            register(bob, "abcd001").await,
            Err(DirectoryError::LoginTaken(_))
        ));
        assert!(matches!(
            register(bob, "bob@x").await,
            Err(DirectoryError::LoginIdInvalid(_))
        ));
        assert!(matches!(
            register(bob, "bob%x").await,
            Err(DirectoryError::LoginIdInvalid(_))
        ));
        let listed = read(&test.db, move |tx| logins::list(tx, alice))
            .await
            .unwrap();
        assert_eq!(listed, ["abcd-002", "ABCD001"]);
        let foreign = write(&test.db, move |tx| logins::remove(tx, bob, "abcd001")).await;
        assert!(matches!(foreign, Err(DirectoryError::NoSuchLogin(_))));
        write(&test.db, move |tx| logins::remove(tx, alice, "Abcd001"))
            .await
            .unwrap();
        register(bob, "abcd001").await.unwrap();
        assert_consistent(&test).await;
    }

    async fn one_may_send_as_ones_own_addresses_only(test: TestDatabase) {
        let ours = tenant(&test.db, "ours", "example.test").await;
        let theirs = tenant(&test.db, "theirs", "example.org").await;
        let info = account(&test.db, "Info@example.test").await;
        account(&test.db, "bob@example.test").await;
        account(&test.db, "info+bob@example.test").await;
        let eve = account(&test.db, "eve@example.org").await;
        alias(&test.db, "office@example.test", "info@example.test").await;
        write(&test.db, move |tx| {
            domains::set_catch_all(tx, ours, &domain("example.test"), Some(info))
        })
        .await
        .unwrap();
        let may = |scope: AccountScope, text: &'static str| {
            let db = test.db.clone();
            async move {
                let answer = read(&db, move |tx| may_send_as(tx, scope, &address(text)));
                answer.await.unwrap() == SendAs::Allowed
            }
        };
        for (text, expected) in [
            ("info@example.test", true),
            ("INFO@example.test", true),
            ("office@example.test", true),
            ("info+shop@example.test", true),
            ("office+shop@example.test", true),
            // Another account's own address, although it looks like a tagged one.
            ("info+bob@example.test", false),
            ("bob@example.test", false),
            ("unknown@example.test", false),
            ("info@example.org", false),
            ("eve@example.org", false),
            ("info@elsewhere.test", false),
        ] {
            assert_eq!(may(info, text).await, expected, "{text}");
        }
        assert!(!may(eve, "info@example.test").await);
        // A scope that mixes two tenants is nobody.
        let mixed = AccountScope {
            tenant: theirs.tenant,
            account: info.account,
        };
        assert!(!may(mixed, "info@example.test").await);
        write(&test.db, move |tx| {
            domains::set_subaddressing(tx, ours, &domain("example.test"), Subaddressing::Off)
        })
        .await
        .unwrap();
        assert!(!may(info, "info+shop@example.test").await);
        assert!(may(info, "office@example.test").await);
        write(&test.db, move |tx| accounts::delete(tx, info))
            .await
            .unwrap();
        assert!(!may(info, "info@example.test").await);
    }
}

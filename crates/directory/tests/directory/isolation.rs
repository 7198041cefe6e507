//! Nothing of one tenant can be reached with the scope of another: it looks as if it did not exist.

use hikyaku_db::Database;
use hikyaku_directory::{
    AccountScope, AccountStatus, DirectoryError, TenantScope,
    accounts::{self, AccountChange, ListQuery, NewAccount},
    addresses, bulk, credentials,
    domains::{self, Subaddressing},
    logins,
};

use crate::fixture::{
    account, address, alias, assert_consistent, domain, hash, load, read, tenant, write,
};

/// Two tenants, each with an account; the first with an alias.
async fn neighbours(db: &Database) -> (TenantScope, AccountScope, AccountScope) {
    tenant(db, "ours", "example.test").await;
    let theirs = tenant(db, "theirs", "example.org").await;
    let alice = account(db, "alice@example.test").await;
    let eve = account(db, "eve@example.org").await;
    alias(db, "office@example.test", "alice@example.test").await;
    (theirs, alice, eve)
}

hikyaku_db::on_both_engines! {
    async fn a_domain_of_another_tenant_is_no_domain(test: TestDatabase) {
        let (theirs, _, eve) = neighbours(&test.db).await;
        let db = &test.db;
        let ours = || domain("example.test");
        let off = Subaddressing::Off;
        let person = |text| NewAccount::person(address(text));
        let (x, eves) = (|| address("x@example.test"), || address("eve@example.org"));
        for (index, answer) in [
            read(db, move |tx| domains::find(tx, theirs, &ours()).map(drop)).await,
            write(db, move |tx| {
                domains::set_catch_all(tx, theirs, &ours(), Some(eve))
            })
            .await,
            write(db, move |tx| {
                domains::set_catch_all(tx, theirs, &ours(), None)
            })
            .await,
            write(db, move |tx| {
                domains::set_subaddressing(tx, theirs, &ours(), off)
            })
            .await,
            write(db, move |tx| {
                accounts::create(tx, theirs, &person("x@example.test")).map(drop)
            })
            .await,
            // That the address exists there is not told either.
            write(db, move |tx| {
                accounts::create(tx, theirs, &person("alice@example.test")).map(drop)
            })
            .await,
            write(db, move |tx| {
                addresses::create_alias(tx, theirs, &x(), &eves()).map(drop)
            })
            .await,
        ]
        .into_iter()
        .enumerate()
        {
            let error = answer.unwrap_err();
            assert!(
                matches!(error, DirectoryError::NoSuchDomain(_)),
                "{index}: {error}"
            );
        }
        let names = read(db, move |tx| domains::list(tx, theirs, None, 10))
            .await
            .unwrap();
        let names: Vec<&str> = names.iter().map(|d| d.name.as_str()).collect();
        assert_eq!(names, ["example.org"]);
        assert_consistent(&test).await;
    }

    async fn an_account_of_another_tenant_is_no_account(test: TestDatabase) {
        let (theirs, alice, eve) = neighbours(&test.db).await;
        let db = &test.db;
        let alices = || address("alice@example.test");
        for (index, answer) in [
            read(db, move |tx| {
                accounts::find_by_address(tx, theirs, &alices()).map(drop)
            })
            .await,
            read(db, move |tx| {
                accounts::find_by_id(tx, theirs, alice.account).map(drop)
            })
            .await,
            write(db, move |tx| {
                domains::set_catch_all(tx, theirs, &domain("example.org"), Some(alice))
            })
            .await,
        ]
        .into_iter()
        .enumerate()
        {
            let error = answer.unwrap_err();
            assert!(
                matches!(error, DirectoryError::NoSuchAccount(_)),
                "{index}: {error}"
            );
        }
        let alias = write(db, move |tx| {
            addresses::create_alias(tx, theirs, &address("x@example.org"), &alices())
        })
        .await;
        assert!(matches!(alias, Err(DirectoryError::AliasTargetUnknown(_))));
        let alias = write(db, move |tx| {
            addresses::delete_alias(tx, theirs, &address("office@example.test"))
        })
        .await;
        assert!(matches!(alias, Err(DirectoryError::NoSuchAlias(_))));
        let listed = read(db, move |tx| {
            accounts::list(
                tx,
                theirs,
                &ListQuery {
                    limit: 10,
                    ..ListQuery::default()
                },
            )
        })
        .await
        .unwrap();
        assert_eq!(listed.iter().map(|a| a.scope).collect::<Vec<_>>(), [eve]);
        assert_consistent(&test).await;
    }

    async fn an_account_scope_of_another_tenant_is_no_account(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let theirs = tenant(&test.db, "theirs", "example.org").await;
        let alice = account(&test.db, "alice@example.test").await;
        alias(&test.db, "office@example.test", "alice@example.test").await;
        write(&test.db, move |tx| logins::register(tx, alice, "abcd001"))
            .await
            .unwrap();
        let forged = AccountScope {
            tenant: theirs.tenant,
            account: alice.account,
        };
        let db = &test.db;
        let suspend = AccountChange {
            status: Some(AccountStatus::Suspended),
            ..AccountChange::default()
        };
        for error in [
            load(db, forged).await.map(drop),
            write(db, move |tx| accounts::update(tx, forged, &suspend)).await,
            write(db, move |tx| accounts::delete(tx, forged)).await,
            write(db, move |tx| {
                credentials::set_password(tx, forged, &hash("x"))
            })
            .await,
            write(db, move |tx| credentials::remove_password(tx, forged)).await,
            write(db, move |tx| {
                logins::register(tx, forged, "other").map(drop)
            })
            .await,
        ] {
            let error = error.unwrap_err();
            assert!(matches!(error, DirectoryError::NoSuchAccount(_)), "{error}");
        }
        let removed = write(db, move |tx| logins::remove(tx, forged, "abcd001")).await;
        assert!(matches!(removed, Err(DirectoryError::NoSuchLogin(_))));
        assert_eq!(
            read(db, move |tx| addresses::list(tx, forged))
                .await
                .unwrap(),
            []
        );
        assert!(
            read(db, move |tx| logins::list(tx, forged))
                .await
                .unwrap()
                .is_empty()
        );
        assert_eq!(
            read(db, move |tx| credentials::password_changed_at(tx, forged))
                .await
                .unwrap(),
            None
        );
        write(db, move |tx| accounts::delete(tx, alice))
            .await
            .unwrap();
        let restored = write(db, move |tx| accounts::restore(tx, forged)).await;
        assert!(matches!(restored, Err(DirectoryError::NoSuchAccount(_))));
        let erased = write(db, move |tx| accounts::erase(tx, forged)).await;
        assert!(matches!(erased, Err(DirectoryError::NoSuchAccount(_))));
        assert_consistent(&test).await;
    }

    async fn an_import_reaches_its_own_tenant_only(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let theirs = tenant(&test.db, "theirs", "example.org").await;
        account(&test.db, "alice@example.test").await;
        let errors = test
            .db
            .read(move |tx| {
                let rows = ["x@example.test", "alice@example.test"].map(|text| bulk::ImportRow {
                    number: 1,
                    name: String::new(),
                    address: text.to_owned(),
                    password: "secret".into(),
                });
                bulk::check(tx, theirs, &rows)
            })
            .await
            .unwrap();
        for error in &errors {
            assert!(
                matches!(
                    &error.problem,
                    bulk::RowProblem::Account(DirectoryError::NoSuchDomain(_))
                ),
                "{error}"
            );
        }
        assert_eq!(errors.len(), 2);
    }

    /// The composite foreign keys refuse what a faulty function might write.
    async fn rows_cannot_point_into_another_tenant(test: TestDatabase) {
        let ours = tenant(&test.db, "ours", "example.test").await;
        let theirs = tenant(&test.db, "theirs", "example.org").await;
        let alice = account(&test.db, "alice@example.test").await;
        for sql in [
            "UPDATE domain SET catch_all_account_id = ?2 WHERE tenant_id = ?1",
            "UPDATE account SET tenant_id = ?1 WHERE id = ?2",
            "UPDATE address SET tenant_id = ?1 WHERE account_id = ?2",
            "UPDATE credential SET tenant_id = ?1 WHERE account_id = ?2",
            "INSERT INTO login_alias (canonical, shown, tenant_id, account_id, created_at)
             VALUES ('x', 'x', ?1, ?2, 0)",
        ] {
            let refused = test
                .db
                .write(hikyaku_db::Lane::Mail, move |tx| {
                    tx.execute(sql, hikyaku_db::params![theirs.tenant, alice.account])
                })
                .await;
            assert!(
                matches!(refused, Err(hikyaku_db::DbError::Constraint { .. })),
                "{sql}: {refused:?}"
            );
        }
        assert_eq!(ours.tenant, alice.tenant);
        assert_consistent(&test).await;
    }
}

//! Accounts: creating, changing, deleting.

use std::time::Duration;

use hikyaku_directory::{
    Access, AccountKind, AccountStatus, DirectoryError, Language, NameKind,
    accounts::{self, AccountChange, NewAccount, Overrides},
    addresses::Resolution,
    credentials, domains, logins,
};

use crate::fixture::{
    Answer, OPERATOR, account, address, alias, assert_consistent, domain, hash, load, read,
    resolve, tenant, try_account, try_alias, write,
};

/// What has an address, according to the error.
fn taken_by<T: std::fmt::Debug>(result: Answer<T>) -> NameKind {
    match result.unwrap_err() {
        DirectoryError::NameTaken { by, .. } => by,
        other => panic!("{other}"),
    }
}

hikyaku_db::on_both_engines! {
    async fn an_account_is_as_it_was_created(test: TestDatabase) {
        let ours = tenant(&test.db, "ours", "例え.test").await;
        let new = NewAccount {
            kind: AccountKind::Shared,
            access: Access {
                pop: false,
                ..Access::ALL
            },
            overrides: Overrides {
                language: Some(Language::En),
                time_zone: None,
            },
            ..NewAccount::person(address("Info.Desk@例え.test")).named(" 受付 ")
        };
        let scope = write(&test.db, move |tx| accounts::create(tx, ours, &new))
            .await
            .unwrap();
        assert_eq!(scope.tenant, ours.tenant);
        let found = load(&test.db, scope).await.unwrap();
        assert_eq!(found.address.to_string(), "Info.Desk@xn--r8jz45g.test");
        assert_eq!(
            (found.name.as_str(), found.kind),
            ("受付", AccountKind::Shared)
        );
        assert_eq!(
            (found.status, found.access.pop, found.access.imap),
            (AccountStatus::Active, false, true)
        );
        assert_eq!(
            (found.language, found.time_zone.as_str()),
            (Language::En, "Asia/Tokyo")
        );
        assert_eq!(found.created_at, test.db.now());
        let spelled = address("INFO.DESK@XN--R8JZ45G.test");
        let by_address = read(&test.db, move |tx| {
            accounts::find_by_address(tx, ours, &spelled)
        })
        .await;
        assert_eq!(by_address.unwrap(), found);
        let by_id = read(&test.db, move |tx| {
            accounts::find_by_id(tx, OPERATOR, scope.account)
        })
        .await;
        assert_eq!(by_id.unwrap(), found);
        let password = read(&test.db, move |tx| {
            credentials::password_changed_at(tx, scope)
        })
        .await;
        assert_eq!(password.unwrap(), None);
        assert_consistent(&test).await;
    }

    async fn an_address_is_given_once(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, "Alice@example.test").await;
        alias(&test.db, "office@example.test", "alice@example.test").await;
        assert_eq!(
            taken_by(try_account(&test.db, "aLICE@example.test").await),
            NameKind::Account
        );
        assert_eq!(
            taken_by(try_account(&test.db, "Office@example.test").await),
            NameKind::Alias
        );
        assert_eq!(
            taken_by(try_alias(&test.db, "alice@example.test", "alice@example.test").await),
            NameKind::Account
        );
        assert_eq!(
            taken_by(try_alias(&test.db, "OFFICE@example.test", "alice@example.test").await),
            NameKind::Alias
        );
        write(&test.db, move |tx| accounts::delete(tx, alice))
            .await
            .unwrap();
        assert_eq!(
            taken_by(try_account(&test.db, "alice@example.test").await),
            NameKind::DeletedAccount
        );
        assert_eq!(
            taken_by(try_account(&test.db, "office@example.test").await),
            NameKind::DeletedAccount
        );
        let error = try_account(&test.db, "office@example.test")
            .await
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "the address office@example.test exists already as an address of a deleted account that \
             is not yet erased"
        );
        assert_consistent(&test).await;
    }

    async fn addresses_that_cannot_be_given_are_refused(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let nobody = try_account(&test.db, "Nobody@example.test")
            .await
            .unwrap_err();
        assert_eq!(
            nobody.to_string(),
            "\"nobody\" stands for unknown addresses of example.test: set the domain's catch-all \
             account instead of creating the address"
        );
        let quoted = try_account(&test.db, "\"a b\"@example.test")
            .await
            .unwrap_err();
        assert!(
            matches!(quoted, DirectoryError::AddressNeedsQuotes(_)),
            "{quoted}"
        );
        let elsewhere = try_account(&test.db, "alice@example.org")
            .await
            .unwrap_err();
        assert_eq!(elsewhere.to_string(), "there is no domain example.org here");
        let injected = write(&test.db, |tx| {
            accounts::create(
                tx,
                OPERATOR,
                &NewAccount::person(address("a@example.test")).named("a\nb"),
            )
        })
        .await
        .unwrap_err();
        assert_eq!(injected.to_string(), "the name has a control character");
        assert_consistent(&test).await;
    }

    async fn a_refused_creation_leaves_nothing_behind(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        account(&test.db, "alice@example.test").await;
        try_account(&test.db, "alice@example.test")
            .await
            .unwrap_err();
        let rows = read(&test.db, |tx| {
            Ok(tx.query_one("SELECT COUNT(*) FROM account", &[], |row| row.get::<i64>(0))?)
        })
        .await
        .unwrap();
        assert_eq!(rows, 1);
        assert_consistent(&test).await;
    }

    async fn a_change_changes_what_it_names(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, "alice@example.test").await;
        let before = load(&test.db, alice).await.unwrap();
        test.clock.advance(Duration::from_mins(1));
        let mut changes = test
            .db
            .hints()
            .subscribe(hikyaku_db::Hint::Account(alice.account));
        write(&test.db, move |tx| {
            accounts::update(
                tx,
                alice,
                &AccountChange {
                    name: Some("アリス".to_owned()),
                    overrides: Some(Overrides {
                        time_zone: Some("europe/berlin".parse()?),
                        language: None,
                    }),
                    ..AccountChange::default()
                },
            )
        })
        .await
        .unwrap();
        changes.changed().await;
        let after = load(&test.db, alice).await.unwrap();
        assert_eq!(
            (after.name.as_str(), after.time_zone.as_str()),
            ("アリス", "Europe/Berlin")
        );
        assert_eq!(
            (after.status, after.access, after.address),
            (before.status, before.access, before.address)
        );
        assert!(after.updated_at > before.updated_at && after.created_at == before.created_at);
        write(&test.db, move |tx| {
            accounts::update(
                tx,
                alice,
                &AccountChange {
                    status: Some(AccountStatus::Suspended),
                    access: Some(Access {
                        imap: false,
                        ..Access::ALL
                    }),
                    ..AccountChange::default()
                },
            )
        })
        .await
        .unwrap();
        let after = load(&test.db, alice).await.unwrap();
        assert_eq!(
            (after.status, after.access.imap, after.access.pop),
            (AccountStatus::Suspended, false, true)
        );
        assert_eq!(
            (after.name.as_str(), after.time_zone.as_str()),
            ("アリス", "Europe/Berlin")
        );
        assert_consistent(&test).await;
    }

    async fn a_deleted_account_is_gone_until_it_is_restored(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, "alice@example.test").await;
        alias(&test.db, "office@example.test", "alice@example.test").await;
        write(&test.db, move |tx| accounts::delete(tx, alice))
            .await
            .unwrap();
        assert!(matches!(
            load(&test.db, alice).await,
            Err(DirectoryError::NoSuchAccount(_))
        ));
        for text in [
            "alice@example.test",
            "office@example.test",
            "alice+tag@example.test",
        ] {
            assert_eq!(resolve(&test.db, text).await, Resolution::UnknownAddress);
        }
        let again = write(&test.db, move |tx| accounts::delete(tx, alice)).await;
        assert!(matches!(again, Err(DirectoryError::NoSuchAccount(_))));
        let change = write(&test.db, move |tx| {
            accounts::update(tx, alice, &AccountChange::default())
        })
        .await;
        assert!(matches!(change, Err(DirectoryError::NoSuchAccount(_))));
        let password = write(&test.db, move |tx| {
            credentials::set_password(tx, alice, &hash("other"))
        })
        .await;
        assert!(matches!(password, Err(DirectoryError::NoSuchAccount(_))));
        let find_deleted = async || {
            read(&test.db, |tx| accounts::find_deleted(tx, OPERATOR, &address("Alice@example.test")))
                .await
        };
        assert_eq!(find_deleted().await.unwrap(), alice);
        write(&test.db, move |tx| accounts::restore(tx, alice))
            .await
            .unwrap();
        assert!(load(&test.db, alice).await.is_ok());
        assert!(matches!(find_deleted().await, Err(DirectoryError::NoSuchAccount(_))));
        let twice = write(&test.db, move |tx| accounts::restore(tx, alice)).await;
        assert!(matches!(twice, Err(DirectoryError::NoSuchAccount(_))));
        assert_consistent(&test).await;
    }

    async fn an_erased_account_frees_its_names(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, "alice@example.test").await;
        alias(&test.db, "office@example.test", "alice@example.test").await;
        write(&test.db, move |tx| {
            logins::register(tx, alice, "abcd001")?;
            domains::set_catch_all(tx, OPERATOR, &domain("example.test"), Some(alice))
        })
        .await
        .unwrap();
        // Only what was deleted before can be erased.
        let living = write(&test.db, move |tx| accounts::erase(tx, alice)).await;
        assert!(matches!(living, Err(DirectoryError::NoSuchAccount(_))));
        write(&test.db, move |tx| accounts::delete(tx, alice))
            .await
            .unwrap();
        let deleted_at = test.db.now();
        test.clock.advance(Duration::from_secs(1));
        let now = test.db.now();
        let due = read(&test.db, move |tx| accounts::deleted(tx, OPERATOR, now, 10))
            .await
            .unwrap();
        assert_eq!(
            due.iter()
                .map(|d| (d.scope, d.deleted_at))
                .collect::<Vec<_>>(),
            [(alice, deleted_at)]
        );
        let none = read(&test.db, move |tx| {
            accounts::deleted(tx, OPERATOR, deleted_at, 10)
        })
        .await;
        assert_eq!(none.unwrap(), []);
        let living = account(&test.db, "bob@example.test").await;
        let begun = write(&test.db, move |tx| accounts::begin_erasure(tx, living)).await;
        assert!(matches!(begun, Err(DirectoryError::NoSuchAccount(_))));
        write(&test.db, move |tx| accounts::begin_erasure(tx, alice))
            .await
            .unwrap();
        let restored = write(&test.db, move |tx| accounts::restore(tx, alice)).await;
        assert!(matches!(restored, Err(DirectoryError::BeingErased)));
        let due = read(&test.db, move |tx| {
            accounts::deleted(tx, OPERATOR, deleted_at, 10)
        })
        .await
        .unwrap();
        assert_eq!(due.len(), 1, "an erasure that was interrupted goes on");
        write(&test.db, move |tx| accounts::erase(tx, alice))
            .await
            .unwrap();
        assert_consistent(&test).await;
        let next = account(&test.db, "alice@example.test").await;
        assert_ne!(next.account, alice.account);
        account(&test.db, "office@example.test").await;
        write(&test.db, move |tx| logins::register(tx, next, "abcd001"))
            .await
            .unwrap();
        assert_consistent(&test).await;
    }
}

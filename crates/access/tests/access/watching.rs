//! How long a sign-in holds.

use std::{future::Future, time::Duration};

use hikyaku_access::{ClientAddress, Protocol, SignIn, SignInWatch};
use hikyaku_db::Database;
use hikyaku_directory::{
    Access, AccountScope, AccountStatus, TenantScope,
    accounts::{self, AccountChange},
    credentials, logins,
    tenants::{self, TenantStatus},
};

use crate::{
    fixture::{OPERATOR, PASSWORD, account, hash, tenant, write},
    sign_in::{change, service},
};

/// Longer than any change takes to be told.
const PATIENCE: Duration = Duration::from_secs(30);

struct Stage {
    db: Database,
    service: SignIn,
    tenant: TenantScope,
    alice: AccountScope,
}

impl Stage {
    async fn new(db: &Database) -> Self {
        Self {
            tenant: tenant(db, "ours", "example.test").await,
            alice: account(db, "alice@example.test").await,
            service: service(db),
            db: db.clone(),
        }
    }

    /// Signs alice in by IMAP.
    async fn sign_in(&self) -> SignInWatch {
        let from = ClientAddress {
            ip: "192.0.2.1".parse().unwrap(),
            closed_zone: false,
        };
        let signed_in = self
            .service
            .sign_in("alice@example.test", &PASSWORD.into(), Protocol::Imap, from)
            .await
            .unwrap();
        self.service.watch(&signed_in, Protocol::Imap)
    }

    async fn change(&self, wanted: AccountChange) {
        change(&self.db, self.alice, wanted).await;
    }

    /// A session that waits for its client hears of a change, and finds out what it means.
    async fn after<T>(&self, what: impl Future<Output = T>) -> bool {
        let mut watch = self.sign_in().await;
        assert!(watch.holds().await);
        what.await;
        let told = tokio::time::timeout(PATIENCE, watch.changed()).await;
        told.expect("the session is told");
        watch.holds().await
    }
}

fn status(status: AccountStatus) -> AccountChange {
    AccountChange {
        status: Some(status),
        ..AccountChange::default()
    }
}

fn access(access: Access) -> AccountChange {
    AccountChange {
        access: Some(access),
        ..AccountChange::default()
    }
}

hikyaku_db::on_both_engines! {
    async fn what_bars_from_signing_in_ends_a_sign_in(test: TestDatabase) {
        let stage = Stage::new(&test.db).await;
        let alice = stage.alice;
        assert!(!stage.after(stage.change(status(AccountStatus::Suspended))).await);
        stage.change(status(AccountStatus::Active)).await;

        let without_imap = Access { imap: false, ..Access::ALL };
        assert!(!stage.after(stage.change(access(without_imap))).await);
        stage.change(access(Access::ALL)).await;

        assert!(!stage.after(write(&test.db, move |tx| accounts::delete(tx, alice))).await);
        write(&test.db, move |tx| accounts::restore(tx, alice)).await.unwrap();

        let ours = stage.tenant;
        let set = |status| {
            write(&test.db, move |tx| {
                tenants::set_status(tx, OPERATOR, ours, status)
            })
        };
        assert!(!stage.after(set(TenantStatus::Suspended)).await);
        set(TenantStatus::Active).await.unwrap();
        assert!(stage.sign_in().await.holds().await);
    }

    /// Whoever changes a password because somebody else knows it wants that one out.
    async fn another_password_ends_a_sign_in_with_the_old_one(test: TestDatabase) {
        let stage = Stage::new(&test.db).await;
        let alice = stage.alice;
        let set = |word: &'static str| {
            write(&test.db, move |tx| credentials::set_password(tx, alice, &hash(word)))
        };
        assert!(!stage.after(set("another")).await);
        set(PASSWORD).await.unwrap();
        let remove = write(&test.db, move |tx| credentials::remove_password(tx, alice));
        assert!(!stage.after(remove).await);
    }

    async fn other_changes_end_nothing(test: TestDatabase) {
        let stage = Stage::new(&test.db).await;
        let alice = stage.alice;
        let name = AccountChange {
            name: Some("Alice".to_owned()),
            ..AccountChange::default()
        };
        assert!(stage.after(stage.change(name)).await);
        let without_pop = Access { pop: false, ..Access::ALL };
        assert!(stage.after(stage.change(access(without_pop))).await);
        let login = write(&test.db, move |tx| logins::register(tx, alice, "abcd001"));
        assert!(stage.after(login).await);
    }

    /// Between the look at the account and the first command of the session.
    async fn a_change_during_the_sign_in_is_seen(test: TestDatabase) {
        let stage = Stage::new(&test.db).await;
        let signed_in = stage
            .service
            .sign_in(
                "alice@example.test",
                &PASSWORD.into(),
                Protocol::Imap,
                ClientAddress { ip: "192.0.2.1".parse().unwrap(), closed_zone: false },
            )
            .await
            .unwrap();
        stage.change(status(AccountStatus::Suspended)).await;
        let mut watch = stage.service.watch(&signed_in, Protocol::Imap);
        assert!(!watch.holds().await);
        assert!(!watch.holds().await, "what ended stays ended");
    }

    async fn a_database_that_is_gone_ends_no_sign_in(test: TestDatabase) {
        let stage = Stage::new(&test.db).await;
        let mut watch = stage.sign_in().await;
        test.db.close().await;
        assert!(watch.holds().await);
    }
}

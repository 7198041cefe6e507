//! Sign-in: names, passwords, permission and memory.

use hikyaku_access::{ClientAddress, Protocol, SignIn, SignInError, SignInPolicy, SignedIn};
use hikyaku_db::Database;
use hikyaku_directory::{
    Access, AccountScope, AccountStatus,
    accounts::{self, AccountChange},
    credentials, logins,
    password::{HashParams, HashPoolOptions},
    tenants::{self, TenantStatus},
};

use crate::fixture::{OPERATOR, PASSWORD, account, alias, tenant, write};

pub(crate) fn policy() -> SignInPolicy {
    SignInPolicy {
        hashing: HashPoolOptions {
            params: HashParams::UNSAFE_FOR_TESTS,
            slots: 2,
            queue: 256,
        },
        ..SignInPolicy::default()
    }
}

pub(crate) fn service(db: &Database) -> SignIn {
    SignIn::new(db.clone(), policy())
}

pub(crate) fn from(ip: &str) -> ClientAddress {
    ClientAddress {
        ip: ip.parse().unwrap(),
        closed_zone: false,
    }
}

pub(crate) async fn try_imap(
    service: &SignIn,
    login: &str,
    password: &str,
) -> Result<SignedIn, SignInError> {
    let client = from("192.0.2.1");
    service
        .sign_in(login, &password.into(), Protocol::Imap, client)
        .await
}

async fn try_alice(
    service: &SignIn,
    protocol: Protocol,
    password: &str,
) -> Result<SignedIn, SignInError> {
    let client = from("192.0.2.1");
    service
        .sign_in("alice@example.test", &password.into(), protocol, client)
        .await
}

pub(crate) async fn change(db: &Database, scope: AccountScope, change: AccountChange) {
    write(db, move |tx| accounts::update(tx, scope, &change))
        .await
        .unwrap();
}

hikyaku_db::on_both_engines! {
    async fn the_three_forms_of_a_name_sign_in_on_every_protocol(test: TestDatabase) {
        tenant(&test.db, "ours", "例え.test").await;
        let taro = account(&test.db, "Taro@例え.test").await;
        write(&test.db, move |tx| logins::register(tx, taro, "ABCD001"))
            .await
            .unwrap();
        let service = service(&test.db);
        for login in [
            "taro@例え.test",
            "TARO@xn--r8jz45g.test",
            "taro%例え.test",
            "Taro%XN--R8JZ45G.test",
            "abcd001",
            "ABCD001",
            " taro@例え.test ",
        ] {
            for protocol in [
                Protocol::Smtp,
                Protocol::Imap,
                Protocol::Pop3,
                Protocol::Web,
            ] {
                let signed = service
                    .sign_in(login, &PASSWORD.into(), protocol, from("192.0.2.1"))
                    .await
                    .unwrap();
                assert_eq!(
                    (signed.scope, signed.account.scope),
                    (taro, taro),
                    "{login}"
                );
                assert_eq!(signed.account.address.local(), "Taro");
            }
        }
        assert_eq!(service.metrics().succeeded, 7 * 4);
        // One hash for all of them: the names lead to one account with one password.
        assert_eq!(service.metrics().verifications, 1);
    }

    async fn an_alias_is_no_login_name(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        account(&test.db, "info@example.test").await;
        alias(&test.db, "office@example.test", "info@example.test").await;
        let service = service(&test.db);
        for login in [
            "office@example.test",
            "office%example.test",
            "info+x@example.test",
        ] {
            assert!(
                matches!(
                    try_imap(&service, login, PASSWORD).await,
                    Err(SignInError::Denied)
                ),
                "{login}"
            );
        }
    }

    /// An unknown name costs what a known one costs and says what a known one says.
    async fn nobody_learns_which_names_exist(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, "alice@example.test").await;
        let bob = account(&test.db, "bob@example.test").await;
        write(&test.db, move |tx| {
            credentials::remove_password(tx, alice)?;
            accounts::delete(tx, bob)
        })
        .await
        .unwrap();
        account(&test.db, "carol@example.test").await;
        let service = service(&test.db);
        let long = "x".repeat(100_000);
        let names = [
            "carol@example.test",
            "unknown@example.test",
            "alice@example.test",
            "bob@example.test",
            "x@elsewhere.test",
            "abcd001",
            "not a name",
            "",
            "a\0b",
            long.as_str(),
        ];
        for (tried, name) in names.into_iter().enumerate() {
            let before = service.metrics();
            let denied = try_imap(&service, name, &format!("wrong {tried}"))
                .await
                .unwrap_err();
            assert_eq!(denied.to_string(), "the user name or the password is wrong");
            let after = service.metrics();
            assert_eq!(after.verifications, before.verifications + 1, "{name:.20}");
            assert_eq!(after.denied, before.denied + 1);
        }
        // What cannot be a password costs a hash as well.
        for password in ["", "a\r\nb", long.as_str()] {
            let before = service.metrics().verifications;
            assert!(matches!(
                try_imap(&service, "carol@example.test", password).await,
                Err(SignInError::Denied)
            ));
            assert_eq!(service.metrics().verifications, before + 1);
        }
    }

    async fn switches_count_after_the_password(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, "alice@example.test").await;
        let service = service(&test.db);
        let access = Access {
            pop: false,
            imap: true,
            smtp: false,
            web: true,
        };
        change(
            &test.db,
            alice,
            AccountChange {
                access: Some(access),
                ..Default::default()
            },
        )
        .await;
        for (protocol, allowed) in [
            (Protocol::Pop3, false),
            (Protocol::Imap, true),
            (Protocol::Smtp, false),
            (Protocol::Web, true),
        ] {
            match try_alice(&service, protocol, PASSWORD).await {
                Ok(_) => assert!(allowed, "{protocol:?}"),
                Err(SignInError::NotAllowed) => assert!(!allowed, "{protocol:?}"),
                Err(other) => panic!("{other}"),
            }
            let denied = try_alice(&service, protocol, "wrong").await;
            assert!(matches!(denied, Err(SignInError::Denied)));
        }
        assert_eq!(service.metrics().not_allowed, 2);
    }

    async fn status_counts_after_the_password(test: TestDatabase) {
        let ours = tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, "alice@example.test").await;
        let service = service(&test.db);
        let status = |status| AccountChange {
            status: Some(status),
            ..Default::default()
        };
        try_alice(&service, Protocol::Imap, PASSWORD).await.unwrap();
        change(&test.db, alice, status(AccountStatus::Suspended)).await;
        let suspended = try_alice(&service, Protocol::Imap, PASSWORD).await;
        assert!(matches!(suspended, Err(SignInError::NotAllowed)));
        let denied = try_alice(&service, Protocol::Imap, "wrong").await;
        assert!(matches!(denied, Err(SignInError::Denied)));
        change(&test.db, alice, status(AccountStatus::Active)).await;
        try_alice(&service, Protocol::Imap, PASSWORD).await.unwrap();
        write(&test.db, move |tx| {
            tenants::set_status(tx, OPERATOR, ours, TenantStatus::Suspended)
        })
        .await
        .unwrap();
        let suspended = try_alice(&service, Protocol::Imap, PASSWORD).await;
        assert!(matches!(suspended, Err(SignInError::NotAllowed)));
    }

    async fn a_database_that_is_gone_is_a_temporary_failure(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        account(&test.db, "alice@example.test").await;
        let service = service(&test.db);
        try_imap(&service, "alice@example.test", PASSWORD)
            .await
            .unwrap();
        test.db.close().await;
        let failed = try_imap(&service, "alice@example.test", PASSWORD).await;
        assert!(
            matches!(failed, Err(SignInError::Temporary(_))),
            "{failed:?}"
        );
        assert_eq!(service.metrics().failed, 1);
    }
}

//! Sign-in: names, passwords, permission and memory.

use std::time::Duration;

use hikyaku_db::{Database, Lane, params};
use hikyaku_directory::{
    Access, AccountScope, AccountStatus, ClientAddress, Protocol, SignIn, SignInError,
    SignInPolicy, SignedIn,
    accounts::{self, AccountChange},
    credentials, logins,
    password::{HashParams, HashPoolOptions, PasswordHash},
    tenants::{self, TenantStatus},
};

use crate::fixture::{OPERATOR, PASSWORD, account, alias, assert_consistent, hash, tenant, write};

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

async fn change(db: &Database, scope: AccountScope, change: AccountChange) {
    write(db, move |tx| accounts::update(tx, scope, &change))
        .await
        .unwrap();
}

hikyaku_db::on_both_engines! {
    async fn the_three_forms_of_a_name_sign_in_on_every_protocol(test: TestDatabase) {
        tenant(&test.db, "ours", "例え.test").await;
        let taro = account(&test.db, "Taro@例え.test").await;
        write(&test.db, move |tx| logins::register(tx, taro, "ABCD001")).await.unwrap();
        let service = service(&test.db);
        for login in [
            "taro@例え.test", "TARO@xn--r8jz45g.test", "taro%例え.test", "Taro%XN--R8JZ45G.test",
            "abcd001", "ABCD001", " taro@例え.test ",
        ] {
            for protocol in [Protocol::Smtp, Protocol::Imap, Protocol::Pop3, Protocol::Web] {
                let signed = service.sign_in(login, &PASSWORD.into(), protocol, from("192.0.2.1")).await.unwrap();
                assert_eq!((signed.scope, signed.account.scope), (taro, taro), "{login}");
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
        for login in ["office@example.test", "office%example.test", "info+x@example.test"] {
            assert!(matches!(try_imap(&service, login, PASSWORD).await, Err(SignInError::Denied)), "{login}");
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
            "carol@example.test", "unknown@example.test", "alice@example.test", "bob@example.test",
            "x@elsewhere.test", "abcd001", "not a name", "", "a\0b", long.as_str(),
        ];
        for (tried, name) in names.into_iter().enumerate() {
            let before = service.metrics();
            let denied = try_imap(&service, name, &format!("wrong {tried}")).await.unwrap_err();
            assert_eq!(denied.to_string(), "the user name or the password is wrong");
            let after = service.metrics();
            assert_eq!(after.verifications, before.verifications + 1, "{name:.20}");
            assert_eq!(after.denied, before.denied + 1);
        }
        // What cannot be a password costs a hash as well.
        for password in ["", "a\r\nb", long.as_str()] {
            let before = service.metrics().verifications;
            assert!(matches!(try_imap(&service, "carol@example.test", password).await, Err(SignInError::Denied)));
            assert_eq!(service.metrics().verifications, before + 1);
        }
    }

    async fn switches_and_status_count_after_the_password(test: TestDatabase) {
        let ours = tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, "alice@example.test").await;
        let service = service(&test.db);
        let try_it = |protocol, password: &'static str| {
            let service = service.clone();
            async move {
                service.sign_in("alice@example.test", &password.into(), protocol, from("192.0.2.1")).await
            }
        };
        change(&test.db, alice, AccountChange {
            access: Some(Access { pop: false, imap: true, smtp: false, web: true }),
            ..AccountChange::default()
        })
        .await;
        for (protocol, allowed) in [
            (Protocol::Pop3, false), (Protocol::Imap, true), (Protocol::Smtp, false), (Protocol::Web, true),
        ] {
            match try_it(protocol, PASSWORD).await {
                Ok(_) => assert!(allowed, "{protocol:?}"),
                Err(SignInError::NotAllowed) => assert!(!allowed, "{protocol:?}"),
                Err(other) => panic!("{other}"),
            }
            assert!(matches!(try_it(protocol, "wrong").await, Err(SignInError::Denied)));
        }
        change(&test.db, alice, AccountChange {
            status: Some(AccountStatus::Suspended),
            ..AccountChange::default()
        })
        .await;
        assert!(matches!(try_it(Protocol::Imap, PASSWORD).await, Err(SignInError::NotAllowed)));
        assert!(matches!(try_it(Protocol::Imap, "wrong").await, Err(SignInError::Denied)));
        change(&test.db, alice, AccountChange {
            status: Some(AccountStatus::Active),
            ..AccountChange::default()
        })
        .await;
        assert!(try_it(Protocol::Imap, PASSWORD).await.is_ok());
        write(&test.db, move |tx| tenants::set_status(tx, OPERATOR, ours, TenantStatus::Suspended)).await.unwrap();
        assert!(matches!(try_it(Protocol::Imap, PASSWORD).await, Err(SignInError::NotAllowed)));
        assert_eq!(service.metrics().not_allowed, 4);
    }

    async fn a_checked_password_costs_no_second_hash_for_a_while(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        account(&test.db, "alice@example.test").await;
        let service = service(&test.db);
        for _ in 0..5 {
            try_imap(&service, "alice@example.test", PASSWORD).await.unwrap();
        }
        for _ in 0..5 {
            assert!(matches!(try_imap(&service, "alice@example.test", "old").await, Err(SignInError::Denied)));
            assert!(matches!(try_imap(&service, "eve@example.test", "old").await, Err(SignInError::Denied)));
        }
        let metrics = service.metrics();
        assert_eq!((metrics.verifications, metrics.cache_hits), (3, 12));
        test.clock.advance(SignInPolicy::DEFAULT_CACHE_TTL);
        try_imap(&service, "alice@example.test", PASSWORD).await.unwrap();
        assert_eq!(service.metrics().verifications, 4);
    }

    async fn a_new_password_counts_at_once(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, "alice@example.test").await;
        let service = service(&test.db);
        try_imap(&service, "alice@example.test", PASSWORD).await.unwrap();
        assert!(try_imap(&service, "alice@example.test", "new").await.is_err());
        write(&test.db, move |tx| credentials::set_password(tx, alice, &hash("new"))).await.unwrap();
        assert!(matches!(try_imap(&service, "alice@example.test", PASSWORD).await, Err(SignInError::Denied)));
        // It was remembered as wrong a moment ago.
        try_imap(&service, "alice@example.test", "new").await.unwrap();
        // The old password again, with the old memory gone for good.
        write(&test.db, move |tx| credentials::set_password(tx, alice, &hash(PASSWORD))).await.unwrap();
        try_imap(&service, "alice@example.test", PASSWORD).await.unwrap();
        assert!(matches!(try_imap(&service, "alice@example.test", "new").await, Err(SignInError::Denied)));
        write(&test.db, move |tx| credentials::remove_password(tx, alice)).await.unwrap();
        assert!(matches!(try_imap(&service, "alice@example.test", PASSWORD).await, Err(SignInError::Denied)));
        assert_consistent(&test).await;
    }

    /// As when another node changes it and its hint is lost.
    async fn a_new_password_counts_at_once_without_any_hint(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, "alice@example.test").await;
        let service = service(&test.db);
        try_imap(&service, "alice@example.test", PASSWORD).await.unwrap();
        test.db.write(Lane::Mail, move |tx| {
            tx.execute(
                "UPDATE credential SET secret = ?2, version = version + 1 WHERE account_id = ?1",
                params![alice.account, hash("new").as_str()],
            )
        })
        .await
        .unwrap();
        assert!(matches!(try_imap(&service, "alice@example.test", PASSWORD).await, Err(SignInError::Denied)));
        try_imap(&service, "alice@example.test", "new").await.unwrap();
    }

    async fn every_change_of_an_account_empties_what_is_remembered(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, "alice@example.test").await;
        account(&test.db, "bob@example.test").await;
        let service = service(&test.db);
        try_imap(&service, "alice@example.test", PASSWORD).await.unwrap();
        try_imap(&service, "bob@example.test", PASSWORD).await.unwrap();
        change(&test.db, alice, AccountChange {
            status: Some(AccountStatus::Active),
            ..AccountChange::default()
        })
        .await;
        try_imap(&service, "alice@example.test", PASSWORD).await.unwrap();
        assert_eq!(service.metrics().verifications, 3);
        // The others keep theirs.
        try_imap(&service, "bob@example.test", PASSWORD).await.unwrap();
        assert_eq!(service.metrics().verifications, 3);
    }

    async fn hashes_are_upgraded_at_sign_in(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, "alice@example.test").await;
        let stored = || async {
            test.db.read(move |tx| {
                tx.query_one(
                    "SELECT secret, version, changed_at FROM credential WHERE account_id = ?1",
                    params![alice.account],
                    |row| Ok((row.get::<String>(0)?, row.get::<i64>(1)?, row.get::<i64>(2)?)),
                )
            })
            .await
            .unwrap()
        };
        let before = stored().await;
        test.clock.advance(Duration::from_mins(1));
        let stronger = HashParams::new(16, 2, 1).unwrap();
        let mut policy = policy();
        policy.hashing.params = stronger;
        let service = SignIn::new(test.db.clone(), policy);
        assert!(try_imap(&service, "alice@example.test", "wrong").await.is_err());
        assert_eq!(stored().await, before);
        try_imap(&service, "alice@example.test", PASSWORD).await.unwrap();
        let after = stored().await;
        assert!(!PasswordHash::parse(&after.0).unwrap().differs_from(stronger));
        // The same password: not a change, and what was remembered still counts.
        assert_eq!((after.1, after.2), (before.1, before.2));
        try_imap(&service, "alice@example.test", PASSWORD).await.unwrap();
        let metrics = service.metrics();
        assert_eq!((metrics.rehashed, metrics.verifications, metrics.cache_hits), (1, 2, 1));
        test.clock.advance(SignInPolicy::DEFAULT_CACHE_TTL);
        try_imap(&service, "alice@example.test", PASSWORD).await.unwrap();
        assert_eq!(service.metrics().rehashed, 1);
        assert_consistent(&test).await;
    }

    async fn a_database_that_is_gone_is_a_temporary_failure(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        account(&test.db, "alice@example.test").await;
        let service = service(&test.db);
        try_imap(&service, "alice@example.test", PASSWORD).await.unwrap();
        test.db.close().await;
        let failed = try_imap(&service, "alice@example.test", PASSWORD).await;
        assert!(matches!(failed, Err(SignInError::Temporary(_))), "{failed:?}");
        assert_eq!(service.metrics().failed, 1);
    }
}

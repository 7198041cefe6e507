//! App passwords, and which password opens what.

use std::{net::IpAddr, sync::Arc, time::Duration};

use hikyaku_access::{
    ClientAddress, Credential, Protocol, SignIn, SignInError,
    app_passwords::{
        self, AppPassword, AppPasswordError, AppSecret, MAX_APP_PASSWORDS, NewAppPassword,
    },
    lockout::{self, Unobserved},
    policy::{self, MainPassword, ProtocolNetworks, SecurityPolicy},
};
use hikyaku_db::{Database, Lane, WriteTx};
use hikyaku_directory::{AccountScope, credentials, credentials::MustChange};
use hikyaku_types::Secret;

use crate::{
    fixture::{PASSWORD, account, hash, tenant, write},
    sign_in::{from, service},
};

const ALICE: &str = "alice@example.test";

fn new(label: &str, protocols: &[Protocol]) -> NewAppPassword {
    NewAppPassword {
        label: label.to_owned(),
        protocols: protocols.to_vec(),
        networks: Vec::new(),
        expires_at: None,
    }
}

async fn make(db: &Database, scope: AccountScope, new: NewAppPassword) -> (AppPassword, Secret) {
    let secret = AppSecret::generate();
    let shown = secret.shown();
    let made = db
        .write(Lane::Mail, move |tx| {
            app_passwords::create(tx, scope, &new, &secret)
        })
        .await
        .unwrap();
    (made, shown)
}

/// Changes the tenant's policy.
pub(crate) async fn decide(db: &Database, scope: AccountScope, policy: SecurityPolicy) {
    db.write(Lane::Mail, move |tx: &WriteTx<'_>| {
        policy::store(tx, scope.tenant_scope(), &policy)
    })
    .await
    .unwrap();
}

async fn try_at(
    service: &SignIn,
    protocol: Protocol,
    password: &Secret,
    ip: &str,
) -> Result<Credential, SignInError> {
    let client = ClientAddress {
        ip: ip.parse::<IpAddr>().unwrap(),
        closed_zone: false,
    };
    let signed_in = service.sign_in(ALICE, password, protocol, client).await?;
    Ok(signed_in.credential)
}

async fn try_alice(
    service: &SignIn,
    protocol: Protocol,
    password: &Secret,
) -> Result<Credential, SignInError> {
    try_at(service, protocol, password, "192.0.2.1").await
}

hikyaku_db::on_both_engines! {
    async fn an_app_password_opens_its_protocols_without_a_hash(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, ALICE).await;
        let service = service(&test.db);
        let (app, secret) = make(&test.db, alice, new("Outlook", &[Protocol::Imap])).await;
        let typed = Secret::from(secret.expose().replace('-', "").to_uppercase());
        for secret in [&secret, &typed] {
            let credential = try_alice(&service, Protocol::Imap, secret).await.unwrap();
            assert_eq!(credential, Credential::App(app.id));
        }
        for protocol in [Protocol::Smtp, Protocol::Pop3, Protocol::Web] {
            let refused = try_alice(&service, protocol, &secret).await;
            assert!(matches!(refused, Err(SignInError::NotAllowed)), "{protocol:?}");
        }
        let metrics = service.metrics();
        assert_eq!((metrics.verifications, metrics.app_passwords), (0, 5));
        // One that fits nothing is a wrong password, and costs what one costs.
        let other = AppSecret::generate().shown();
        let denied = try_alice(&service, Protocol::Imap, &other).await;
        assert!(matches!(denied, Err(SignInError::Denied)));
        assert_eq!(service.metrics().verifications, 1);
        // It is nobody else's.
        account(&test.db, "bob@example.test").await;
        let bob = service
            .sign_in("bob@example.test", &secret, Protocol::Imap, from("192.0.2.1"))
            .await;
        assert!(matches!(bob, Err(SignInError::Denied)));
    }

    async fn networks_and_the_end_bound_an_app_password(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, ALICE).await;
        let service = service(&test.db);
        let bounded = NewAppPassword {
            networks: vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()],
            expires_at: Some(test.db.now().plus(Duration::from_hours(1))),
            ..new("Scanner", &[Protocol::Smtp])
        };
        let (_, secret) = make(&test.db, alice, bounded).await;
        for (ip, open) in [
            ("192.0.2.200", true),
            ("2001:db8::1", true),
            ("::ffff:192.0.2.1", true),
            ("198.51.100.1", false),
            ("2001:db9::1", false),
        ] {
            let answer = try_at(&service, Protocol::Smtp, &secret, ip).await;
            assert_eq!(answer.is_ok(), open, "{ip}");
        }
        test.clock.advance(Duration::from_hours(1));
        let ended = try_alice(&service, Protocol::Smtp, &secret).await;
        assert!(matches!(ended, Err(SignInError::NotAllowed)));
    }

    async fn what_is_revoked_ends_its_sessions_and_no_others(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, ALICE).await;
        let service = service(&test.db);
        let (phone, one) = make(&test.db, alice, new("phone", &[Protocol::Imap])).await;
        let (_, other) = make(&test.db, alice, new("desk", &[Protocol::Imap])).await;
        let mut watches = Vec::new();
        for secret in [one.clone(), other, PASSWORD.into()] {
            let signed_in = service
                .sign_in(ALICE, &secret, Protocol::Imap, from("192.0.2.1"))
                .await
                .unwrap();
            let mut watch = service.watch(&signed_in, Protocol::Imap);
            assert!(watch.holds().await);
            watches.push(watch);
        }
        test.db
            .write(Lane::Mail, move |tx| app_passwords::revoke(tx, alice, phone.id))
            .await
            .unwrap();
        for (watch, holds) in watches.iter_mut().zip([false, true, true]) {
            watch.changed().await;
            assert_eq!(watch.holds().await, holds);
        }
        let denied = try_alice(&service, Protocol::Imap, &one).await;
        assert!(matches!(denied, Err(SignInError::Denied)));
        let again = test
            .db
            .write(Lane::Mail, move |tx| app_passwords::revoke(tx, alice, phone.id))
            .await;
        assert!(matches!(again, Err(AppPasswordError::NoSuch)));
    }

    async fn an_account_has_so_many_and_not_those_of_others(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, ALICE).await;
        let bob = account(&test.db, "bob@example.test").await;
        let (app, _) = make(&test.db, alice, new("0", &[Protocol::Imap])).await;
        for number in 1..MAX_APP_PASSWORDS {
            make(&test.db, alice, new(&number.to_string(), &[Protocol::Imap])).await;
        }
        let secret = AppSecret::generate();
        let more = new("more", &[Protocol::Imap]);
        let refused = test
            .db
            .write(Lane::Mail, move |tx| {
                app_passwords::create(tx, alice, &more, &secret)
            })
            .await;
        assert!(matches!(refused, Err(AppPasswordError::TooMany)));
        let foreign = test
            .db
            .write(Lane::Mail, move |tx| app_passwords::revoke(tx, bob, app.id))
            .await;
        assert!(matches!(foreign, Err(AppPasswordError::NoSuch)));
        let list = test.db.read(move |tx| app_passwords::list(tx, alice)).await.unwrap();
        assert_eq!(list.len(), MAX_APP_PASSWORDS as usize);
        assert_eq!(list[0], app);
    }

    /// With a second factor the main password opens the web only, also for who is signed in.
    async fn a_second_factor_closes_the_protocols_to_the_main_password(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, ALICE).await;
        let service = service(&test.db);
        let main = Secret::from(PASSWORD);
        let signed_in = service
            .sign_in(ALICE, &main, Protocol::Imap, from("192.0.2.1"))
            .await
            .unwrap();
        let mut watch = service.watch(&signed_in, Protocol::Imap);
        assert!(watch.holds().await);
        let now = test.db.now();
        write(&test.db, move |tx| Ok(lockout::set_second_factor(tx, alice, Some(now))?))
            .await
            .unwrap();
        assert!(!watch.holds().await);
        for protocol in [Protocol::Imap, Protocol::Pop3, Protocol::Smtp] {
            let refused = try_alice(&service, protocol, &main).await;
            assert!(matches!(refused, Err(SignInError::AppPasswordNeeded)), "{protocol:?}");
            let wrong = try_alice(&service, protocol, &"wrong".into()).await;
            assert!(matches!(wrong, Err(SignInError::Denied)));
        }
        let web = service
            .sign_in(ALICE, &main, Protocol::Web, from("192.0.2.1"))
            .await
            .unwrap();
        assert_eq!(web.second_factor_at, Some(now));
        let (_, secret) = make(&test.db, alice, new("phone", &[Protocol::Imap])).await;
        try_alice(&service, Protocol::Imap, &secret).await.unwrap();
        // The account's own rule goes before the tenant's.
        for (rule, opens) in [
            (Some(MainPassword::Always), true),
            (Some(MainPassword::Never), false),
            (None, false),
        ] {
            write(&test.db, move |tx| Ok(lockout::set_main_password(tx, alice, rule)?))
                .await
                .unwrap();
            let answer = try_alice(&service, Protocol::Imap, &main).await;
            assert_eq!(answer.is_ok(), opens, "{rule:?}");
        }
        write(&test.db, move |tx| Ok(lockout::set_second_factor(tx, alice, None)?))
            .await
            .unwrap();
        try_alice(&service, Protocol::Imap, &main).await.unwrap();
        let main_password = MainPassword::Never;
        let never = SecurityPolicy { main_password, ..SecurityPolicy::default() };
        decide(&test.db, alice, never).await;
        let refused = try_alice(&service, Protocol::Imap, &main).await;
        assert!(matches!(refused, Err(SignInError::AppPasswordNeeded)));
    }

    /// A password that has to be changed opens the web, where it can be, and says so elsewhere.
    async fn a_password_to_be_changed_opens_the_web_only(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, ALICE).await;
        let service = service(&test.db);
        write(&test.db, move |tx| {
            credentials::require_change(tx, alice, MustChange::AtNextSignIn)
        })
        .await
        .unwrap();
        let main = Secret::from(PASSWORD);
        let refused = try_alice(&service, Protocol::Imap, &main).await;
        assert!(matches!(refused, Err(SignInError::MustChange)));
        let web = service
            .sign_in(ALICE, &main, Protocol::Web, from("192.0.2.1"))
            .await
            .unwrap();
        assert_eq!(web.must_change, MustChange::AtNextSignIn);
        write(&test.db, move |tx| credentials::set_password(tx, alice, &hash("another one")))
            .await
            .unwrap();
        try_alice(&service, Protocol::Imap, &"another one".into()).await.unwrap();
    }

    async fn the_tenant_says_from_where_each_protocol_is_used(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, ALICE).await;
        let service = service(&test.db);
        let office = "192.0.2.0/24".parse().unwrap();
        let networks = ProtocolNetworks::default().with(Protocol::Imap, vec![office]);
        decide(&test.db, alice, SecurityPolicy { networks, ..SecurityPolicy::default() }).await;
        let main = Secret::from(PASSWORD);
        let (_, app) = make(&test.db, alice, new("phone", &[Protocol::Imap])).await;
        for secret in [&main, &app] {
            try_at(&service, Protocol::Imap, secret, "192.0.2.7").await.unwrap();
            let away = try_at(&service, Protocol::Imap, secret, "198.51.100.7").await;
            assert!(matches!(away, Err(SignInError::NotAllowed)));
        }
        try_at(&service, Protocol::Smtp, &main, "198.51.100.7").await.unwrap();
    }

    /// Written behind the sign-in, and not again for ten minutes.
    async fn the_last_use_is_written_lazily(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, ALICE).await;
        let service = service(&test.db);
        let (_, secret) = make(&test.db, alice, new("phone", &[Protocol::Imap])).await;
        let begun = test.db.now();
        let mut seen = Vec::new();
        for minutes in [0, 9, 1] {
            test.clock.advance(Duration::from_mins(minutes));
            try_alice(&service, Protocol::Imap, &secret).await.unwrap();
            service.history().flush(Arc::new(Unobserved)).await.unwrap();
            let list = test.db.read(move |tx| app_passwords::list(tx, alice)).await.unwrap();
            let used = list[0].last_use.clone().unwrap();
            assert_eq!((used.protocol.as_str(), used.address.as_str()), ("imap", "192.0.2.1"));
            seen.push(used.at.since(begun).as_secs() / 60);
        }
        assert_eq!(seen, [0, 0, 10]);
    }
}

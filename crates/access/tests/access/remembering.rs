//! What sign-in remembers, and for how long.

use std::time::Duration;

use hikyaku_access::{SignIn, SignInError, SignInPolicy};
use hikyaku_db::{Lane, params};
use hikyaku_directory::{
    AccountStatus,
    accounts::AccountChange,
    credentials,
    password::{HashParams, PasswordHash},
};

use crate::{
    fixture::{PASSWORD, account, assert_consistent, hash, tenant, write},
    sign_in::{change, policy, service, try_imap},
};

hikyaku_db::on_both_engines! {
    async fn a_checked_password_costs_no_second_hash_for_a_while(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        account(&test.db, "alice@example.test").await;
        let service = service(&test.db);
        for _ in 0..5 {
            try_imap(&service, "alice@example.test", PASSWORD)
                .await
                .unwrap();
        }
        for _ in 0..5 {
            assert!(matches!(
                try_imap(&service, "alice@example.test", "old").await,
                Err(SignInError::Denied)
            ));
            assert!(matches!(
                try_imap(&service, "eve@example.test", "old").await,
                Err(SignInError::Denied)
            ));
        }
        let metrics = service.metrics();
        assert_eq!((metrics.verifications, metrics.cache_hits), (3, 12));
        test.clock.advance(SignInPolicy::DEFAULT_CACHE_TTL);
        try_imap(&service, "alice@example.test", PASSWORD)
            .await
            .unwrap();
        assert_eq!(service.metrics().verifications, 4);
    }

    async fn a_new_password_counts_at_once(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, "alice@example.test").await;
        let service = service(&test.db);
        try_imap(&service, "alice@example.test", PASSWORD)
            .await
            .unwrap();
        assert!(
            try_imap(&service, "alice@example.test", "new")
                .await
                .is_err()
        );
        write(&test.db, move |tx| {
            credentials::set_password(tx, alice, &hash("new"))
        })
        .await
        .unwrap();
        assert!(matches!(
            try_imap(&service, "alice@example.test", PASSWORD).await,
            Err(SignInError::Denied)
        ));
        // It was remembered as wrong a moment ago.
        try_imap(&service, "alice@example.test", "new")
            .await
            .unwrap();
        // The old password again, with the old memory gone for good.
        write(&test.db, move |tx| {
            credentials::set_password(tx, alice, &hash(PASSWORD))
        })
        .await
        .unwrap();
        try_imap(&service, "alice@example.test", PASSWORD)
            .await
            .unwrap();
        assert!(matches!(
            try_imap(&service, "alice@example.test", "new").await,
            Err(SignInError::Denied)
        ));
        write(&test.db, move |tx| credentials::remove_password(tx, alice))
            .await
            .unwrap();
        assert!(matches!(
            try_imap(&service, "alice@example.test", PASSWORD).await,
            Err(SignInError::Denied)
        ));
        assert_consistent(&test).await;
    }

    /// As when another node changes it and its hint is lost.
    async fn a_new_password_counts_at_once_without_any_hint(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, "alice@example.test").await;
        let service = service(&test.db);
        try_imap(&service, "alice@example.test", PASSWORD)
            .await
            .unwrap();
        test.db
            .write(Lane::Mail, move |tx| {
                tx.execute(
                "UPDATE credential SET secret = ?2, version = version + 1 WHERE account_id = ?1",
                params![alice.account, hash("new").as_str()],
            )
            })
            .await
            .unwrap();
        assert!(matches!(
            try_imap(&service, "alice@example.test", PASSWORD).await,
            Err(SignInError::Denied)
        ));
        try_imap(&service, "alice@example.test", "new")
            .await
            .unwrap();
    }

    async fn every_change_of_an_account_empties_what_is_remembered(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, "alice@example.test").await;
        account(&test.db, "bob@example.test").await;
        let service = service(&test.db);
        try_imap(&service, "alice@example.test", PASSWORD)
            .await
            .unwrap();
        try_imap(&service, "bob@example.test", PASSWORD)
            .await
            .unwrap();
        change(
            &test.db,
            alice,
            AccountChange {
                status: Some(AccountStatus::Active),
                ..AccountChange::default()
            },
        )
        .await;
        try_imap(&service, "alice@example.test", PASSWORD)
            .await
            .unwrap();
        assert_eq!(service.metrics().verifications, 3);
        // The others keep theirs.
        try_imap(&service, "bob@example.test", PASSWORD)
            .await
            .unwrap();
        assert_eq!(service.metrics().verifications, 3);
    }

    async fn hashes_are_upgraded_at_sign_in(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, "alice@example.test").await;
        let stored =
            || async {
                test.db
                    .read(move |tx| {
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
        assert!(
            try_imap(&service, "alice@example.test", "wrong")
                .await
                .is_err()
        );
        assert_eq!(stored().await, before);
        try_imap(&service, "alice@example.test", PASSWORD)
            .await
            .unwrap();
        let after = stored().await;
        assert!(
            !PasswordHash::parse(&after.0)
                .unwrap()
                .differs_from(stronger)
        );
        // The same password: not a change, and what was remembered still counts.
        assert_eq!((after.1, after.2), (before.1, before.2));
        try_imap(&service, "alice@example.test", PASSWORD)
            .await
            .unwrap();
        let metrics = service.metrics();
        assert_eq!(
            (metrics.rehashed, metrics.verifications, metrics.cache_hits),
            (1, 2, 1)
        );
        test.clock.advance(SignInPolicy::DEFAULT_CACHE_TTL);
        try_imap(&service, "alice@example.test", PASSWORD)
            .await
            .unwrap();
        assert_eq!(service.metrics().rehashed, 1);
        assert_consistent(&test).await;
    }
}

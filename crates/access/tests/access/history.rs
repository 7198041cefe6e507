//! The history of sign-ins, and locks.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use hikyaku_access::{
    Protocol, SignIn, SignInError, Try,
    history::{self, Event, KEPT_DAYS, MAX_WAITING, Outcome, Query},
    lockout::{self, LockObserver, Unobserved},
    policy::{LockoutPolicy, SecurityPolicy},
    sign_in::ThrottlePolicy,
};
use hikyaku_db::{Database, DbError, Lane, WriteTx};
use hikyaku_directory::{AccountScope, accounts};
use hikyaku_types::Timestamp;

use crate::{
    app_passwords::decide,
    fixture::{PASSWORD, account, tenant, write},
    sign_in::{from, policy, service, try_imap},
};

const ALICE: &str = "alice@example.test";

/// Remembers whom it was told of.
#[derive(Debug, Default)]
struct Told(Mutex<Vec<(AccountScope, Timestamp)>>);

impl LockObserver for Told {
    fn locked(
        &self,
        _: &WriteTx<'_>,
        scope: AccountScope,
        until: Timestamp,
    ) -> Result<(), DbError> {
        self.0.lock().unwrap().push((scope, until));
        Ok(())
    }
}

async fn flush(service: &SignIn) {
    service.history().flush(Arc::new(Unobserved)).await.unwrap();
}

async fn read(db: &Database, scope: AccountScope) -> Vec<Event> {
    let query = Query {
        after: None,
        limit: 100,
    };
    db.read(move |tx| history::list(tx, scope, query))
        .await
        .unwrap()
}

async fn attempt(
    service: &SignIn,
    password: &str,
    ip: &str,
    client: &str,
) -> Result<(), SignInError> {
    let wanted = Try {
        login: ALICE,
        password: &password.into(),
        protocol: Protocol::Imap,
        from: from(ip),
        client,
    };
    service.attempt(wanted).await.map(drop)
}

/// A service whose throttle is out of the way, and a tenant that locks after five failures.
async fn locking(db: &Database, alice: AccountScope) -> SignIn {
    let lockout = LockoutPolicy {
        failures: 5,
        within_minutes: 10,
        lock_minutes: 15,
    };
    decide(
        db,
        alice,
        SecurityPolicy {
            lockout,
            ..SecurityPolicy::default()
        },
    )
    .await;
    let mut policy = policy();
    policy.throttle = ThrottlePolicy::default();
    policy.throttle.account.free = 1_000;
    policy.throttle.network.free = 1_000;
    SignIn::new(db.clone(), policy)
}

async fn fail(service: &SignIn, name: &str, count: u32) {
    for number in 0..count {
        let denied = attempt(service, &format!("{name} {number}"), "203.0.113.1", "").await;
        assert!(matches!(denied, Err(SignInError::Denied)));
    }
}

hikyaku_db::on_both_engines! {
    async fn what_is_alike_is_one_row(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, ALICE).await;
        let bob = account(&test.db, "bob@example.test").await;
        let service = service(&test.db);
        let begun = test.db.now();
        for round in 0..3 {
            for _ in 0..10 {
                attempt(&service, PASSWORD, "192.0.2.1", "Thunder\r\nbird").await.unwrap();
            }
            attempt(&service, "wrong", "203.0.113.1", "").await.unwrap_err();
            if round == 1 {
                flush(&service).await;
            }
            test.clock.advance(Duration::from_mins(5));
        }
        let _ = try_imap(&service, "nobody@example.test", "wrong").await;
        flush(&service).await;
        let found = read(&test.db, alice).await;
        assert_eq!(found.len(), 2, "{found:?}");
        let (failed, polled) = (&found[0], &found[1]);
        assert_eq!((failed.outcome, failed.count), (Outcome::WrongPassword, 3));
        assert_eq!((polled.outcome, polled.count), (Outcome::Success, 30));
        assert_eq!(polled.client, "Thunderbird");
        assert_eq!(polled.first_at, begun);
        assert_eq!(polled.last_at, begun.plus(Duration::from_mins(10)));
        assert_eq!((polled.address.as_str(), polled.protocol.as_str()), ("192.0.2.1", "imap"));
        assert_eq!(read(&test.db, bob).await, []);
        // Another day is another row.
        test.clock.advance(Duration::from_hours(24));
        attempt(&service, PASSWORD, "192.0.2.1", "Thunderbird").await.unwrap();
        flush(&service).await;
        assert_eq!(read(&test.db, alice).await.len(), 3);
        assert_eq!(service.history().lost(), 0);
    }

    async fn pages_go_on_behind_each_other(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, ALICE).await;
        let service = service(&test.db);
        for host in 1..=5 {
            attempt(&service, PASSWORD, &format!("192.0.2.{host}"), "").await.unwrap();
        }
        flush(&service).await;
        let mut seen = Vec::new();
        let mut query = Query { after: None, limit: 2 };
        loop {
            let page = test.db.read(move |tx| history::list(tx, alice, query)).await.unwrap();
            let Some(last) = page.last() else { break };
            query.after = Some(last.after());
            seen.extend(page.into_iter().map(|event| event.address));
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 5);
    }

    async fn the_buffer_is_bounded_and_sign_ins_go_on(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, ALICE).await;
        let service = service(&test.db);
        for _ in 0..MAX_WAITING + 5 {
            attempt(&service, PASSWORD, "192.0.2.1", "").await.unwrap();
        }
        assert_eq!(service.history().lost(), 5);
        flush(&service).await;
        assert_eq!(read(&test.db, alice).await[0].count, MAX_WAITING as u64);
    }

    async fn a_database_that_is_gone_loses_history_only(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        account(&test.db, ALICE).await;
        let service = service(&test.db);
        attempt(&service, PASSWORD, "192.0.2.1", "").await.unwrap();
        test.db.close().await;
        service.history().flush(Arc::new(Unobserved)).await.unwrap_err();
        assert_eq!(service.history().lost(), 1);
    }

    async fn the_history_ends_after_its_days_and_with_its_account(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, ALICE).await;
        let service = service(&test.db);
        let kept = Duration::from_hours(24 * u64::from(KEPT_DAYS));
        attempt(&service, PASSWORD, "192.0.2.1", "").await.unwrap();
        flush(&service).await;
        test.clock.advance(kept);
        attempt(&service, PASSWORD, "192.0.2.2", "").await.unwrap();
        flush(&service).await;
        test.clock.advance(Duration::from_millis(1));
        let before = test.db.now().minus(kept);
        let purge = move |tx: &WriteTx<'_>| history::purge(tx, before);
        assert_eq!(test.db.write(Lane::Background, purge).await.unwrap(), 1);
        assert_eq!(test.db.write(Lane::Background, purge).await.unwrap(), 0);
        assert_eq!(read(&test.db, alice).await[0].address, "192.0.2.2");
        // What is still waiting when the account is erased is nobody's.
        attempt(&service, PASSWORD, "192.0.2.3", "").await.unwrap();
        write(&test.db, move |tx| {
            accounts::delete(tx, alice)?;
            accounts::begin_erasure(tx, alice)?;
            accounts::erase(tx, alice)
        })
        .await
        .unwrap();
        flush(&service).await;
        assert_eq!(read(&test.db, alice).await, []);
    }

    /// Five failures lock; the lock ends by itself, and its owner is told once.
    async fn too_many_failures_lock_for_a_while(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, ALICE).await;
        let service = locking(&test.db, alice).await;
        let told = Arc::new(Told::default());
        fail(&service, "guess", 4).await;
        service.history().flush(told.clone()).await.unwrap();
        attempt(&service, PASSWORD, "198.51.100.1", "").await.unwrap();
        fail(&service, "last guess", 1).await;
        service.history().flush(told.clone()).await.unwrap();
        let until = test.db.now().plus(Duration::from_mins(15));
        assert_eq!(*told.0.lock().unwrap(), [(alice, until)]);
        // To somebody new the right password is as wrong as any other.
        let locked = attempt(&service, PASSWORD, "203.0.113.9", "").await.unwrap_err();
        let wrong = attempt(&service, "wrong", "203.0.113.9", "").await.unwrap_err();
        assert!(matches!(locked, SignInError::Denied));
        assert_eq!(locked.to_string(), wrong.to_string());
        // Where the owner has been lately, the owner still is.
        attempt(&service, PASSWORD, "198.51.100.1", "").await.unwrap();
        test.clock.advance(Duration::from_mins(15));
        attempt(&service, PASSWORD, "203.0.113.9", "").await.unwrap();
        flush(&service).await;
        let outcomes: Vec<_> = read(&test.db, alice).await.iter().map(|e| e.outcome).collect();
        assert!(outcomes.contains(&Outcome::Locked));
    }

    async fn failures_count_within_their_time_and_across_processes(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, ALICE).await;
        let (one, other) = (locking(&test.db, alice).await, locking(&test.db, alice).await);
        let told = Arc::new(Told::default());
        fail(&one, "one", 4).await;
        one.history().flush(told.clone()).await.unwrap();
        test.clock.advance(Duration::from_mins(10));
        fail(&other, "other", 4).await;
        other.history().flush(told.clone()).await.unwrap();
        assert_eq!(told.0.lock().unwrap().len(), 0, "the first four are forgotten");
        // A device that goes on with one old password counts once.
        for _ in 0..50 {
            attempt(&one, "old password", "203.0.113.7", "").await.unwrap_err();
        }
        one.history().flush(told.clone()).await.unwrap();
        assert_eq!(told.0.lock().unwrap().len(), 1);
    }

    async fn an_administrator_ends_a_lock(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, ALICE).await;
        let service = locking(&test.db, alice).await;
        fail(&service, "guess", 5).await;
        flush(&service).await;
        let locked = attempt(&service, PASSWORD, "192.0.2.1", "").await;
        assert!(matches!(locked, Err(SignInError::Denied)));
        for was in [true, false] {
            let unlocked = write(&test.db, move |tx| Ok(lockout::unlock(tx, alice)?)).await;
            assert_eq!(unlocked.unwrap(), was);
            attempt(&service, PASSWORD, "192.0.2.1", "").await.unwrap();
        }
    }

    async fn a_tenant_may_want_no_locks(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        let alice = account(&test.db, ALICE).await;
        let service = locking(&test.db, alice).await;
        let lockout = LockoutPolicy { failures: 0, ..LockoutPolicy::default() };
        decide(&test.db, alice, SecurityPolicy { lockout, ..SecurityPolicy::default() }).await;
        fail(&service, "guess", 50).await;
        flush(&service).await;
        attempt(&service, PASSWORD, "192.0.2.1", "").await.unwrap();
    }
}

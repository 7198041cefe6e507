//! Sign-in under attack, with a clock that the test moves.

use std::{sync::mpsc, time::Duration};

use hikyaku_access::{ClientAddress, Protocol, SignIn, SignInError, SignInPolicy};
use hikyaku_db::testing::TestDatabase;
use hikyaku_types::Secret;
use tokio::{sync::oneshot, task::JoinHandle};

use crate::{
    fixture::{PASSWORD, account, tenant},
    sign_in::{from, policy, service},
};

/// Tries `password` at Alice's account.
async fn try_alice(
    service: &SignIn,
    password: &str,
    from: ClientAddress,
) -> Result<(), SignInError> {
    service
        .sign_in("alice@example.test", &password.into(), Protocol::Imap, from)
        .await
        .map(drop)
}

/// How long to wait, according to the error.
fn wait(result: &Result<(), SignInError>) -> Option<Duration> {
    match result {
        Err(SignInError::Throttled { retry_after }) => Some(*retry_after),
        _ => None,
    }
}

/// The only slot of a hash pool, held by the test.
struct HeldSlot {
    let_go: mpsc::Sender<()>,
    holder: JoinHandle<()>,
}

impl HeldSlot {
    async fn release(self) {
        self.let_go.send(()).unwrap();
        self.holder.await.unwrap();
    }
}

/// A service with one slot, which is taken, and a queue of this length.
async fn one_held_slot(test: &TestDatabase, queue: usize) -> (SignIn, HeldSlot) {
    let mut policy = policy();
    policy.hashing.slots = 1;
    policy.hashing.queue = queue;
    let service = SignIn::new(test.db.clone(), policy);
    let (let_go, wait) = mpsc::channel();
    let (begun, begins) = oneshot::channel();
    let pool = service.hash_pool().clone();
    let holder = tokio::spawn(async move {
        pool.run(move || {
            begun.send(()).unwrap();
            wait.recv().unwrap();
        })
        .await
        .unwrap();
    });
    begins.await.unwrap();
    (service, HeldSlot { let_go, holder })
}

/// Tries all passwords at Alice's account at once, and lets them go when all of them wait.
async fn all_wait(
    service: &SignIn,
    slot: HeldSlot,
    passwords: impl ExactSizeIterator<Item = Secret>,
) -> Vec<Result<(), SignInError>> {
    let count = passwords.len();
    let tries: Vec<_> = passwords
        .map(|password| {
            let service = service.clone();
            tokio::spawn(async move {
                try_alice(&service, password.expose(), from("203.0.113.1")).await
            })
        })
        .collect();
    while service.hash_pool().waiting() < count {
        tokio::task::yield_now().await;
    }
    slot.release().await;
    let mut answers = Vec::new();
    for one in tries {
        answers.push(one.await.unwrap());
    }
    answers
}

hikyaku_db::on_both_engines! {
    async fn guessing_gets_slower_and_the_right_guess_too(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        account(&test.db, "alice@example.test").await;
        let service = service(&test.db);
        let attacker = from("203.0.113.1");
        for guess in 0..11 {
            let denied = try_alice(&service, &format!("guess {guess}"), attacker).await;
            assert!(matches!(denied, Err(SignInError::Denied)), "{guess}");
        }
        let throttled = try_alice(&service, PASSWORD, attacker).await;
        assert_eq!(wait(&throttled), Some(Duration::from_secs(1)));
        // Waiting clients cost nothing.
        assert_eq!(service.metrics().verifications, 11);
        test.clock.advance(Duration::from_secs(1));
        try_alice(&service, PASSWORD, attacker).await.unwrap();
        assert_eq!(service.metrics().throttled, 1);
    }

    async fn names_that_do_not_exist_are_throttled_alike(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        account(&test.db, "alice@example.test").await;
        let service = service(&test.db);
        let mut seen = Vec::new();
        for (net, login) in [
            (1, "alice@example.test"),
            (2, "unknown@example.test"),
            (3, "abcd001"),
        ] {
            let client = from(&format!("203.0.113.{net}"));
            let mut answers = Vec::new();
            for guess in 0..13 {
                let guess = format!("guess {guess}");
                let answer = service
                    .sign_in(login, &guess.into(), Protocol::Imap, client)
                    .await;
                answers.push(answer.unwrap_err().to_string());
            }
            seen.push(answers);
        }
        assert_eq!(seen[0], seen[1]);
        assert_eq!(seen[0], seen[2]);
        assert_eq!(
            seen[0][12],
            "too many failed sign-ins, try again in 1 seconds"
        );
    }

    async fn an_attacker_elsewhere_cannot_lock_the_owner_out(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        account(&test.db, "alice@example.test").await;
        let service = service(&test.db);
        let home = from("198.51.100.7");
        try_alice(&service, PASSWORD, home).await.unwrap();
        for round in 0..100 {
            let host = from(&format!("203.0.113.{round}"));
            let _ = try_alice(&service, &format!("guess {round}"), host).await;
        }
        assert!(wait(&try_alice(&service, PASSWORD, from("203.0.113.200")).await).is_some());
        // Not even when nothing is remembered of the password any more.
        test.clock.advance(SignInPolicy::DEFAULT_CACHE_TTL);
        for round in 0..100 {
            let host = from(&format!("203.0.113.{round}"));
            let _ = try_alice(&service, &format!("guess again {round}"), host).await;
        }
        try_alice(&service, PASSWORD, home).await.unwrap();
    }

    /// A phone that keeps the old password costs no hash each time and harms nobody.
    async fn a_device_with_an_old_password_does_no_harm(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        account(&test.db, "alice@example.test").await;
        let service = service(&test.db);
        let office = from("198.51.100.7");
        for _ in 0..240 {
            let denied = try_alice(&service, "old password", office).await;
            assert!(matches!(denied, Err(SignInError::Denied)), "{denied:?}");
            test.clock.advance(Duration::from_secs(30));
        }
        try_alice(&service, PASSWORD, office).await.unwrap();
        // Two hours, a hash every five minutes.
        assert_eq!(service.metrics().verifications, 24 + 1);
    }

    async fn parallel_guesses_do_not_get_past_the_throttle(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        account(&test.db, "alice@example.test").await;
        let (service, slot) = one_held_slot(&test, 100).await;
        let guess = |number| Secret::new(format!("guess {number}"));
        for answer in all_wait(&service, slot, (0..100).map(guess)).await {
            answer.unwrap_err();
        }
        let metrics = service.metrics();
        // Ten free ones, and one that makes the rest wait.
        assert_eq!((metrics.verifications, metrics.denied), (11, 11));
        assert_eq!(metrics.throttled, 89);
    }

    async fn parallel_sign_ins_of_one_account_cost_one_hash(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        account(&test.db, "alice@example.test").await;
        let (service, slot) = one_held_slot(&test, 100).await;
        for answer in all_wait(&service, slot, (0..100).map(|_| PASSWORD.into())).await {
            answer.unwrap();
        }
        assert_eq!(service.metrics().verifications, 1);
    }

    async fn a_full_queue_refuses_and_says_when_to_come_again(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        account(&test.db, "alice@example.test").await;
        let (service, slot) = one_held_slot(&test, 0).await;
        match try_alice(&service, PASSWORD, from("192.0.2.1")).await {
            Err(SignInError::Busy { retry_after }) => {
                assert_eq!(retry_after, SignInPolicy::BUSY_RETRY);
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(service.metrics().busy, 1);
        slot.release().await;
        try_alice(&service, PASSWORD, from("192.0.2.1"))
            .await
            .unwrap();
    }

    async fn closed_zone_clients_are_not_counted_by_network(test: TestDatabase) {
        tenant(&test.db, "ours", "example.test").await;
        account(&test.db, "alice@example.test").await;
        let service = service(&test.db);
        let front_end = ClientAddress {
            closed_zone: true,
            ..from("127.0.0.1")
        };
        for guess in 0..50 {
            let login = format!("user{guess}@example.test");
            let denied = service
                .sign_in(&login, &"guess".into(), Protocol::Web, front_end)
                .await;
            assert!(matches!(denied, Err(SignInError::Denied)));
        }
        try_alice(&service, PASSWORD, front_end).await.unwrap();
    }
}

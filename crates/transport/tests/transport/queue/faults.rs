//! Processes that die, several processes, and carriers that do what they should not.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use hikyaku_blob::SpaceWatch;
use hikyaku_db::{Database, Engine, testing::fresh};
use hikyaku_transport::{
    Transport,
    queue::{Carrier, Parcel, Scheduler, SchedulerOptions, State, Verdict},
    trace::Outcome,
};
use tokio::time::timeout;

use super::office::{Attempt, CONTENT, Office, greylisted, minutes, policy, sent, soon, start};

impl Office {
    /// The scheduler dies and another process begins.
    async fn restart(&mut self) {
        self.kill().await;
        let (scheduler, attempts) = start(&self.world.transport, SchedulerOptions::default());
        self.scheduler = Some(scheduler);
        *self.attempts.lock().await = attempts;
    }

    /// The next attempt at what a process that died had taken. Its last renewal of the lease may
    /// still be on its way when the clock moves: then the lease ends five minutes later again.
    async fn attempt_after_lease(&self) -> Attempt {
        loop {
            self.pass(minutes(6)).await;
            if let Ok(attempt) = timeout(Duration::from_secs(5), self.attempt()).await {
                return attempt;
            }
        }
    }
}

hikyaku_db::on_both_engines! {
    /// Between the other side's reply and the record: only this is sent twice, and not before it is
    /// certain that the first process is dead.
    async fn death_between_sending_and_recording(test: TestDatabase) {
        let engine = test.db.engine();
        let mut office = Office::open(test).await;
        office.send(&["a@remote.example"]).await;
        let lost = office.attempt().await;
        office.restart().await;
        lost.all(&sent());
        if engine == Engine::Postgres {
            // The first process may live elsewhere.
            office.nothing_is_tried().await;
            assert_eq!(office.queued().await[0].state, State::Sending);
            office.pass(minutes(5)).await;
        }
        office.answer_next(&sent()).await;
        assert_eq!(office.outcome("a@remote.example").await.0, Outcome::Sent);
        office.is_empty().await;
    }

    /// What was recorded is not sent again; what was not tried yet is.
    async fn death_between_attempts(test: TestDatabase) {
        let mut office = Office::open(test).await;
        office.send(&["a@one.example", "a@two.example"]).await;
        let (first, _second) = (office.attempt().await, office.attempt().await);
        let done = first.recipients();
        first.all(&sent());
        office.until_done(1).await;
        office.restart().await;
        let again = office.attempt_after_lease().await;
        assert_ne!(again.recipients(), done);
        again.all(&sent());
        office.until_done(2).await;
        assert!(office.is_quiet().await);
        office.is_empty().await;
    }

    /// What runs comes to its end, and nothing new begins.
    async fn an_orderly_end(test: TestDatabase) {
        let mut office = Office::open(test).await;
        office.send(&["a@one.example"]).await;
        let attempt = office.attempt().await;
        let scheduler = office.scheduler.take().unwrap();
        let mut drained = Box::pin(scheduler.drain(minutes(1)));
        assert!(futures_util::poll!(&mut drained).is_pending(), "an attempt runs");
        office.send(&["a@two.example"]).await;
        attempt.all(&sent());
        soon(drained).await;
        assert_eq!(office.outcome("a@one.example").await.0, Outcome::Sent);
        assert!(office.is_quiet().await);
        let rows = office.queued().await;
        assert_eq!((rows.len(), rows[0].state), (1, State::Waiting));
        office.restart().await;
        office.answer_next(&sent()).await;
        office.is_empty().await;
    }

    /// Whoever does not come to an end is cut off; the message is not lost.
    async fn an_end_that_is_forced(test: TestDatabase) {
        let mut office = Office::open(test).await;
        office.send(&["a@one.example"]).await;
        let stuck = office.attempt().await;
        let scheduler = office.scheduler.take().unwrap();
        soon(scheduler.drain(Duration::ZERO)).await;
        drop(stuck);
        office.restart().await;
        office.attempt_after_lease().await.all(&sent());
        office.until_done(1).await;
        office.is_empty().await;
    }

    async fn a_carrier_that_panics(test: TestDatabase) {
        let mut office = Office::open(test).await;
        office.kill().await;
        let (transport, options) = (office.world.transport.clone(), SchedulerOptions::default());
        let scheduler = Scheduler::start(transport, Arc::new(Clumsy), options);
        office.send(&["a@one.example"]).await;
        office.until_done(1).await;
        let rows = office.queued().await;
        assert_eq!(rows[0].trouble.as_ref().unwrap().kind, "local");
        soon(scheduler.drain(minutes(1))).await;
    }

    /// The content cannot be read: nothing is sent, nothing is lost, and it is said.
    async fn a_damaged_content(test: TestDatabase) {
        let office = Office::open(test).await;
        office.send(&["a@one.example"]).await;
        office.answer_next(&greylisted()).await;
        let spoil = |tx: &hikyaku_db::WriteTx<'_>| {
            tx.execute("UPDATE blob SET data = ?1", hikyaku_db::params![b"x".as_slice()])
        };
        office.db().write(hikyaku_db::Lane::Mail, spoil).await.unwrap();
        office.pass(minutes(6)).await;
        office.until_done(2).await;
        assert!(office.is_quiet().await);
        let rows = office.queued().await;
        assert_eq!(rows[0].trouble.as_ref().unwrap().kind, "local");
        assert_eq!(rows[0].attempts, 2);
    }

    /// A thousand messages, and the books balance.
    async fn many_messages(test: TestDatabase) {
        let office = Office::open(test).await;
        let senders: Vec<_> = (0..8)
            .map(|n| {
                let transport = office.world.transport.clone();
                let envelopes: Vec<_> = (0..25)
                    .map(|m| office.by_taro(&[&format!("u{n}-{m}@d{}.example", m % 7)]))
                    .collect();
                tokio::spawn(async move {
                    for envelope in envelopes {
                        transport.accept(envelope, CONTENT).await.unwrap();
                    }
                })
            })
            .collect();
        for _ in 0..200 {
            office.attempt().await.all(&sent());
        }
        for sender in senders {
            sender.await.unwrap();
        }
        office.until_done(200).await;
        assert!(office.is_quiet().await);
        office.is_empty().await;
    }
}

/// Falls over.
#[derive(Debug)]
struct Clumsy;

impl Carrier for Clumsy {
    fn carry(&self, _parcel: Parcel) -> BoxFuture<'_, Vec<Verdict>> {
        Box::pin(async { panic!("the carrier of a test panics") })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

/// Two processes on one PostgreSQL share the work, and nothing is sent twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_schedulers_share_one_queue() {
    if !hikyaku_db::testing::is_wanted(Engine::Postgres) {
        return;
    }
    let office = Office::open(fresh(Engine::Postgres).await).await;
    let mut options = office.world.test.guard.options();
    options.clock = Arc::clone(&office.world.test.clock) as _;
    let db = Database::open(options).await.unwrap();
    let transport = Transport::new(db, policy(), SpaceWatch::elsewhere());
    let (second, mut theirs) = start(&transport, SchedulerOptions::default());
    let mut ours = office.attempts.lock().await;
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut shares = [0, 0];
    for round in 0..20 {
        for n in 0..10 {
            office
                .send(&[&format!("u{round}-{n}@d{}.example", n % 3)])
                .await;
        }
        for _ in 0..10 {
            let (share, (parcel, verdicts)) = soon(async {
                tokio::select! {
                    Some(attempt) = ours.recv() => (0, attempt),
                    Some(attempt) = theirs.recv() => (1, attempt),
                }
            })
            .await;
            shares[share] += 1;
            for recipient in &parcel.recipients {
                *seen.entry(recipient.address.to_string()).or_default() += 1;
            }
            verdicts
                .send(vec![sent(); parcel.recipients.len()])
                .unwrap();
        }
    }
    drop(ours);
    let done = || office.done() + transport.queue_metrics().snapshot().sent;
    soon(async {
        while done() < 200 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(seen.len(), 200);
    assert!(seen.values().all(|times| *times == 1), "{seen:?}");
    assert!(shares.iter().all(|share| *share > 0), "{shares:?}");
    soon(second.drain(minutes(1))).await;
    office.is_empty().await;
}

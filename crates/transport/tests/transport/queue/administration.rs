//! What administrators see and do.

use hikyaku_db::DbError;
use hikyaku_directory::{PlatformScope, TenantScope};
use hikyaku_transport::{
    queue::{self, Changed, Filter, QueuedRecipient, State, Tell, Which},
    trace::Outcome,
};
use hikyaku_types::{Id as _, TenantId};

use super::office::{Office, greylisted, minutes, sent, unreachable};

const OPERATOR: PlatformScope = PlatformScope::operator();

impl Office {
    async fn find(&self, filter: Filter) -> Vec<String> {
        let rows: Vec<QueuedRecipient> = self
            .db()
            .read(move |tx| queue::list(tx, OPERATOR, &filter))
            .await
            .unwrap();
        rows.into_iter().map(|row| row.recipient).collect()
    }

    fn stranger(&self) -> TenantScope {
        TenantScope {
            tenant: TenantId::from_i64(self.taro.tenant.to_i64() + 1),
        }
    }
}

fn changed(recipients: u64, sending: u64) -> Changed {
    Changed {
        recipients,
        sending,
    }
}

hikyaku_db::on_both_engines! {
    async fn the_queue_is_listed(test: TestDatabase) {
        let office = Office::open(test).await;
        office.send(&["a@one.example", "b@one.example", "a@two.example"]).await;
        let (first, second) = (office.attempt().await, office.attempt().await);
        for attempt in [first, second] {
            if attempt.parcel.destination.as_str() == "one.example" {
                attempt.all(&greylisted());
            } else {
                // It stays on its way.
                std::mem::forget(attempt);
            }
        }
        office.until_done(2).await;
        let all = || Filter { limit: 100, ..Filter::default() };
        let everything = ["a@one.example", "b@one.example", "a@two.example"];
        assert_eq!(office.find(all()).await, everything);
        let one = Some("one.example".parse().unwrap());
        assert_eq!(office.find(Filter { destination: one, ..all() }).await, everything[..2]);
        let sender = Some("TARO@Example.test".to_owned());
        assert_eq!(office.find(Filter { sender, ..all() }).await, everything);
        let other = Some("hana@example.test".to_owned());
        assert_eq!(office.find(Filter { sender: other, ..all() }).await, [""; 0]);
        for (state, expected) in [
            (State::Waiting, &everything[..2]),
            (State::Sending, &everything[2..]),
            (State::Held, &[]),
        ] {
            assert_eq!(office.find(Filter { state: Some(state), ..all() }).await, expected);
        }
        let page = Filter { limit: 2, ..Filter::default() };
        assert_eq!(office.find(page.clone()).await, everything[..2]);
        let after = office.queued().await[1].id;
        assert_eq!(office.find(Filter { after: Some(after), ..page }).await, everything[2..]);

        let (rows, stranger, taro) = (office.queued().await, office.stranger(), office.taro);
        let id = rows[0].message;
        let read = move |tx: &hikyaku_db::Tx<'_>| {
            let shown = queue::show(tx, taro.tenant_scope(), id)?;
            let hidden = queue::show(tx, stranger, id)?;
            Ok::<_, DbError>((shown, hidden, queue::list(tx, stranger, &all())?))
        };
        let (shown, hidden, listed) = office.db().read(read).await.unwrap();
        let shown = shown.unwrap();
        assert_eq!(shown.recipients, rows);
        assert_eq!((shown.account, shown.message_id.as_str()), (Some(taro.account), "one@remote"));
        assert_eq!((hidden, listed), (None, Vec::new()), "other tenants see nothing");
    }

    /// Held mail waits for people, whatever its time.
    async fn holding_and_releasing(test: TestDatabase) {
        let office = Office::open(test).await;
        office.send(&["a@one.example"]).await;
        office.answer_next(&greylisted()).await;
        let id = office.queued().await[0].message;
        let operator = &office.operator;
        let which = Which::Message(id);
        assert_eq!(operator.hold(office.stranger(), which.clone()).await.unwrap(), changed(0, 0));
        assert_eq!(operator.hold(OPERATOR, which.clone()).await.unwrap(), changed(1, 0));
        assert_eq!(operator.hold(OPERATOR, which.clone()).await.unwrap(), changed(0, 0));
        assert_eq!(office.queued().await[0].state, State::Held);
        office.world.test.clock.advance(minutes(6 * 24 * 60));
        office.nothing_is_tried().await;
        assert_eq!(operator.retry(OPERATOR, which.clone()).await.unwrap(), changed(0, 0), "held");
        // One more attempt, and then it is over.
        let scope = office.taro.tenant_scope();
        assert_eq!(operator.release(scope, which).await.unwrap(), changed(1, 0));
        office.until_done(3).await;
        office.is_empty().await;
    }

    /// What is held while it is on its way is held when it comes back.
    async fn holding_what_is_on_its_way(test: TestDatabase) {
        let office = Office::open(test).await;
        office.send(&["a@one.example"]).await;
        let attempt = office.attempt().await;
        assert_eq!(office.operator.hold(OPERATOR, Which::All).await.unwrap(), changed(1, 0));
        attempt.all(&greylisted());
        office.until_done(1).await;
        assert_eq!(office.queued().await[0].state, State::Held);
        let one = Which::Destination("one.example".parse().unwrap());
        assert_eq!(office.operator.release(OPERATOR, one).await.unwrap(), changed(1, 0));
        office.answer_next(&sent()).await;
        office.is_empty().await;
    }

    /// Now instead of later; the operator also does not believe that a destination is unreachable.
    async fn trying_now(test: TestDatabase) {
        let office = Office::open(test).await;
        office.send(&["a@one.example", "a@two.example"]).await;
        for _ in 0..2 {
            office.answer_next(&unreachable()).await;
        }
        let one = Which::Destination("one.example".parse().unwrap());
        let tenant = office.taro.tenant_scope();
        assert_eq!(office.operator.retry(tenant, one.clone()).await.unwrap(), changed(1, 0));
        office.nothing_is_tried().await;
        assert_eq!(office.operator.retry(OPERATOR, one).await.unwrap().sending, 0);
        let attempt = office.attempt().await;
        assert_eq!(attempt.recipients(), ["a@one.example"]);
        attempt.all(&sent());
        office.until_done(4).await;
        office.operator.retry(OPERATOR, Which::All).await.unwrap();
        office.answer_next(&sent()).await;
        office.is_empty().await;
    }

    /// Out of the queue, with a word to the sender or without; never what is on its way.
    async fn taking_out(test: TestDatabase) {
        let office = Office::open(test).await;
        office.send(&["a@one.example", "a@two.example"]).await;
        let (first, second) = (office.attempt().await, office.attempt().await);
        let (one, two) = if first.parcel.destination.as_str() == "one.example" {
            (first, second)
        } else {
            (second, first)
        };
        one.all(&greylisted());
        office.until_done(1).await;
        let id = office.queued().await[0].message;
        let cancel = async |tell| {
            office.operator.cancel(OPERATOR, Which::Message(id), tell).await.unwrap()
        };
        let hidden = office.operator.cancel(office.stranger(), Which::All, Tell::Sender);
        assert_eq!(hidden.await.unwrap(), changed(0, 0));
        assert_eq!(cancel(Tell::Sender).await, changed(1, 1));
        assert_eq!(office.outcome("a@one.example").await.0, Outcome::Canceled);
        let report = office.world.last_message(office.taro).await;
        assert!(report.contains("The administrator of the mail system took the message"));
        assert!(report.contains("Action: failed\r\nStatus: 5.7.0\r\n"), "{report}");
        office.world.check().await;
        two.all(&greylisted());
        office.until_done(3).await;
        assert_eq!(cancel(Tell::Nobody).await, changed(1, 0));
        assert_eq!(office.inbox_count(office.taro).await, 1, "no word");
        office.is_empty().await;
    }

    /// Everything of a domain, many messages.
    async fn taking_out_all_of_a_domain(test: TestDatabase) {
        let office = Office::open(test).await;
        for n in 0..12 {
            office.send(&[&format!("u{n}@one.example"), &format!("u{n}@two.example")]).await;
        }
        for _ in 0..10 {
            office.answer_next(&unreachable()).await;
        }
        let one = Which::Destination("one.example".parse().unwrap());
        let gone = office.operator.cancel(OPERATOR, one, Tell::Nobody).await.unwrap();
        assert_eq!(gone, changed(12, 0));
        assert!(office.queued().await.iter().all(|row| row.destination == "two.example"));
        assert_eq!(office.queued().await.len(), 12);
        office.world.check().await;
    }

    async fn the_depth_is_counted(test: TestDatabase) {
        let office = Office::open(test).await;
        let depth = office.db().read(|tx| {
            tx.query_one("SELECT COUNT(*) FROM queue_recipient", &[], |row| row.get::<i64>(0))
        });
        assert_eq!(depth.await.unwrap(), 0);
        office.send(&["a@one.example"]).await;
        office.answer_next(&sent()).await;
        let now = office.world.transport.queue_metrics().snapshot();
        assert_eq!((now.attempts, now.sent, now.deferred, now.bounced), (1, 1, 0, 0));
    }
}

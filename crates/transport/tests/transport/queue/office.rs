//! A mail host with a queue, and a carrier that does what the test says.

use std::{future::Future, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{FutureExt as _, future::BoxFuture};
use hikyaku_db::{Database, DbError, Hint, Lane, testing::TestDatabase};
use hikyaku_directory::{AccountScope, Language, PlatformScope};
use hikyaku_mailstore::Quota;
use hikyaku_transport::{
    Envelope, Notify, Outgoing, Policy, ReportLanguage, Transport, Via,
    queue::{
        self, Carrier, Filter, Operator, Parcel, QueuedRecipient, Receipt, Scheduler,
        SchedulerOptions, Trouble, TroubleKind, Verdict,
    },
    trace::{Outcome, TraceRow},
};
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::world::{World, envelope};

/// One attempt that waits for its verdicts.
pub(crate) struct Attempt {
    pub(crate) parcel: Parcel,
    verdicts: oneshot::Sender<Vec<Verdict>>,
}

impl Attempt {
    /// The addresses of the parcel.
    pub(crate) fn recipients(&self) -> Vec<String> {
        let recipients = self.parcel.recipients.iter();
        recipients
            .map(|recipient| recipient.address.to_string())
            .collect()
    }

    /// Ends the attempt.
    pub(crate) fn answer(self, verdicts: Vec<Verdict>) {
        // The scheduler may have died.
        let _ = self.verdicts.send(verdicts);
    }

    /// Ends it the same way for all recipients.
    pub(crate) fn all(self, verdict: &Verdict) {
        let verdicts = vec![verdict.clone(); self.parcel.recipients.len()];
        self.answer(verdicts);
    }
}

/// Hands every parcel to the test.
#[derive(Debug)]
pub(crate) struct Messenger(mpsc::UnboundedSender<AttemptOf>);

type AttemptOf = (Parcel, oneshot::Sender<Vec<Verdict>>);

impl Carrier for Messenger {
    fn carry(&self, parcel: Parcel) -> BoxFuture<'_, Vec<Verdict>> {
        let (verdicts, answer) = oneshot::channel();
        self.0.send((parcel, verdicts)).unwrap();
        async move { answer.await.expect("the test answers") }.boxed()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        async {}.boxed()
    }
}

/// The host, one scheduler and the attempts that it makes.
pub(crate) struct Office {
    pub(crate) world: World,
    pub(crate) taro: AccountScope,
    pub(crate) scheduler: Option<Scheduler>,
    pub(crate) attempts: Mutex<mpsc::UnboundedReceiver<AttemptOf>>,
    pub(crate) operator: Operator,
}

/// What waits for 20 seconds at most: longer is a fault.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), what)
        .await
        .expect("this comes soon")
}

pub(crate) fn policy() -> Policy {
    Policy {
        outgoing: Some(Outgoing::default()),
        report_language: ReportLanguage::Only(Language::En),
        ..Policy::default()
    }
}

impl Office {
    pub(crate) async fn open(test: TestDatabase) -> Self {
        Self::open_with(test, policy(), SchedulerOptions::default()).await
    }

    pub(crate) async fn open_with(
        test: TestDatabase,
        policy: Policy,
        options: SchedulerOptions,
    ) -> Self {
        let world = World::new(test, policy).await;
        let taro = world.account("taro", Quota::UNLIMITED).await;
        let (scheduler, attempts) = start(&world.transport, options);
        Self {
            taro,
            scheduler: Some(scheduler),
            attempts: Mutex::new(attempts),
            operator: Operator::new(world.transport.clone()),
            world,
        }
    }

    pub(crate) fn db(&self) -> &Database {
        &self.world.test.db
    }

    /// Taro sends to these.
    pub(crate) async fn send(&self, recipients: &[&str]) {
        self.send_with(self.by_taro(recipients)).await;
    }

    pub(crate) async fn send_with(&self, envelope: Envelope) {
        let outcomes = self.world.accept(envelope).await.unwrap();
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    }

    pub(crate) fn by_taro(&self, recipients: &[&str]) -> Envelope {
        let mut envelope = envelope(recipients, hikyaku_transport::Answer::Whole);
        envelope.source.via = Via::Submission;
        envelope.source.account = Some(self.taro);
        envelope.sender = Some("taro@example.test".parse().unwrap());
        envelope
    }

    /// The next attempt.
    pub(crate) async fn attempt(&self) -> Attempt {
        let mut attempts = self.attempts.lock().await;
        let (parcel, verdicts) = soon(attempts.recv()).await.unwrap();
        Attempt { parcel, verdicts }
    }

    /// Whether an attempt waits for the test now.
    pub(crate) async fn is_quiet(&self) -> bool {
        self.attempts.lock().await.is_empty()
    }

    /// Makes the scheduler look, and waits for an attempt that proves that it has.
    pub(crate) async fn nothing_is_tried(&self) {
        self.send(&["marker@marker.example"]).await;
        let marker = self.attempt().await;
        assert_eq!(marker.recipients(), ["marker@marker.example"]);
        let before = self.done();
        marker.all(&sent());
        self.until_done(before + 1).await;
        assert!(self.is_quiet().await);
    }

    /// Moves the clock and makes the scheduler look.
    pub(crate) async fn pass(&self, by: Duration) {
        self.world.test.clock.advance(by);
        self.poke().await;
    }

    pub(crate) async fn poke(&self) {
        let hint = |tx: &hikyaku_db::WriteTx<'_>| {
            tx.hint(Hint::Queue);
            Ok::<_, DbError>(())
        };
        self.db().write(Lane::Mail, hint).await.unwrap();
    }

    /// Recipients of which an outcome was recorded, also a temporary one.
    pub(crate) fn done(&self) -> u64 {
        let now = self.world.transport.queue_metrics().snapshot();
        now.sent + now.delivered + now.deferred + now.bounced + now.canceled
    }

    /// Waits until outcomes of so many recipients are recorded.
    pub(crate) async fn until_done(&self, recipients: u64) {
        soon(async {
            while self.done() < recipients {
                tokio::task::yield_now().await;
            }
        })
        .await;
        assert_eq!(self.done(), recipients);
    }

    /// Waits until so many reports were written.
    pub(crate) async fn until_reported(&self, reports: u64) {
        let metrics = self.world.transport.queue_metrics();
        soon(async {
            while metrics.snapshot().reports < reports {
                tokio::task::yield_now().await;
            }
        })
        .await;
        assert_eq!(metrics.snapshot().reports, reports);
    }

    /// Answers the next attempt for all recipients and waits until it is recorded.
    pub(crate) async fn answer_next(&self, verdict: &Verdict) {
        let attempt = self.attempt().await;
        let before = self.done();
        let recipients = attempt.parcel.recipients.len() as u64;
        attempt.all(verdict);
        self.until_done(before + recipients).await;
    }

    pub(crate) async fn queued(&self) -> Vec<QueuedRecipient> {
        let all = Filter {
            limit: 1000,
            ..Filter::default()
        };
        let read = self
            .db()
            .read(move |tx| queue::list(tx, PlatformScope::operator(), &all));
        read.await.unwrap()
    }

    /// What became of a recipient.
    pub(crate) async fn outcome(&self, recipient: &str) -> (Outcome, String) {
        let row = self.trace_of(recipient).await;
        (row.outcome, row.detail)
    }

    pub(crate) async fn trace_of(&self, recipient: &str) -> TraceRow {
        let rows = self.world.trace().await;
        let row = rows.into_iter().find(|row| row.recipient == recipient);
        row.unwrap_or_else(|| panic!("{recipient} is not in the trace"))
    }

    pub(crate) async fn inbox_count(&self, scope: AccountScope) -> u32 {
        self.world.inbox(scope).await.total
    }

    /// No rows, no references, every counter right.
    pub(crate) async fn is_empty(&self) {
        assert_eq!(self.queued().await, []);
        let messages = self.db().read(|tx| {
            tx.query_one("SELECT COUNT(*) FROM queue_message", &[], |row| {
                row.get::<i64>(0)
            })
        });
        assert_eq!(messages.await.unwrap(), 0);
        self.world.check().await;
    }

    /// The scheduler's process dies now.
    pub(crate) async fn kill(&mut self) {
        if let Some(scheduler) = self.scheduler.take() {
            soon(scheduler.drain(Duration::ZERO)).await;
        }
    }
}

/// A scheduler with a carrier of its own.
pub(crate) fn start(
    transport: &Transport,
    options: SchedulerOptions,
) -> (Scheduler, mpsc::UnboundedReceiver<AttemptOf>) {
    let (sender, attempts) = mpsc::unbounded_channel();
    let carrier = Arc::new(Messenger(sender));
    (
        Scheduler::start(transport.clone(), carrier, options),
        attempts,
    )
}

pub(crate) fn sent() -> Verdict {
    Verdict::Sent(receipt())
}

pub(crate) fn receipt() -> Receipt {
    Receipt {
        host: "mx.remote.example".to_owned(),
        address: "192.0.2.25".parse().unwrap(),
        reply: "250 2.0.0 accepted as 4711".to_owned(),
        tls: Some("TLSv1.3".to_owned()),
        dsn_passed_on: false,
    }
}

pub(crate) fn trouble(kind: TroubleKind, status: &str, reply: Option<&str>) -> Trouble {
    Trouble {
        kind,
        status: status.to_owned(),
        host: reply.map(|_| "mx.remote.example".to_owned()),
        reply: reply.map(str::to_owned),
    }
}

/// A server that asks to come again.
pub(crate) fn greylisted() -> Verdict {
    let reply = "451 4.7.1 greylisted, come again";
    Verdict::Later(trouble(TroubleKind::Recipient, "4.7.1", Some(reply)))
}

/// Nobody there.
pub(crate) fn unreachable() -> Verdict {
    Verdict::Later(trouble(TroubleKind::Connect, "4.4.1", None))
}

/// No such user.
pub(crate) fn unknown() -> Verdict {
    let reply = "550 5.1.1 no such user";
    Verdict::Never(trouble(TroubleKind::Recipient, "5.1.1", Some(reply)))
}

pub(crate) const fn notify(success: bool, failure: bool, delay: bool) -> Notify {
    Notify {
        success,
        failure,
        delay,
    }
}

pub(crate) fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

pub(crate) const CONTENT: Bytes = Bytes::from_static(crate::world::MAIL.as_bytes());

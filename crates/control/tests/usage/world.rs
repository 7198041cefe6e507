//! A tenant with a contract, people, mail that comes, and a clock.

use std::time::Duration;

use bytes::Bytes;
use hikyaku_blob::SpaceWatch;
use hikyaku_control::{
    Actor, ControlError, TenantRef,
    usage::{self, MEASURE_EVERY, Meter, Report},
};
use hikyaku_db::{Database, Lane, WriteTx, params, testing::TestDatabase};
use hikyaku_directory::{
    AccountScope, PlatformScope, TenantScope,
    accounts::{self, NewAccount},
    domains,
    plans::Terms,
    pools::{Gap, Pool, PoolKey},
    tenants::{self, NewTenant},
};
use hikyaku_mailstore::{Limits, Mailstore, Quota};
use hikyaku_transport::{
    Answer, Envelope, Policy, Recipient, Rejection, Reporting, Source, Transport, Via,
};
use hikyaku_types::{ByteSize, DomainId, EmailAddress, Id as _, SessionId};

pub(crate) const OPERATOR: PlatformScope = PlatformScope::operator();
/// Bytes of one message, as it lies in the mailbox.
const MESSAGE: u64 = 1000;

pub(crate) struct World {
    pub(crate) test: TestDatabase,
    pub(crate) mail: Mailstore,
    pub(crate) transport: Transport,
    pub(crate) meter: Meter,
    pub(crate) tenant: TenantScope,
}

pub(crate) fn address(text: &str) -> EmailAddress {
    text.parse().unwrap()
}

pub(crate) fn console() -> Actor {
    Actor::console("root")
}

impl World {
    /// A tenant with `taro@example.test`, whose administrators read mail elsewhere.
    pub(crate) async fn new(test: TestDatabase, terms: Terms) -> Self {
        let db = test.db.clone();
        let made = db.write(Lane::Mail, move |tx| {
            let tenant = tenants::create(tx, OPERATOR, &NewTenant::named("Example"))?;
            domains::create(tx, OPERATOR, tenant, &"example.test".parse().unwrap())?;
            tx.execute(
                "INSERT INTO notice_settings (tenant_id, administrators, updated_at) \
                 VALUES (?1, ?2, 0)",
                params![tenant.tenant, r#"["admin@elsewhere.test"]"#],
            )?;
            Ok::<_, ControlError>(tenant)
        });
        let world = Self {
            tenant: made.await.unwrap(),
            mail: Mailstore::new(db.clone(), Limits::default()),
            transport: Transport::new(db.clone(), Policy::default(), SpaceWatch::elsewhere()),
            meter: Meter::new(db),
            test,
        };
        world.contract(terms).await;
        world.account("taro@example.test", Quota::UNLIMITED).await;
        world
    }

    pub(crate) fn db(&self) -> &Database {
        &self.test.db
    }

    /// Room for so many messages in the tenant's pool.
    pub(crate) fn room_for(messages: u64) -> Terms {
        Terms {
            pool_bytes: Some(ByteSize(messages * MESSAGE)),
            ..Terms::standard()
        }
    }

    /// What is agreed from now on.
    pub(crate) async fn contract(&self, terms: Terms) {
        let (tenant, terms) = (self.tenant, serde_json::to_string(&terms).unwrap());
        self.write(move |tx| {
            tx.execute(
                "INSERT INTO plan (id, name, canonical, status, revision, description, \
                 price_label, terms, created_at, updated_at) \
                 VALUES (1, 'p', 'p', 'published', 1, '', '', ?1, 0, 0) ON CONFLICT DO NOTHING",
                params![terms.as_str()],
            )?;
            tx.execute(
                "INSERT INTO contract (tenant_id, plan_id, plan_revision, terms, in_force, \
                 grace_days, details, created_at, updated_at) \
                 VALUES (?1, 1, 1, ?2, ?2, 30, '{}', 0, 0) \
                 ON CONFLICT (tenant_id) DO UPDATE SET in_force = excluded.in_force",
                params![tenant.tenant, terms.as_str()],
            )?;
            tx.hint(hikyaku_db::Hint::Tenant(tenant.tenant));
            Ok(())
        })
        .await
        .unwrap();
    }

    pub(crate) async fn domain(&self, name: &'static str) -> DomainId {
        let tenant = self.tenant;
        let create = move |tx: &WriteTx<'_>| {
            Ok(domains::create(
                tx,
                OPERATOR,
                tenant,
                &name.parse().unwrap(),
            )?)
        };
        self.write(create).await.unwrap()
    }

    pub(crate) async fn account(&self, name: &'static str, quota: Quota) -> AccountScope {
        self.write(move |tx| {
            let scope = accounts::create(tx, OPERATOR, &NewAccount::person(address(name)))?;
            hikyaku_mailstore::accounts::create(tx, scope, quota)?;
            Ok(scope)
        })
        .await
        .unwrap()
    }

    pub(crate) async fn scope(&self, name: &'static str) -> AccountScope {
        let found = self
            .db()
            .read(move |tx| accounts::find_by_address(tx, OPERATOR, &address(name)))
            .await;
        found.unwrap().scope
    }

    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&WriteTx<'_>) -> Result<T, ControlError> + Send + 'static,
    ) -> Result<T, ControlError> {
        self.db().write(Lane::Background, work).await
    }

    /// A stranger's message of a thousand bytes; what the mailbox stores of it is no more.
    pub(crate) async fn send(&self, to: &str) -> Result<(), Rejection> {
        self.send_as(&[to], Via::Smtp, None, MESSAGE as usize).await
    }

    pub(crate) async fn send_as(
        &self,
        to: &[&str],
        via: Via,
        account: Option<AccountScope>,
        size: usize,
    ) -> Result<(), Rejection> {
        let sender = account.map(|_| address("taro@example.test"));
        let recipients = to.iter().map(|to| Recipient {
            address: address(to),
            notify: None,
            original: None,
        });
        let envelope = Envelope {
            source: Source {
                via,
                ip: "192.0.2.1".parse().unwrap(),
                session: SessionId::from_i64(1),
                account,
            },
            sender,
            recipients: recipients.collect(),
            answer: Answer::Whole,
            reporting: Reporting {
                host: "mx.example.test".parse().unwrap(),
                envelope_id: None,
                returned: None,
            },
            utf8: false,
            trace_header: Vec::new(),
        };
        // Return-Path and Delivered-To are put before it.
        let mut text = b"Subject: x\r\n\r\n".to_vec();
        text.resize(size, b'x');
        let sent = self.transport.accept(envelope, Bytes::from(text)).await;
        sent.map(drop)
    }

    /// Sends until a mailbox holds more than so many thousand bytes.
    pub(crate) async fn fill(&self, to: &'static str, thousands: u64) {
        let scope = self.scope(to).await;
        while self.mail.usage(scope).await.unwrap().bytes.bytes() <= thousands * MESSAGE {
            self.send(to).await.unwrap();
        }
    }

    /// Deletes all mail of a mailbox.
    pub(crate) async fn empty(&self, of: &'static str) {
        let scope = self.scope(of).await;
        self.mail.expunge_everything(scope).await.unwrap();
    }

    pub(crate) async fn measure(&self) -> Report {
        self.meter.round(Gap::Running).await.unwrap()
    }

    /// Measures as often as a running house does, for so long, and says what happened.
    pub(crate) async fn run_for(&self, hours: u64) -> Report {
        let mut report = Report::default();
        for _ in 0..hours {
            // The most that one measurement counts: fewer measurements than in a real day.
            self.test.clock.advance(Duration::from_hours(1));
            report += self.measure().await;
        }
        assert!(MEASURE_EVERY < Duration::from_hours(1));
        report
    }

    pub(crate) async fn pool(&self, domain: Option<DomainId>) -> Pool {
        let key = PoolKey {
            tenant: self.tenant,
            domain,
        };
        let found = self
            .db()
            .read(move |tx| hikyaku_directory::pools::load(tx, key))
            .await;
        found.unwrap().expect("it was measured")
    }

    /// The words of the notices that wait to be sent, sorted.
    pub(crate) async fn notices(&self) -> Vec<String> {
        let read = self.db().read(|tx| {
            tx.query(
                "SELECT event FROM notice_outbox ORDER BY event",
                &[],
                |row| row.get::<String>(0),
            )
        });
        read.await.unwrap()
    }

    /// What the tenant's log says was done.
    pub(crate) async fn logged(&self) -> Vec<String> {
        let tenant = self.tenant.tenant;
        let read = self.db().read(move |tx| {
            tx.query(
                "SELECT action FROM oplog_entry WHERE chain = ?1 ORDER BY seq",
                params![tenant],
                |row| row.get::<String>(0),
            )
        });
        read.await.unwrap()
    }

    pub(crate) fn tenant_ref(&self) -> TenantRef {
        TenantRef::from(self.tenant.tenant.to_string().as_str())
    }

    /// The tenant's own view.
    pub(crate) async fn overview(&self, actor: Actor) -> usage::Overview {
        let read = self.db().read(move |tx| usage::overview(tx, &actor));
        read.await.unwrap()
    }
}

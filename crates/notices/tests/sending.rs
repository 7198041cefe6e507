//! What the outbox and its sender promise, on both engines.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::sync::Arc;

use hikyaku_blob::SpaceWatch;
use hikyaku_db::{DbError, Hint, Lane, testing::TestDatabase};
use hikyaku_directory::{
    AccountScope, DirectoryError, Language, PlatformScope, TenantScope,
    accounts::{self, NewAccount},
    domains,
    tenants::{self, NewTenant},
};
use hikyaku_mailstore::{Fields, Limits, MailboxPath, Mailstore, Quota, Registry, UidSet};
use hikyaku_notices::{
    Event, Notice, Recipient, Sender, SenderMetrics, SenderOptions, enqueue,
    settings::{self, NoticeSettings},
    template::{self, Draft},
};
use hikyaku_transport::{Outgoing, Policy, Transport, queue};
use hikyaku_types::ByteSize;
use serde_json::json;

/// A tenant with the domain `example.test` and one account.
struct World {
    test: TestDatabase,
    tenant: TenantScope,
    taro: AccountScope,
    transport: Transport,
    mailstore: Mailstore,
    metrics: Arc<SenderMetrics>,
}

impl World {
    async fn new(test: TestDatabase, quota: Quota) -> Self {
        let (tenant, taro) = test
            .db
            .write(Lane::Mail, move |tx| {
                let operator = PlatformScope::operator();
                let tenant = tenants::create(tx, operator, &NewTenant::named("株式会社山田"))?;
                domains::create(tx, operator, tenant, &"example.test".parse().unwrap())?;
                let new = NewAccount::person("taro@example.test".parse().unwrap());
                let taro = accounts::create(tx, operator, &new)?;
                hikyaku_mailstore::accounts::create(tx, taro, quota).unwrap();
                Ok::<_, DirectoryError>((tenant, taro))
            })
            .await
            .unwrap();
        let policy = Policy {
            outgoing: Some(Outgoing::default()),
            ..Policy::default()
        };
        let registry = Registry {
            references: vec![queue::REFERENCES],
            ..Registry::default()
        };
        Self {
            transport: Transport::new(test.db.clone(), policy, SpaceWatch::elsewhere()),
            mailstore: Mailstore::with_registry(test.db.clone(), Limits::default(), registry),
            metrics: Arc::default(),
            test,
            tenant,
            taro,
        }
    }

    fn sender(&self) -> Sender {
        let options = SenderOptions {
            host: "mx.example.test".parse().unwrap(),
            metrics: Arc::clone(&self.metrics),
        };
        Sender::start(self.test.db.clone(), self.transport.clone(), options)
    }

    async fn enqueue(&self, event: Event, to: Recipient, variables: serde_json::Value) -> usize {
        let notice = Notice::new(event, self.tenant, to, variables);
        let write = self
            .test
            .db
            .write(Lane::Mail, move |tx| enqueue(tx, &notice));
        write.await.unwrap()
    }

    /// The rows of the outbox.
    async fn waiting(&self) -> i64 {
        let count = self
            .test
            .db
            .read(|tx| tx.query_one("SELECT COUNT(*) FROM notice_outbox", &[], |row| row.get(0)));
        count.await.unwrap()
    }

    /// Sends everything, as one start of the server would.
    async fn send_all(&self) -> Sender {
        let mut mail = self
            .test
            .db
            .hints()
            .subscribe(Hint::Mail(self.taro.account));
        let sender = self.sender();
        while self.waiting().await > 0 {
            tokio::select! {
                () = mail.changed() => {}
                () = tokio::task::yield_now() => {}
            }
        }
        sender
    }

    async fn inbox(&self) -> Vec<String> {
        let inbox = self
            .mailstore
            .mailbox(self.taro, &MailboxPath::inbox())
            .await;
        let inbox = inbox.unwrap().unwrap();
        let (fields, all) = (Fields::default(), UidSet::all());
        let rows = self
            .mailstore
            .rows(self.taro, inbox.id, &all, None, 100, fields);
        let mut mail = Vec::new();
        for row in rows.await.unwrap() {
            let content = self
                .mailstore
                .content(self.taro, row.message)
                .await
                .unwrap();
            let parsed = hikyaku_message::ParsedMessage::parse(&content);
            let subject = parsed
                .envelope
                .subject
                .as_ref()
                .unwrap()
                .decoded()
                .into_owned();
            let preview = parsed.preview(&content);
            mail.push(format!("{subject}\n{preview}"));
        }
        mail
    }
}

hikyaku_db::on_both_engines! {
    /// In the reader's language, from the tenant, once.
    async fn a_notice_arrives(test: TestDatabase) {
        let world = World::new(test, Quota::UNLIMITED).await;
        let variables = json!({"name": "example.test", "percent": 91, "used": "91 GB",
            "total": "100 GB", "grace_hours": 24});
        let to = Recipient::Account(world.taro);
        assert_eq!(world.enqueue(Event::Pool90, to, variables).await, 1);
        let sender = world.send_all().await;
        let mail = world.inbox().await;
        assert_eq!(mail.len(), 1);
        assert!(mail[0].starts_with("[example.test] メールディスク総容量 90%超過のお知らせ"), "{}", mail[0]);
        assert!(mail[0].contains("91%(91 GB / 100 GB)"), "{}", mail[0]);
        sender.stop().await;
        assert_eq!(world.metrics.sent(), 1);
        assert_eq!(world.mailstore.check_all().await.unwrap(), []);
    }

    /// A mailbox that is full hears of it all the same.
    async fn a_full_mailbox_gets_notices(test: TestDatabase) {
        let quota = Quota { bytes: ByteSize(1), messages: 0 };
        let world = World::new(test, quota).await;
        let variables = json!({"percent": 100, "used": "1 B", "total": "1 B"});
        world.enqueue(Event::Mailbox90, Recipient::Account(world.taro), variables).await;
        world.send_all().await.stop().await;
        assert_eq!(world.inbox().await.len(), 1);
    }

    /// An address elsewhere is written to through the queue.
    async fn a_notice_leaves_the_house(test: TestDatabase) {
        let world = World::new(test, Quota::UNLIMITED).await;
        let to = Recipient::Address("taro@remote.example".parse().unwrap(), Language::En);
        let variables = json!({"code": "123456", "minutes": 10});
        world.enqueue(Event::FactorCode, to, variables).await;
        world.send_all().await.stop().await;
        let (tenant, sender): (i64, String) = world.test.db.read(|tx| {
            tx.query_one("SELECT tenant_id, sender FROM queue_message", &[], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
        }).await.map_err(|error: DbError| error).unwrap();
        assert_eq!(tenant.to_string(), world.tenant.tenant.to_string());
        assert_eq!(sender, "", "nothing comes back to an address that nobody reads");
    }

    /// The tenant's text and name are used; one that fails on real values is not in the way.
    async fn texts_of_the_tenant(test: TestDatabase) {
        let world = World::new(test, Quota::UNLIMITED).await;
        let tenant = world.tenant;
        world.test.db.write(Lane::Mail, move |tx| {
            let key = (Event::AppPasswordCreated, Language::Ja);
            let draft = Draft {
                subject: "{{ product }}: {{ label }}".to_owned(),
                body: "{{ tenant }}\n".to_owned(),
            };
            template::set(tx, Some(tenant), key, &draft)?;
            let failing = Draft {
                subject: "x".to_owned(),
                body: "{{ nothing_of_the_kind }}".to_owned(),
            };
            template::set(tx, Some(tenant), (Event::PasswordChanged, Language::Ja), &failing)?;
            let named = NoticeSettings {
                product: Some("山田メール".to_owned()),
                ..NoticeSettings::default()
            };
            settings::set(tx, Some(tenant), &named)
        }).await.unwrap();
        let to = || Recipient::Account(world.taro);
        world.enqueue(Event::AppPasswordCreated, to(), json!({"label": "Outlook"})).await;
        world.enqueue(Event::PasswordChanged, to(), json!({"by": "taro"})).await;
        world.send_all().await.stop().await;
        let mail = world.inbox().await;
        assert!(mail[0].starts_with("山田メール: Outlook\n株式会社山田"), "{}", mail[0]);
        assert!(mail[1].starts_with("【山田メール】パスワードが変更されました"), "{}", mail[1]);
    }

    /// Nobody to tell is no error, and leaves nothing behind.
    async fn a_tenant_without_administrators(test: TestDatabase) {
        let world = World::new(test, Quota::UNLIMITED).await;
        let told = world.enqueue(Event::PoolLocked, Recipient::Administrators, json!({})).await;
        assert_eq!((told, world.waiting().await), (0, 0));
    }

    /// What is rolled back is not sent.
    async fn a_notice_is_part_of_its_event(test: TestDatabase) {
        let world = World::new(test, Quota::UNLIMITED).await;
        let to = Recipient::Account(world.taro);
        let notice = Notice::new(Event::PasswordChanged, world.tenant, to, json!({"by": "x"}));
        let failed = world.test.db.write(Lane::Mail, move |tx| {
            enqueue(tx, &notice)?;
            Err::<(), DirectoryError>(DbError::NotFound.into())
        }).await;
        assert!(failed.is_err());
        assert_eq!(world.waiting().await, 0);
    }

    /// A refusal for good ends it: the row goes, and is counted.
    async fn a_refused_notice_is_given_up(test: TestDatabase) {
        let world = World::new(test, Quota::UNLIMITED).await;
        let to = Recipient::Address("nobody.here@example.test".parse().unwrap(), Language::Ja);
        world.enqueue(Event::FactorCode, to, json!({"code": "1", "minutes": 10})).await;
        world.send_all().await.stop().await;
        assert_eq!((world.metrics.sent(), world.metrics.given_up()), (0, 1));
    }
}

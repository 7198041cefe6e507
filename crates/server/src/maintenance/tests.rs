//! One round of maintenance, on both engines.

use bytes::Bytes;
use hikyaku_blob::SpaceWatch;
use hikyaku_db::testing::TestDatabase;
use hikyaku_directory::{
    accounts::{self, NewAccount},
    domains,
    tenants::NewTenant,
};
use hikyaku_mailstore::{Limits as MailLimits, Quota};
use hikyaku_transport::{
    Answer, Envelope, Policy, Recipient, Reporting, Source, Transport, Via, trace::Search,
};
use hikyaku_types::{EmailAddress, Id as _, SessionId};

use super::*;

const OPERATOR: PlatformScope = PlatformScope::operator();

struct Stage {
    test: TestDatabase,
    maintenance: Maintenance,
    tenant: TenantId,
}

impl Stage {
    async fn new(test: TestDatabase) -> Self {
        let db = test.db.clone();
        let create = db.write(Lane::Mail, |tx| {
            let tenant = tenants::create(tx, OPERATOR, &NewTenant::named("Example"))?;
            domains::create(tx, OPERATOR, tenant, &"example.test".parse().unwrap())?;
            Ok::<_, DirectoryError>(tenant.tenant)
        });
        Self {
            tenant: create.await.unwrap(),
            maintenance: Maintenance {
                mailstore: Mailstore::new(db.clone(), MailLimits::default()),
                db,
                limits: Limits::default(),
                object_grace: days(7),
            },
            test,
        }
    }

    fn db(&self) -> &Database {
        &self.test.db
    }

    async fn account(&self, name: &str) -> AccountScope {
        let new = NewAccount::person(address(name));
        let created = self.db().write(Lane::Mail, move |tx| {
            let scope = accounts::create(tx, OPERATOR, &new)?;
            hikyaku_mailstore::accounts::create(tx, scope, Quota::UNLIMITED)?;
            Ok::<_, MaintenanceError>(scope)
        });
        created.await.unwrap()
    }

    async fn send_to(&self, name: &str) {
        let envelope = Envelope {
            source: Source {
                via: Via::Smtp,
                ip: "192.0.2.1".parse().unwrap(),
                session: SessionId::from_i64(1),
                account: None,
            },
            sender: None,
            recipients: vec![Recipient {
                address: address(name),
                notify: None,
                original: None,
            }],
            answer: Answer::Whole,
            reporting: Reporting {
                host: "mx.example.test".parse().unwrap(),
                envelope_id: None,
                returned: None,
            },
            utf8: false,
            trace_header: Vec::new(),
        };
        let transport = Transport::new(
            self.db().clone(),
            Policy::default(),
            SpaceWatch::elsewhere(),
        );
        let content = Bytes::from_static(b"Subject: x\r\n\r\n");
        transport.accept(envelope, content).await.unwrap();
    }

    async fn change<T: Send + 'static>(
        &self,
        change: impl Fn(&WriteTx<'_>) -> Result<T, DirectoryError> + Send + 'static,
    ) -> T {
        self.db().write(Lane::Mail, change).await.unwrap()
    }

    async fn traced(&self) -> usize {
        let (tenant, what) = (
            self.tenant,
            Search {
                limit: 100,
                ..Search::default()
            },
        );
        let rows = self.db().read(move |tx| trace::search(tx, tenant, &what));
        rows.await.unwrap().len()
    }
}

fn address(name: &str) -> EmailAddress {
    format!("{name}@example.test").parse().unwrap()
}

hikyaku_db::on_both_engines! {
    async fn one_process_makes_the_round(test: TestDatabase) {
        let stage = Stage::new(test).await;
        let old = stage.account("old").await;
        stage.change(move |tx| accounts::delete(tx, old)).await;
        let time = days(stage.maintenance.limits.account_restore_days);
        stage.test.clock.advance(time + Duration::from_millis(1));
        let is_there = async || {
            let found = stage
                .db()
                .read(move |tx| accounts::find_deleted(tx, OPERATOR, &address("old")))
                .await;
            found.is_ok()
        };
        let another = stage.db().take_turn("maintenance", days(1)).await.unwrap();
        stage.maintenance.round_in_turn().await;
        assert!(is_there().await, "two made the round");
        stage.db().end_turn(another.expect("nobody is at it")).await.unwrap();
        stage.maintenance.round_in_turn().await;
        assert!(!is_there().await);
        let next = stage.db().take_turn("maintenance", days(1)).await.unwrap();
        assert!(next.is_some(), "the turn was not given back");
    }

    async fn what_is_past_its_time_goes(test: TestDatabase) {
        let stage = Stage::new(test).await;
        let old = stage.account("old").await;
        stage.account("other").await;
        stage.send_to("old").await;
        stage.send_to("other").await;
        stage.change(move |tx| accounts::delete(tx, old)).await;
        let time = days(stage.maintenance.limits.account_restore_days);
        stage.test.clock.advance(time);
        stage.maintenance.round().await;
        // To the day: the account can still be restored.
        stage.change(move |tx| accounts::restore(tx, old)).await;
        assert_eq!(stage.traced().await, 2);

        stage.change(move |tx| accounts::delete(tx, old)).await;
        stage.test.clock.advance(time + Duration::from_millis(1));
        stage.send_to("other").await;
        stage.maintenance.round().await;
        let gone = stage
            .db()
            .read(move |tx| accounts::find_deleted(tx, OPERATOR, &address("old")))
            .await;
        assert!(matches!(gone, Err(DirectoryError::NoSuchAccount(_))));
        // Its address is free again, and the mail of the others is there.
        stage.account("old").await;
        assert_eq!(stage.traced().await, 1);
        let findings = stage.maintenance.mailstore.check_all().await.unwrap();
        assert_eq!(findings, []);
    }

    /// As after a crash in the middle of it.
    async fn an_erasure_that_was_interrupted_goes_on(test: TestDatabase) {
        let stage = Stage::new(test).await;
        let young = stage.account("young").await;
        stage.send_to("young").await;
        stage
            .change(move |tx| {
                accounts::delete(tx, young)?;
                accounts::begin_erasure(tx, young)
            })
            .await;
        stage.maintenance.mailstore.erase(young).await.unwrap();
        stage.maintenance.round().await;
        stage.account("young").await;
    }

    /// Here one that something else still refers to.
    async fn one_account_does_not_hold_up_the_others(test: TestDatabase) {
        let stage = Stage::new(test).await;
        let first = stage.account("first").await;
        let second = stage.account("second").await;
        stage
            .change(move |tx| {
                accounts::delete(tx, first)?;
                accounts::delete(tx, second)
            })
            .await;
        let (table, column) = ("trouble", "account_id");
        let schema = format!(
            "CREATE TABLE {table} ({column} BIGINT NOT NULL REFERENCES account (id))"
        );
        let insert = format!("INSERT INTO {table} VALUES (?1)");
        stage
            .db()
            .write(Lane::Mail, move |tx| {
                tx.execute(&schema, &[])?;
                tx.execute(&insert, hikyaku_db::params![first.account])
            })
            .await
            .unwrap();
        let late = days(stage.maintenance.limits.account_restore_days + 1);
        stage.test.clock.advance(late);
        stage.maintenance.round().await;
        stage.account("second").await;
        let kept = stage
            .db()
            .read(move |tx| accounts::find_deleted(tx, OPERATOR, &address("first")))
            .await;
        assert_eq!(kept.unwrap(), first);
    }
}

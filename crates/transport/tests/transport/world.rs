//! A small mail host for the tests.

use bytes::Bytes;
use hikyaku_blob::SpaceWatch;
use hikyaku_db::{Lane, WriteTx, testing::TestDatabase};
use hikyaku_directory::{
    AccountScope, DirectoryError, PlatformScope, TenantScope,
    accounts::{self, NewAccount},
    addresses, domains,
    tenants::{self, NewTenant},
};
use hikyaku_mailstore::{Limits, MailboxPath, Mailstore, Quota, Registry};
use hikyaku_transport::{
    Answer, Envelope, Policy, Recipient, Rejection, Reporting, Source, Transport, Via, queue,
    trace::{self, Search},
};
use hikyaku_types::{ByteSize, Id, SessionId};

pub(crate) const MAIL: &str = "From: a@remote.example\r\nTo: x@example.test\r\nMessage-ID: <one@remote>\r\n\
                    Subject: hello\r\n\r\nA letter.\r\n";

/// A tenant with the domain `example.test`, and the rooms a message passes.
pub(crate) struct World {
    pub(crate) test: TestDatabase,
    pub(crate) tenant: TenantScope,
    pub(crate) transport: Transport,
    pub(crate) mailstore: Mailstore,
}

impl World {
    pub(crate) async fn new(test: TestDatabase, policy: Policy) -> Self {
        let tenant = test
            .db
            .write(Lane::Mail, |tx| {
                let operator = PlatformScope::operator();
                let tenant = tenants::create(tx, operator, &NewTenant::named("Test"))?;
                domains::create(tx, operator, tenant, &"example.test".parse().unwrap())?;
                Ok::<_, DirectoryError>(tenant)
            })
            .await
            .unwrap();
        let transport = Transport::new(test.db.clone(), policy, SpaceWatch::elsewhere());
        let registry = Registry {
            references: vec![queue::REFERENCES],
            ..Registry::default()
        };
        let mailstore = Mailstore::with_registry(test.db.clone(), Limits::default(), registry);
        Self {
            test,
            tenant,
            transport,
            mailstore,
        }
    }

    pub(crate) async fn account(&self, local: &str, quota: Quota) -> AccountScope {
        let address = format!("{local}@example.test").parse().unwrap();
        let new = NewAccount::person(address);
        let made = self.test.db.write(Lane::Mail, move |tx| {
            let scope = accounts::create(tx, PlatformScope::operator(), &new).unwrap();
            hikyaku_mailstore::accounts::create(tx, scope, quota)?;
            Ok::<_, hikyaku_mailstore::MailError>(scope)
        });
        made.await.unwrap()
    }

    /// A further domain of the tenant, with an account.
    pub(crate) async fn open_domain(&self, name: &str, local: &str) -> AccountScope {
        let (domain, address) = (name.parse().unwrap(), format!("{local}@{name}"));
        let new = NewAccount::person(address.parse().unwrap());
        let tenant = self.tenant;
        let made = self.test.db.write(Lane::Mail, move |tx| {
            let operator = PlatformScope::operator();
            domains::create(tx, operator, tenant, &domain).unwrap();
            let scope = accounts::create(tx, operator, &new).unwrap();
            hikyaku_mailstore::accounts::create(tx, scope, Quota::UNLIMITED)?;
            Ok::<_, hikyaku_mailstore::MailError>(scope)
        });
        made.await.unwrap()
    }

    /// Lets an account have so many bytes; 0 is unlimited.
    pub(crate) async fn resize(&self, scope: AccountScope, bytes: u64) {
        let quota = Quota {
            bytes: ByteSize(bytes),
            messages: 0,
        };
        let change =
            move |tx: &WriteTx<'_>| hikyaku_mailstore::accounts::set_quota(tx, scope, quota);
        self.test.db.write(Lane::Mail, change).await.unwrap();
    }

    pub(crate) async fn alias(&self, alias: &str, target: &str) {
        let (alias, target) = (alias.parse().unwrap(), target.parse().unwrap());
        self.test
            .db
            .write(Lane::Mail, move |tx| {
                addresses::create_alias(tx, PlatformScope::operator(), &alias, &target)
            })
            .await
            .unwrap();
    }

    pub(crate) async fn accept(
        &self,
        envelope: Envelope,
    ) -> Result<Vec<Result<(), Rejection>>, Rejection> {
        let content = Bytes::from_static(MAIL.as_bytes());
        self.transport
            .accept(envelope, content)
            .await
            .map(|accepted| accepted.outcomes)
    }

    pub(crate) async fn inbox(&self, scope: AccountScope) -> hikyaku_mailstore::Mailbox {
        let inbox = "INBOX".parse::<MailboxPath>().unwrap();
        self.mailstore
            .mailbox(scope, &inbox)
            .await
            .unwrap()
            .unwrap()
    }

    pub(crate) async fn trace(&self) -> Vec<trace::TraceRow> {
        let tenant = self.tenant.tenant;
        let what = Search {
            limit: 100,
            ..Search::default()
        };
        self.test
            .db
            .read(move |tx| trace::search(tx, tenant, &what))
            .await
            .unwrap()
    }

    pub(crate) async fn last_message(&self, scope: AccountScope) -> String {
        let inbox = self.inbox(scope).await;
        let everything = hikyaku_mailstore::UidSet::all();
        let fields = hikyaku_mailstore::Fields::default();
        let rows = self
            .mailstore
            .rows(scope, inbox.id, &everything, None, 100, fields)
            .await
            .unwrap();
        let bytes = self
            .mailstore
            .content(scope, rows[rows.len() - 1].message)
            .await
            .unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    /// Every counter is what it counts.
    pub(crate) async fn check(&self) {
        assert_eq!(self.mailstore.check_all().await.unwrap(), []);
    }
}

pub(crate) fn envelope(recipients: &[&str], answer: Answer) -> Envelope {
    Envelope {
        source: Source {
            via: Via::Smtp,
            ip: "192.0.2.1".parse().unwrap(),
            session: SessionId::from_i64(7),
            account: None,
        },
        sender: Some("a@remote.example".parse().unwrap()),
        recipients: recipients
            .iter()
            .map(|address| Recipient {
                address: address.parse().unwrap(),
                notify: None,
                original: None,
            })
            .collect(),
        answer,
        reporting: Reporting {
            host: "mx.example.test".parse().unwrap(),
            envelope_id: None,
            returned: None,
        },
        utf8: false,
        trace_header: b"Received: from test; Mon, 05 Jan 2026 09:00:00 +0900\r\n".to_vec(),
    }
}

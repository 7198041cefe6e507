//! What sending costs, in statements: on PostgreSQL each is a round trip.

use std::sync::Arc;

use bytes::Bytes;
use hikyaku_blob::Contents;
use hikyaku_db::{Hints, Lane, WriteTx, testing::TestDatabase};
use hikyaku_directory::{
    AccountScope, PlatformScope,
    accounts::{self, NewAccount},
    domains,
    tenants::{self, NewTenant},
};
use hikyaku_mailstore::{MailError, Quota};
use hikyaku_types::{Id as _, QueuedId, SessionId};

use super::{
    QueueError, Receipt,
    claim::{self, Owner},
    message::Message,
    settle::{About, By, End, Settlement, Tell},
};
use crate::{
    Answer, Envelope, Outgoing, Policy, Recipient, Reporting, Source, Via,
    accept::{
        deliver::{self, Failure, Job, ReportAt},
        prepared::Prepared,
    },
    in_force::Known,
};

async fn account(test: &TestDatabase) -> AccountScope {
    let made = test.db.write(Lane::Mail, |tx| {
        let operator = PlatformScope::operator();
        let tenant = tenants::create(tx, operator, &NewTenant::named("Test")).unwrap();
        domains::create(tx, operator, tenant, &"example.test".parse().unwrap()).unwrap();
        let new = NewAccount::person("taro@example.test".parse().unwrap());
        let scope = accounts::create(tx, operator, &new).unwrap();
        hikyaku_mailstore::accounts::create(tx, scope, Quota::UNLIMITED)?;
        Ok::<_, MailError>(scope)
    });
    made.await.unwrap()
}

fn job(scope: AccountScope, recipients: usize) -> Job {
    let policy = Policy {
        outgoing: Some(Outgoing::default()),
        ..Policy::default()
    };
    let recipients = (0..recipients).map(|n| Recipient {
        address: format!("u{n}@remote.example").parse().unwrap(),
        notify: None,
        original: None,
    });
    let content = Bytes::from_static(b"Subject: x\r\n\r\nx\r\n");
    Job {
        envelope: Envelope {
            source: Source {
                via: Via::Submission,
                ip: "192.0.2.1".parse().unwrap(),
                session: SessionId::from_i64(1),
                account: Some(scope),
            },
            sender: Some("taro@example.test".parse().unwrap()),
            recipients: recipients.collect(),
            answer: Answer::Whole,
            reporting: Reporting {
                host: "mx.example.test".parse().unwrap(),
                envelope_id: None,
                returned: None,
            },
            utf8: false,
            trace_header: Vec::new(),
        },
        prepared: Prepared::new(&Contents::in_database(), &content),
        policy: Arc::new(policy),
        known: Arc::new(Known::new(Hints::default())),
        also: None,
    }
}

/// Claims what waits and records that it was sent: the statements of both.
fn send(tx: &WriteTx<'_>, job: &Job) -> Result<(u32, u32), QueueError> {
    let owner = Owner(QueuedId::from_i64(1));
    let before = tx.statements();
    let destination = "remote.example".parse().unwrap();
    let claim = claim::next(tx, owner, &destination)?.unwrap();
    let claimed = tx.statements() - before;
    let message = Message::load(tx, claim.message)?.unwrap();
    let receipt = Receipt {
        host: "mx.remote.example".to_owned(),
        address: "192.0.2.2".parse().unwrap(),
        reply: "250 ok".to_owned(),
        tls: None,
        dsn_passed_on: false,
    };
    let sent = |row| (row, End::Sent(receipt.clone()));
    let settlement = Settlement {
        message,
        policy: Arc::clone(&job.policy),
        about: About {
            original: job.prepared.original().clone(),
            whole: None,
        },
        by: By::Lease(owner),
        ended: claim.recipients.into_iter().map(sent).collect(),
        later: Vec::new(),
        delayed: Vec::new(),
        news: None,
        tell: Tell::Sender,
    };
    let before = tx.statements();
    settlement.write(tx)?;
    Ok((claimed, tx.statements() - before))
}

hikyaku_db::on_both_engines! {
    /// Accepting: resolution, trace, content, message, recipients. Claiming: the message, its rows,
    /// its size. Recording: lock, rows, trace, message, content.
    async fn sending_costs_few_statements(test: TestDatabase) {
        let scope = account(&test).await;
        for (recipients, accepted, claimed, recorded) in [(1, 5, 3, 5), (50, 7, 3, 6)] {
            let job = Arc::new(job(scope, recipients));
            let accept = Arc::clone(&job);
            let write = move |tx: &WriteTx<'_>| {
                deliver::all(tx, &accept, ReportAt::ItsTurn)?;
                Ok::<_, Failure>(tx.statements())
            };
            let statements = test.db.write(Lane::Mail, write).await.unwrap();
            assert_eq!(statements, accepted, "to {recipients}");
            let sending = Arc::clone(&job);
            let costs = test.db.write(Lane::Mail, move |tx| send(tx, &sending)).await.unwrap();
            assert_eq!(costs, (claimed, recorded), "to {recipients}");
        }
    }
}

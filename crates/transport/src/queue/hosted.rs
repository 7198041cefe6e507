//! Delivery of queued mail whose domain has become ours while it waited.

use std::sync::Arc;

use bytes::Bytes;
use hikyaku_db::WriteTx;
use hikyaku_directory::AccountScope;

use super::{
    QueueError, Trouble, TroubleKind,
    claim::{Claim, Owner},
    load::Loaded,
    message::{Message, Recipient},
    settle::{About, By, End, Settled, Settlement, Tell},
};
use crate::{
    Answer, Envelope, Policy, Rejection, Source, Transport, Via,
    accept::{deliver, prepared::Prepared, upload},
    report::{GivenUp, Original},
};

/// What the transaction needs. Owned, because the closure may run again.
pub(super) struct Job {
    claim: Arc<Claim>,
    message: Message,
    policy: Arc<Policy>,
    owner: Owner,
    accept: deliver::Job,
    about: (Original, Option<Bytes>),
}

/// The message as it was, and why it cannot be delivered now.
pub(super) type Unready = (Box<Loaded>, String);

impl Job {
    /// Makes the message ready as if it came in now, under the id of its first transaction: who got
    /// it then does not get it twice.
    pub(super) async fn new(
        transport: &Transport,
        claim: Arc<Claim>,
        loaded: Loaded,
        owner: Owner,
    ) -> Result<Self, Unready> {
        let content = match &loaded.content {
            Ok(content) => content.slice(loaded.message.prefix.len().min(content.len())..),
            Err(error) => {
                let error = error.clone();
                return Err((Box::new(loaded), error.to_string()));
            }
        };
        let About { original, whole } = loaded.about();
        let policy = Arc::clone(transport.shared_policy());
        let envelope = envelope(&claim, &loaded.message);
        let prepared = Prepared::new(transport.contents(), &content);
        let uploaded = upload::upload(
            transport.db(),
            transport.contents(),
            (&envelope, &policy),
            prepared,
        );
        let prepared = match uploaded.await {
            Ok(prepared) => prepared,
            Err(failure) => return Err((Box::new(loaded), format!("{failure:?}"))),
        };
        let accept = deliver::Job {
            envelope,
            prepared,
            policy: Arc::clone(&policy),
            known: Arc::clone(transport.known()),
            also: None,
        };
        Ok(Self {
            claim,
            message: loaded.message,
            policy,
            owner,
            accept,
            about: (original, whole),
        })
    }

    /// Delivers and records.
    pub(super) fn write(&self, tx: &WriteTx<'_>) -> Result<Settled, QueueError> {
        let mut plan = deliver::plan(tx, &self.accept, self.message.transaction)?;
        deliver::queued(tx, &self.accept, &mut plan)?;
        let mut settlement = Settlement {
            message: self.message.clone(),
            policy: Arc::clone(&self.policy),
            about: About {
                original: self.about.0.clone(),
                whole: self.about.1.clone(),
            },
            by: By::Lease(self.owner),
            ended: Vec::new(),
            later: Vec::new(),
            delayed: Vec::new(),
            news: None,
            tell: Tell::Sender,
        };
        for (recipient, fate) in self.claim.recipients.iter().zip(plan.answers()) {
            let account = fate.scope.map(|scope| scope.account);
            match (fate.result, account) {
                (Ok(_), Some(account)) => {
                    settlement.end_with(recipient, End::Delivered(account));
                }
                // The domain has gone again: the next attempt finds out.
                (Ok(_), None) => settlement.put_off(tx, recipient, &Rejection::temporary()),
                (Err(rejection), _) if rejection.is_temporary() => {
                    settlement.put_off(tx, recipient, &rejection);
                }
                (Err(rejection), _) => {
                    let end = End::Bounced(refused(&rejection), GivenUp::ForGood);
                    settlement.end_with(recipient, end);
                }
            }
        }
        settlement.write(tx)
    }
}

impl Settlement {
    fn end_with(&mut self, recipient: &Recipient, end: End) {
        self.ended.push((recipient.clone(), end));
    }

    fn put_off(&mut self, tx: &WriteTx<'_>, recipient: &Recipient, rejection: &Rejection) {
        let trouble = refused(rejection);
        if tx.now() >= self.message.expires_at {
            self.end_with(recipient, End::Bounced(trouble, GivenUp::Expired));
        } else {
            self.later.push((recipient.clone(), trouble));
        }
    }
}

fn refused(rejection: &Rejection) -> Trouble {
    Trouble {
        kind: TroubleKind::Recipient,
        status: rejection.enhanced.to_owned(),
        host: None,
        reply: Some(rejection.to_string()),
    }
}

fn envelope(claim: &Claim, message: &Message) -> Envelope {
    Envelope {
        source: Source {
            via: Via::Submission,
            ip: std::net::Ipv6Addr::LOCALHOST.into(),
            session: message.session,
            account: message.account.map(|account| AccountScope {
                tenant: message.tenant,
                account,
            }),
        },
        sender: message.sender.clone(),
        recipients: claim
            .recipients
            .iter()
            .map(|recipient| crate::Recipient {
                address: recipient.address.clone(),
                notify: recipient.notify,
                original: recipient.original.clone(),
            })
            .collect(),
        answer: Answer::PerRecipient,
        reporting: message.reporting.clone(),
        utf8: message.utf8,
        trace_header: trace_header(message),
    }
}

/// The queue's prefix without the empty line that a message without header got.
fn trace_header(message: &Message) -> Vec<u8> {
    let prefix = message.prefix.as_slice();
    let lines = prefix.strip_suffix(b"\r\n\r\n");
    match lines {
        Some(lines) => [lines, b"\r\n"].concat(),
        None => prefix.to_vec(),
    }
}

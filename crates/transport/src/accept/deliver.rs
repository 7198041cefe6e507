//! The transaction that accepts a message: every recipient's outcome, or nothing.

use std::sync::Arc;

use hikyaku_db::{DbError, WriteTx};
use hikyaku_directory::{AccountScope, DirectoryError, PlatformScope, addresses, domains};
use hikyaku_mailstore::{
    Flags, MailError, Overshoot,
    delivery::{self, Delivery, DeliveryId, Outcome as Delivered, Recipient, Target},
};
use hikyaku_types::{EmailAddress, OffsetTimestamp, TenantId, TraceId};

use crate::{
    Accepted, Answer, Envelope, Policy, Rejection,
    accept::{Prepared, report},
    prefix,
    recipient::{Route, route},
    trace::{self, Outcome, TraceOfMessage, TraceOfRecipient},
};

/// Everything the transaction needs. Owned, because the closure may run again.
pub(super) struct Job {
    pub(super) envelope: Envelope,
    pub(super) prepared: Prepared,
    pub(super) policy: Arc<Policy>,
}

/// Why the transaction was rolled back.
#[derive(Debug)]
pub(super) enum Failure {
    /// No recipient can take the message.
    Refused(Rejection),
    /// The mail store failed.
    Mail(MailError),
    /// The directory failed.
    Directory(DirectoryError),
    /// The database failed.
    Db(DbError),
}

impl From<DbError> for Failure {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

impl From<MailError> for Failure {
    fn from(error: MailError) -> Self {
        Self::Mail(error)
    }
}

impl From<DirectoryError> for Failure {
    fn from(error: DirectoryError) -> Self {
        Self::Directory(error)
    }
}

/// One mailbox that gets the message, and which recipients of the envelope it stands for: somebody
/// who is named twice, by address and by alias, gets one copy.
struct Copy {
    scope: AccountScope,
    recipients: Vec<usize>,
    prefix: Vec<u8>,
    id: DeliveryId,
}

/// What became of one recipient, for the reply and for the trace.
#[derive(Clone)]
pub(super) struct Fate {
    pub(super) scope: Option<AccountScope>,
    pub(super) result: Result<Outcome, Rejection>,
}

/// Routes and delivers to all recipients.
pub(super) fn all(tx: &WriteTx<'_>, job: &Job) -> Result<Accepted, Failure> {
    let transaction: TraceId = tx.new_id();
    let (copies, mut fates) = plan(tx, job, transaction)?;
    deliver(tx, job, &copies, &mut fates)?;
    let taken = fates.iter().any(|fate| fate.result.is_ok());
    match job.envelope.answer {
        _ if taken => {
            record(tx, job, transaction, &fates)?;
            report::send(tx, job, transaction, &fates)?;
        }
        Answer::Whole => return Err(Failure::Refused(reason_for_all(&fates))),
        // Nothing was written, and each recipient hears its own reason.
        Answer::PerRecipient => {}
    }
    let outcomes = fates
        .into_iter()
        .map(|fate| fate.result.map(drop))
        .collect();
    Ok(Accepted {
        transaction,
        outcomes,
    })
}

/// Resolves the recipients again, under the transaction: an account may have gone since RCPT.
fn plan(
    tx: &WriteTx<'_>,
    job: &Job,
    transaction: TraceId,
) -> Result<(Vec<Copy>, Vec<Fate>), Failure> {
    let envelope = &job.envelope;
    let addresses: Vec<EmailAddress> = envelope
        .recipients
        .iter()
        .map(|recipient| recipient.address.clone())
        .collect();
    let resolutions = addresses::resolve_many(tx, &addresses)?;
    let mut copies: Vec<Copy> = Vec::new();
    let mut fates = Vec::with_capacity(addresses.len());
    let mut known = std::collections::HashMap::new();
    for (index, (address, resolution)) in addresses.iter().zip(&resolutions).enumerate() {
        let scope = match route(address, resolution, envelope.source.via) {
            Route::Mailbox(scope) => scope,
            Route::Refuse(rejection) => {
                fates.push(Fate {
                    scope: None,
                    result: Err(rejection),
                });
                continue;
            }
        };
        // The result is a stand-in until `deliver` has the real one.
        fates.push(Fate {
            scope: Some(scope),
            result: Ok(Outcome::Delivered),
        });
        let place = *known.entry(scope.account).or_insert_with(|| {
            let account = scope.account.to_string();
            let message = transaction.to_string();
            copies.push(Copy {
                scope,
                recipients: Vec::new(),
                prefix: prefix::build(
                    envelope.sender.as_ref(),
                    address,
                    &envelope.trace_header,
                    job.prepared.begins(),
                ),
                id: DeliveryId::derive(&[b"accept", message.as_bytes(), account.as_bytes()]),
            });
            copies.len() - 1
        });
        if let Some(copy) = copies.get_mut(place) {
            copy.recipients.push(index);
        }
    }
    Ok((copies, fates))
}

/// Delivers first to those who have room. Those who have none are tried again, one message over
/// their limit, only if somebody takes the message and they cannot be told apart in the reply
/// (design §4 "One DATA, several recipients").
fn deliver(
    tx: &WriteTx<'_>,
    job: &Job,
    copies: &[Copy],
    fates: &mut [Fate],
) -> Result<(), Failure> {
    let outcomes = attempt(tx, job, copies.iter(), Overshoot::Refuse)?;
    let mut full: Vec<&Copy> = Vec::new();
    let mut taken = false;
    for (copy, outcome) in copies.iter().zip(outcomes) {
        match outcome {
            Delivered::Full(_) => full.push(copy),
            other => {
                taken = true;
                settle(fates, copy, &result_of(other, &job.policy));
            }
        }
    }
    let overshoot = taken && job.envelope.answer == Answer::Whole;
    if !overshoot {
        for copy in full {
            settle(
                fates,
                copy,
                &Err(Rejection::mailbox_full(job.policy.mailbox_full)),
            );
        }
        return Ok(());
    }
    let outcomes = attempt(tx, job, full.iter().copied(), Overshoot::AllowOnce)?;
    for (copy, outcome) in full.into_iter().zip(outcomes) {
        settle(fates, copy, &result_of(outcome, &job.policy));
    }
    Ok(())
}

fn attempt<'a>(
    tx: &WriteTx<'_>,
    job: &'a Job,
    copies: impl Iterator<Item = &'a Copy>,
    overshoot: Overshoot,
) -> Result<Vec<Delivered>, Failure> {
    let flags = Flags::default();
    let recipients: Vec<Recipient<'_>> = copies
        .map(|copy| Recipient {
            scope: copy.scope,
            prefix: &copy.prefix,
            mailbox: Target::Inbox,
            flags: &flags,
            id: copy.id,
            overshoot,
        })
        .collect();
    if recipients.is_empty() {
        return Ok(Vec::new());
    }
    let delivery = Delivery {
        content: job.prepared.content(),
        internal_date: OffsetTimestamp::utc(tx.now()),
    };
    Ok(delivery::deliver_all(tx, delivery, &recipients)?)
}

fn result_of(outcome: Delivered, policy: &Policy) -> Result<Outcome, Rejection> {
    match outcome {
        Delivered::Delivered(_) => Ok(Outcome::Delivered),
        Delivered::Duplicate => Ok(Outcome::Duplicate),
        Delivered::Full(_) => Err(Rejection::mailbox_full(policy.mailbox_full)),
    }
}

fn settle(fates: &mut [Fate], copy: &Copy, result: &Result<Outcome, Rejection>) {
    for index in &copy.recipients {
        if let Some(fate) = fates.get_mut(*index) {
            fate.result.clone_from(result);
        }
    }
}

/// The reply when nobody takes the message: a temporary reason wins, because the sender may then
/// try again for all (design §4).
fn reason_for_all(fates: &[Fate]) -> Rejection {
    let mut reasons = fates.iter().filter_map(|fate| fate.result.as_ref().err());
    let first = reasons.next();
    let temporary = first
        .into_iter()
        .chain(reasons)
        .find(|reason| reason.is_temporary());
    temporary
        .or(first)
        .cloned()
        .unwrap_or_else(Rejection::no_recipients)
}

/// One trace row per recipient, for the administrators of its tenant.
fn record(
    tx: &WriteTx<'_>,
    job: &Job,
    transaction: TraceId,
    fates: &[Fate],
) -> Result<(), Failure> {
    let source = &job.envelope.source;
    let sender = job
        .envelope
        .sender
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    let message = TraceOfMessage {
        transaction,
        session: trace::raw(source.session),
        at: tx.now(),
        via: source.via.as_str(),
        client_ip: &source.ip.to_string(),
        sender: &sender,
        message_id: job.prepared.message_id(),
        size: job.prepared.content().size(),
    };
    let mut rows = Vec::with_capacity(fates.len());
    for (recipient, fate) in job.envelope.recipients.iter().zip(fates) {
        let Some(tenant) = tenant_of(tx, &recipient.address, fate)? else {
            continue;
        };
        let (outcome, detail) = match &fate.result {
            Ok(outcome) => (*outcome, String::new()),
            Err(rejection) => (Outcome::RejectedByRule, rejection.to_string()),
        };
        rows.push(TraceOfRecipient {
            tenant,
            account: fate.scope.map(|scope| scope.account),
            recipient: recipient.address.to_string(),
            outcome,
            detail,
        });
    }
    Ok(trace::record(tx, &message, &rows)?)
}

/// The tenant that sees the row: the account's; for an address that has gone since RCPT its
/// domain's; nobody when the domain has gone too.
fn tenant_of(
    tx: &WriteTx<'_>,
    address: &EmailAddress,
    fate: &Fate,
) -> Result<Option<TenantId>, DirectoryError> {
    if let Some(scope) = fate.scope {
        return Ok(Some(scope.tenant));
    }
    match domains::find(tx, PlatformScope::operator(), address.domain()) {
        Ok(domain) => Ok(Some(domain.tenant.tenant)),
        Err(DirectoryError::NoSuchDomain(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

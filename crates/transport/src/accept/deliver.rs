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
    accept::{
        Prepared,
        report::{self, Early},
    },
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

/// When the report to the sender is written, if there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReportAt {
    /// When it is the turn of the sender's account, for accounts are locked in ascending order.
    /// What becomes of the recipients behind it is guessed: they get the message.
    ItsTurn,
    /// When everything is known.
    End,
}

/// Why the transaction was rolled back.
#[derive(Debug)]
pub(super) enum Failure {
    /// The report was written too early, and the guess was wrong: do it again with
    /// [`ReportAt::End`].
    WrongGuess,
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

impl Fate {
    /// Whether a recipient who was routed, and so expected to get the message, did not.
    fn was_guessed_wrong(&self) -> bool {
        self.scope.is_some() && self.result.is_err()
    }
}

/// Whether the report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    Early,
    NotYet,
}

/// Routes and delivers to all recipients.
pub(super) fn all(tx: &WriteTx<'_>, job: &Job, report_at: ReportAt) -> Result<Accepted, Failure> {
    let transaction: TraceId = tx.new_id();
    let (copies, mut fates) = plan(tx, job, transaction)?;
    let early = match report_at {
        ReportAt::ItsTurn => report::early(tx, job, transaction)?,
        ReportAt::End => None,
    };
    let sent = deliver(tx, job, &copies, &mut fates, early)?;
    let taken = fates.iter().any(|fate| fate.result.is_ok());
    match (job.envelope.answer, sent) {
        (_, Sent::Early) if taken => {
            if fates.iter().any(Fate::was_guessed_wrong) {
                return Err(Failure::WrongGuess);
            }
            record(tx, job, transaction, &fates)?;
        }
        _ if taken => {
            record(tx, job, transaction, &fates)?;
            report::send(tx, job, transaction, &fates)?;
        }
        (Answer::Whole, _) => return Err(Failure::Refused(reason_for_all(&fates))),
        // Nothing was written, and each recipient hears its own reason.
        (Answer::PerRecipient, _) => {}
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
        // A guess, until `deliver` knows.
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
    copies.sort_by_key(|copy| copy.scope.account);
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
    early: Option<Early>,
) -> Result<Sent, Failure> {
    let (outcomes, sent) = in_turn(tx, job, copies, fates, early)?;
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
        return Ok(sent);
    }
    let outcomes = attempt(tx, job, full.iter().copied(), Overshoot::AllowOnce)?;
    for (copy, outcome) in full.into_iter().zip(outcomes) {
        settle(fates, copy, &result_of(outcome, &job.policy));
    }
    Ok(sent)
}

/// Delivers to those who have room, in ascending order of their accounts, with the report where the
/// sender's account has its turn.
fn in_turn(
    tx: &WriteTx<'_>,
    job: &Job,
    copies: &[Copy],
    guess: &[Fate],
    early: Option<Early>,
) -> Result<(Vec<Delivered>, Sent), Failure> {
    let place = early.as_ref().map_or(0, |early| {
        copies.partition_point(|copy| copy.scope.account < early.account())
    });
    let (before, behind) = copies.split_at(place);
    let mut outcomes = attempt(tx, job, before.iter(), Overshoot::Refuse)?;
    let all_fit = !outcomes.iter().any(|o| matches!(o, Delivered::Full(_)));
    let sent = match early {
        Some(early) if all_fit => {
            early.send(tx, job, guess)?;
            Sent::Early
        }
        _ => Sent::NotYet,
    };
    outcomes.extend(attempt(tx, job, behind.iter(), Overshoot::Refuse)?);
    Ok((outcomes, sent))
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

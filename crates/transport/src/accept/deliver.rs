//! The transaction that accepts a message: every recipient's outcome, or nothing.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use hikyaku_db::{DbError, WriteTx};
use hikyaku_directory::{AccountScope, DirectoryError, PlatformScope, addresses, domains};
use hikyaku_mailstore::{
    Flags, MailError, Overshoot,
    delivery::{self, Delivery, DeliveryId, Outcome as Delivered, Recipient, Target},
};
use hikyaku_types::{AccountId, EmailAddress, OffsetTimestamp, TenantId, TraceId};

use crate::{
    Accepted, Answer, Envelope, Policy, Rejection, Via,
    accept::{
        Prepared,
        report::{self, Early},
    },
    in_force::Known,
    prefix,
    queue::{
        QueueError,
        enqueue::{self, Remote},
    },
    recipient::{Locks, Route, ToOthers, route},
    trace::{self, Outcome, TraceOfMessage, TraceOfRecipient},
};

/// Everything the transaction needs. Owned, because the closure may run again.
pub(crate) struct Job {
    pub(crate) envelope: Envelope,
    pub(crate) prepared: Prepared,
    pub(crate) policy: Arc<Policy>,
    /// What contracts say, within the policy.
    pub(crate) known: Arc<Known>,
    /// What the caller wants in the same transaction.
    pub(crate) also: Option<Also>,
}

/// What a caller wants written in the transaction that accepts its message.
#[derive(Clone)]
pub(crate) struct Also(pub(crate) Arc<AlsoWrite>);

/// May run again, as every closure of a transaction.
pub(crate) type AlsoWrite = dyn Fn(&WriteTx<'_>) -> Result<(), DbError> + Send + Sync;

impl std::fmt::Debug for Also {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Also")
    }
}

/// When the report to the sender is written, if there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReportAt {
    /// When it is the turn of the sender's account, for accounts are locked in ascending order.
    /// What becomes of the recipients behind it is guessed: they get the message.
    ItsTurn,
    /// When everything is known.
    End,
}

/// Why the transaction was rolled back.
#[derive(Debug)]
pub(crate) enum Failure {
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
pub(crate) struct Copy {
    scope: AccountScope,
    recipients: Vec<usize>,
    prefix: Vec<u8>,
    id: DeliveryId,
}

/// Where the message goes, and what is known so far of each recipient.
pub(crate) struct Plan {
    copies: Vec<Copy>,
    /// Recipients in domains of others, without those who are named twice.
    remote: Vec<usize>,
    /// Of the recipients in their order, then of the further copies.
    fates: Vec<Fate>,
    /// The recipient of each further copy: an alias of several accounts has one for all but the
    /// first.
    further: Vec<usize>,
}

impl Plan {
    /// Each fate with the recipient that it is about.
    fn fates(&self) -> impl Iterator<Item = (usize, &Fate)> {
        let recipients = self.fates.len().saturating_sub(self.further.len());
        let whose = (0..recipients).chain(self.further.iter().copied());
        whose.zip(&self.fates)
    }

    /// What each recipient hears: an alias has got the message when one of its accounts has.
    pub(crate) fn answers(&self) -> Vec<Fate> {
        let recipients = self.fates.len().saturating_sub(self.further.len());
        let mut answers: Vec<Fate> = self.fates.iter().take(recipients).cloned().collect();
        for (recipient, fate) in self.fates().skip(recipients) {
            if let Some(answer) = answers.get_mut(recipient)
                && answer.result.is_err()
                && fate.result.is_ok()
            {
                answer.clone_from(fate);
            }
        }
        answers
    }
}

/// What became of one recipient, for the reply and for the trace.
#[derive(Clone)]
pub(crate) struct Fate {
    pub(crate) scope: Option<AccountScope>,
    pub(crate) result: Result<Outcome, Rejection>,
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
pub(crate) fn all(tx: &WriteTx<'_>, job: &Job, report_at: ReportAt) -> Result<Accepted, Failure> {
    let transaction: TraceId = tx.new_id();
    let mut plan = plan(tx, job, transaction)?;
    let early = match report_at {
        ReportAt::ItsTurn => report::early(tx, job, transaction, &plan.fates)?,
        ReportAt::End => None,
    };
    let sent = deliver(tx, job, &mut plan, early)?;
    let answers = plan.answers();
    let taken = answers.iter().any(|fate| fate.result.is_ok());
    match (job.envelope.answer, sent) {
        (_, Sent::Early) if taken => {
            if answers.iter().any(Fate::was_guessed_wrong) {
                return Err(Failure::WrongGuess);
            }
            settle_all(tx, job, transaction, &plan)?;
        }
        _ if taken => {
            settle_all(tx, job, transaction, &plan)?;
            report::send(tx, job, transaction, &answers)?;
        }
        (Answer::Whole, _) => return Err(Failure::Refused(reason_for_all(&answers))),
        // Nothing was written, and each recipient hears its own reason.
        (Answer::PerRecipient, _) => {}
    }
    if let Some(Also(write)) = &job.also {
        write(tx)?;
    }
    let elsewhere = |fate: &&Fate| fate.scope.is_none() && fate.result.is_ok();
    let queued = answers.iter().filter(elsewhere).count();
    let outcomes = answers
        .into_iter()
        .map(|fate| fate.result.map(drop))
        .collect();
    Ok(Accepted {
        transaction,
        outcomes,
        queued,
    })
}

/// Records what became of everybody, and queues what goes to others.
fn settle_all(
    tx: &WriteTx<'_>,
    job: &Job,
    transaction: TraceId,
    plan: &Plan,
) -> Result<(), Failure> {
    let rows = record(tx, job, transaction, plan)?;
    let (Some(sender), Some(outgoing)) = (job.envelope.source.sender(), job.policy.outgoing) else {
        return Ok(());
    };
    let recipients: Vec<Remote<'_>> = plan
        .remote
        .iter()
        .filter_map(|index| {
            Some(Remote {
                recipient: job.envelope.recipients.get(*index)?,
                trace: rows.get(*index).copied().flatten()?,
            })
        })
        .collect();
    Ok(enqueue::accepted(
        tx,
        job,
        (sender, transaction),
        outgoing,
        &recipients,
    )?)
}

/// Resolves the recipients again, under the transaction: an account may have gone since RCPT.
pub(crate) fn plan(
    tx: &WriteTx<'_>,
    job: &Job,
    transaction: TraceId,
) -> Result<Plan, DirectoryError> {
    let envelope = &job.envelope;
    let others = match envelope.source.sender() {
        Some(_) => ToOthers::from(envelope.source.via, &job.policy),
        None => ToOthers::Denied,
    };
    let locks = Locks::from(envelope.source.via);
    let addresses: Vec<EmailAddress> = envelope
        .recipients
        .iter()
        .map(|recipient| recipient.address.clone())
        .collect();
    let resolutions = addresses::resolve_many(tx, &addresses)?;
    let mut copies = Copies::default();
    let mut remote: Vec<usize> = Vec::new();
    let mut named = HashSet::new();
    let mut fates = Vec::with_capacity(addresses.len());
    let mut further: Vec<(usize, AccountScope)> = Vec::new();
    for (index, (address, resolution)) in addresses.iter().zip(&resolutions).enumerate() {
        // What is said of a copy is a guess, until `deliver` knows.
        let (scope, result) = match sized(tx, job, route(address, resolution, (others, locks)))? {
            Route::Mailbox(scope) => {
                copies.add(job, transaction, scope, (index, index));
                (Some(scope), Ok(Outcome::Delivered))
            }
            Route::Mailboxes(scopes) => {
                let mut scopes = scopes.into_iter();
                let first = scopes.next();
                if let Some(scope) = first {
                    copies.add(job, transaction, scope, (index, index));
                }
                further.extend(scopes.map(|scope| (index, scope)));
                (first, Ok(Outcome::Delivered))
            }
            Route::Discard(scope) => (Some(scope), Ok(Outcome::DiscardedByRule)),
            Route::Remote if named.insert(address) => {
                remote.push(index);
                (None, Ok(Outcome::Queued))
            }
            Route::Remote => (None, Ok(Outcome::Duplicate)),
            Route::Refuse(rejection) => (None, Err(rejection)),
        };
        fates.push(Fate { scope, result });
    }
    for (index, scope) in &further {
        copies.add(job, transaction, *scope, (*index, fates.len()));
        fates.push(Fate {
            scope: Some(*scope),
            result: Ok(Outcome::Delivered),
        });
    }
    let mut copies = copies.list;
    copies.sort_by_key(|copy| copy.scope.account);
    Ok(Plan {
        copies,
        remote,
        fates,
        further: further.into_iter().map(|(index, _)| index).collect(),
    })
}

/// Where a message goes that may be too large for the recipient's tenant (C-04).
fn sized(tx: &WriteTx<'_>, job: &Job, route: Route) -> Result<Route, DirectoryError> {
    let scope = match &route {
        Route::Mailbox(scope) => Some(*scope),
        Route::Mailboxes(scopes) => scopes.first().copied(),
        Route::Discard(_) | Route::Remote | Route::Refuse(_) => None,
    };
    let Some(scope) = scope else {
        return Ok(route);
    };
    let in_force = job.known.of(tx, scope.tenant, &job.policy)?;
    let size = in_force.check_size(job.prepared.content().size());
    Ok(size.err().map_or(route, Route::Refuse))
}

/// The refusal for a full mailbox of a tenant.
fn refusal(tx: &WriteTx<'_>, job: &Job, copy: &Copy) -> Result<Rejection, DirectoryError> {
    let in_force = job.known.of(tx, copy.scope.tenant, &job.policy)?;
    Ok(Rejection::mailbox_full(in_force.mailbox_full))
}

/// Copies as they are found, one for each account.
#[derive(Default)]
struct Copies {
    list: Vec<Copy>,
    places: HashMap<AccountId, usize>,
}

impl Copies {
    /// Names one more recipient of an account, and where its fate stands.
    fn add(
        &mut self,
        job: &Job,
        transaction: TraceId,
        scope: AccountScope,
        (index, fate): (usize, usize),
    ) {
        let list = &mut self.list;
        let place = *self.places.entry(scope.account).or_insert_with(|| {
            list.push(Copy::new(job, transaction, scope, index));
            list.len() - 1
        });
        if let Some(copy) = list.get_mut(place) {
            copy.recipients.push(fate);
        }
    }
}

impl Copy {
    /// The copy of an account, under the name by which it was found first.
    fn new(job: &Job, transaction: TraceId, scope: AccountScope, index: usize) -> Self {
        let envelope = &job.envelope;
        let (account, message) = (scope.account.to_string(), transaction.to_string());
        let prefix = envelope.recipients.get(index).map(|recipient| {
            prefix::build(
                envelope.sender.as_ref(),
                &recipient.address,
                &envelope.trace_header,
                job.prepared.begins(),
            )
        });
        Self {
            scope,
            recipients: Vec::new(),
            prefix: prefix.unwrap_or_default(),
            id: DeliveryId::derive(&[b"accept", message.as_bytes(), account.as_bytes()]),
        }
    }
}

/// Delivers what was queued for a domain that is ours now: to those who have room.
pub(crate) fn queued(tx: &WriteTx<'_>, job: &Job, plan: &mut Plan) -> Result<(), QueueError> {
    let outcomes = attempt(tx, job, plan.copies.iter(), Overshoot::Refuse)?;
    for (copy, outcome) in plan.copies.iter().zip(outcomes) {
        settle(&mut plan.fates, copy, &result_of(tx, job, copy, outcome)?);
    }
    Ok(())
}

/// Delivers first to those who have room. Those who have none are tried again, one message over
/// their limit, only if somebody takes the message and they cannot be told apart in the reply
/// (design §4 "One DATA, several recipients").
fn deliver(
    tx: &WriteTx<'_>,
    job: &Job,
    plan: &mut Plan,
    early: Option<Early>,
) -> Result<Sent, Failure> {
    let Plan {
        copies,
        remote,
        fates,
        ..
    } = plan;
    let (outcomes, sent) = in_turn(tx, job, copies, fates, early)?;
    let mut full: Vec<&Copy> = Vec::new();
    let mut taken = !remote.is_empty();
    for (copy, outcome) in copies.iter().zip(outcomes) {
        match outcome {
            Delivered::Full(_) => full.push(copy),
            other => {
                taken = true;
                settle(fates, copy, &result_of(tx, job, copy, other)?);
            }
        }
    }
    // What the house has to say (that the mailbox is full, too) comes through.
    let from_house = matches!(job.envelope.source.via, Via::House(_));
    let overshoot = from_house || (taken && job.envelope.answer == Answer::Whole);
    if !overshoot {
        for copy in full {
            let refused = Err(refusal(tx, job, copy)?);
            settle(fates, copy, &refused);
        }
        return Ok(sent);
    }
    let outcomes = attempt(tx, job, full.iter().copied(), Overshoot::AllowOnce)?;
    for (copy, outcome) in full.into_iter().zip(outcomes) {
        settle(fates, copy, &result_of(tx, job, copy, outcome)?);
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
) -> Result<Vec<Delivered>, MailError> {
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
    delivery::deliver_all(tx, delivery, &recipients)
}

fn result_of(
    tx: &WriteTx<'_>,
    job: &Job,
    copy: &Copy,
    outcome: Delivered,
) -> Result<Result<Outcome, Rejection>, DirectoryError> {
    Ok(match outcome {
        Delivered::Delivered(_) => Ok(Outcome::Delivered),
        Delivered::Duplicate => Ok(Outcome::Duplicate),
        Delivered::Full(_) => Err(refusal(tx, job, copy)?),
    })
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

/// One trace row per recipient, for the administrators of its tenant, and one for each further
/// account of an alias. Returns which, in the order of the recipients.
fn record(
    tx: &WriteTx<'_>,
    job: &Job,
    transaction: TraceId,
    plan: &Plan,
) -> Result<Vec<Option<TraceId>>, Failure> {
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
        message_id: &job.prepared.original().message_id,
        size: job.prepared.content().size(),
    };
    let mut rows = Vec::with_capacity(plan.fates.len());
    let mut ids = Vec::with_capacity(plan.fates.len());
    for (index, fate) in plan.fates() {
        let Some(recipient) = job.envelope.recipients.get(index) else {
            continue;
        };
        let Some(tenant) = tenant_of(tx, job, &recipient.address, fate)? else {
            ids.push(None);
            continue;
        };
        let id = tx.new_id();
        ids.push(Some(id));
        let (outcome, detail) = match &fate.result {
            Ok(outcome) => (*outcome, String::new()),
            Err(rejection) => (Outcome::RejectedByRule, rejection.to_string()),
        };
        rows.push(TraceOfRecipient {
            id,
            tenant,
            account: fate.scope.map(|scope| scope.account),
            recipient: recipient.address.to_string(),
            outcome,
            detail,
        });
    }
    trace::record(tx, &message, &rows)?;
    Ok(ids)
}

/// The tenant that sees the row: the account's; the sender's for a recipient elsewhere; for an
/// address that has gone since RCPT its domain's; nobody when the domain has gone too.
fn tenant_of(
    tx: &WriteTx<'_>,
    job: &Job,
    address: &EmailAddress,
    fate: &Fate,
) -> Result<Option<TenantId>, DirectoryError> {
    let sender = job.envelope.source.sender().filter(|_| fate.result.is_ok());
    let known = fate.scope.map(|scope| scope.tenant);
    if let Some(tenant) = known.or(sender.map(|(tenant, _)| tenant)) {
        return Ok(Some(tenant));
    }
    match domains::find_in_service(tx, PlatformScope::operator(), address.domain()) {
        Ok(domain) => Ok(Some(domain.tenant.tenant)),
        Err(DirectoryError::NoSuchDomain(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

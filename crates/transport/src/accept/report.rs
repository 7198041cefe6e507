//! The report to a sender who signed in: who got the message, if it was asked for, and who did not.
//!
//! The transaction that delivers the message delivers the report. Others get none: whoever did not
//! sign in can claim any sender, and nothing bounces to a stranger after acceptance (design §4).

mod message;
mod words;

use bytes::Bytes;
use hikyaku_db::WriteTx;
use hikyaku_directory::{AccountScope, DirectoryError, Language, accounts, addresses};
use hikyaku_mailstore::{
    Content, Flags, Overshoot,
    delivery::{self, Delivery, DeliveryId, Outcome as Delivered, Recipient, Target},
};
use hikyaku_types::{AccountId, OffsetTimestamp, TraceId};
use tracing::warn;

use super::deliver::{Failure, Fate, Job};
use crate::{
    Rejection,
    envelope::Recipient as Addressee,
    prefix::{self, Begins},
    recipient::{Route, route},
    trace::{self, Outcome, TraceOfMessage, TraceOfRecipient},
};
use message::Report;

/// One recipient that the report is about.
struct Entry<'a> {
    recipient: &'a Addressee,
    result: Result<(), &'a Rejection>,
}

/// A report that can be written before all fates are known, because success is asked for.
pub(super) struct Early {
    transaction: TraceId,
    reader: Reader,
}

/// Who reads the report.
struct Reader {
    scope: AccountScope,
    language: Language,
}

impl Early {
    /// The sender's account.
    pub(super) fn account(&self) -> AccountId {
        self.reader.scope.account
    }

    /// Delivers the report as far as these fates are worth telling.
    pub(super) fn send(self, tx: &WriteTx<'_>, job: &Job, fates: &[Fate]) -> Result<(), Failure> {
        write(tx, job, self.transaction, &self.reader, fates)
    }
}

/// Whether there will be a report if all goes well, and who reads it.
pub(super) fn early(
    tx: &WriteTx<'_>,
    job: &Job,
    transaction: TraceId,
) -> Result<Option<Early>, Failure> {
    let recipients = &job.envelope.recipients;
    if !recipients.iter().any(|recipient| recipient.told().success) {
        return Ok(None);
    }
    let reader = reader(tx, job)?;
    Ok(reader.map(|reader| Early {
        transaction,
        reader,
    }))
}

/// Delivers the report, if there is something to tell and somebody to tell it to. The sender's
/// account is then locked after those of all recipients, whatever their ids: a deadlock is
/// possible, and costs a rerun. What did not go well is rare.
pub(super) fn send(
    tx: &WriteTx<'_>,
    job: &Job,
    transaction: TraceId,
    fates: &[Fate],
) -> Result<(), Failure> {
    if entries(&job.envelope.recipients, fates).is_empty() {
        return Ok(());
    }
    match reader(tx, job)? {
        Some(reader) => write(tx, job, transaction, &reader, fates),
        None => Ok(()),
    }
}

fn write(
    tx: &WriteTx<'_>,
    job: &Job,
    transaction: TraceId,
    reader: &Reader,
    fates: &[Fate],
) -> Result<(), Failure> {
    let entries = entries(&job.envelope.recipients, fates);
    let Some(sender) = job.envelope.sender.as_ref().filter(|_| !entries.is_empty()) else {
        return Ok(());
    };
    let report = Report {
        to: sender,
        transaction,
        at: tx.now(),
        language: reader.language,
        entries: &entries,
        original: &job.prepared,
        reporting: &job.envelope.reporting,
    };
    let content = match report.to_message() {
        Ok(content) => Content::new(&Bytes::from(content)),
        Err(error) => {
            // The message is delivered and in the trace; what the report lacks is no reason to
            // refuse it.
            warn!(
                error = &error as &dyn std::error::Error,
                "a report was not written"
            );
            return Ok(());
        }
    };
    deliver(tx, job, &report, reader.scope, &content)
}

/// The recipients whose fate the sender wants to hear.
fn entries<'a>(recipients: &'a [Addressee], fates: &'a [Fate]) -> Vec<Entry<'a>> {
    let all = recipients.iter().zip(fates);
    let entries = all.map(|(recipient, fate)| Entry {
        recipient,
        result: fate.result.as_ref().map(|_| ()),
    });
    let wanted = |entry: &Entry<'_>| match entry.result {
        Ok(()) => entry.recipient.told().success,
        Err(_) => entry.recipient.told().failure,
    };
    entries.filter(wanted).collect()
}

/// Who reads what is sent to the sender, and in which language. Nobody when the sender did not sign
/// in, or has gone, or does not receive.
fn reader(tx: &WriteTx<'_>, job: &Job) -> Result<Option<Reader>, Failure> {
    let source = &job.envelope.source;
    let (Some(sender), Some(_)) = (&job.envelope.sender, source.account) else {
        return Ok(None);
    };
    let resolution = addresses::resolve(tx, sender)?;
    let Route::Mailbox(scope) = route(sender, &resolution, source.via) else {
        return Ok(None);
    };
    match accounts::load(tx, scope) {
        Ok(account) => Ok(Some(Reader {
            scope,
            language: account.language,
        })),
        Err(DirectoryError::NoSuchAccount(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Delivers and records.
fn deliver(
    tx: &WriteTx<'_>,
    job: &Job,
    report: &Report<'_>,
    scope: AccountScope,
    content: &Content,
) -> Result<(), Failure> {
    let (account, transaction) = (scope.account.to_string(), report.transaction.to_string());
    let recipient = Recipient {
        scope,
        prefix: &prefix::build(None, report.to, b"", Begins::WithHeader),
        mailbox: Target::Inbox,
        flags: &Flags::default(),
        id: DeliveryId::derive(&[b"report", transaction.as_bytes(), account.as_bytes()]),
        // It is small, and it is about something that happened.
        overshoot: Overshoot::AllowOnce,
    };
    let delivery = Delivery {
        content,
        internal_date: OffsetTimestamp::utc(tx.now()),
    };
    let (outcome, detail) = match delivery::deliver(tx, delivery, &recipient)? {
        Delivered::Delivered(_) => (Outcome::Delivered, String::new()),
        Delivered::Duplicate => (Outcome::Duplicate, String::new()),
        Delivered::Full(_) => {
            let rejection = Rejection::mailbox_full(job.policy.mailbox_full);
            (Outcome::RejectedByRule, rejection.to_string())
        }
    };
    let message = TraceOfMessage {
        transaction: tx.new_id(),
        session: trace::raw(job.envelope.source.session),
        at: tx.now(),
        via: "report",
        client_ip: "",
        sender: "",
        message_id: &report.message_id(),
        size: content.size(),
    };
    let row = TraceOfRecipient {
        tenant: scope.tenant,
        account: Some(scope.account),
        recipient: report.to.to_string(),
        outcome,
        detail,
    };
    Ok(trace::record(tx, &message, &[row])?)
}

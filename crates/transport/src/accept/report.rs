//! The report to a sender who signed in: who got the message, if it was asked for, and who did not.
//!
//! The transaction that delivers the message delivers the report. Others get none: whoever did not
//! sign in can claim any sender, and nothing bounces to a stranger after acceptance (design §4).
//! What becomes of recipients elsewhere is told by the queue, later.

use bytes::Bytes;
use hikyaku_db::WriteTx;
use hikyaku_directory::{AccountScope, Language};
use hikyaku_mailstore::Content;
use hikyaku_types::{AccountId, TraceId};
use tracing::warn;

use super::deliver::{Failure, Fate, Job};
use crate::{
    envelope::Recipient as Addressee,
    report::{self, Entry, Fate as Told, Reader, Report, Sealed},
    trace::Outcome,
};

/// A report that can be written before all fates are known, because success is asked for.
pub(super) struct Early {
    transaction: TraceId,
    scope: AccountScope,
    language: Language,
}

impl Early {
    /// The sender's account.
    pub(super) fn account(&self) -> AccountId {
        self.scope.account
    }

    /// Delivers the report as far as these fates are worth telling.
    pub(super) fn send(self, tx: &WriteTx<'_>, job: &Job, fates: &[Fate]) -> Result<(), Failure> {
        write(tx, job, &self, fates)
    }
}

/// Whether there will be a report if all goes well, and who reads it.
pub(super) fn early(
    tx: &WriteTx<'_>,
    job: &Job,
    transaction: TraceId,
    fates: &[Fate],
) -> Result<Option<Early>, Failure> {
    let recipients = &job.envelope.recipients;
    let success =
        |(recipient, fate): (&Addressee, &Fate)| recipient.told().success && fate.scope.is_some();
    if !recipients.iter().zip(fates).any(success) {
        return Ok(None);
    }
    reader(tx, job, transaction)
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
    match reader(tx, job, transaction)? {
        Some(reader) => write(tx, job, &reader, fates),
        None => Ok(()),
    }
}

fn write(tx: &WriteTx<'_>, job: &Job, reader: &Early, fates: &[Fate]) -> Result<(), Failure> {
    let entries = entries(&job.envelope.recipients, fates);
    let Some(sender) = job.envelope.sender.as_ref().filter(|_| !entries.is_empty()) else {
        return Ok(());
    };
    let reporting = &job.envelope.reporting;
    let report = Report {
        to: sender,
        host: &reporting.host,
        name: &reader.transaction.to_string(),
        now: tx.now(),
        arrival: tx.now(),
        envelope_id: reporting.envelope_id.as_deref(),
        languages: job.policy.report_language,
        language: reader.language,
        entries: &entries,
        original: job.prepared.original(),
        whole: None,
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
    let sealed = Sealed {
        to: sender,
        message_id: &report.message_id(),
        content: &content,
        session: job.envelope.source.session,
    };
    Ok(report::deliver(tx, &sealed, reader.scope, &job.policy)?)
}

/// The recipients whose fate the sender wants to hear.
fn entries<'a>(recipients: &'a [Addressee], fates: &'a [Fate]) -> Vec<Entry<'a>> {
    let all = recipients.iter().zip(fates);
    let entries = all.filter_map(|(recipient, fate)| {
        let told = recipient.told();
        let fate = match &fate.result {
            Ok(Outcome::Queued) => return None,
            Ok(_) => told.success.then_some(Told::Delivered),
            Err(rejection) => told.failure.then_some(Told::Refused(rejection)),
        };
        Some(Entry {
            address: &recipient.address,
            original: recipient.original.as_ref(),
            fate: fate?,
        })
    });
    entries.collect()
}

/// Who reads what is sent to the sender, and in which language. Nobody when the sender did not sign
/// in, or has gone, or does not receive.
fn reader(tx: &WriteTx<'_>, job: &Job, transaction: TraceId) -> Result<Option<Early>, Failure> {
    let (Some(sender), Some(_)) = (&job.envelope.sender, job.envelope.source.account) else {
        return Ok(None);
    };
    Ok(match report::reader(tx, sender)? {
        Reader::Local(scope, language) => Some(Early {
            transaction,
            scope,
            language,
        }),
        Reader::Elsewhere | Reader::Nobody => None,
    })
}

//! The report to the sender, in the transaction that records what it is about.

use bytes::Bytes;
use hikyaku_db::WriteTx;
use hikyaku_directory::Language;
use hikyaku_mailstore::Content;
use hikyaku_types::EmailAddress;
use tracing::warn;

use super::{End, QueueError, Settlement};
use crate::{
    Notify, Outgoing, Returned,
    queue::{
        enqueue::{self, ReportElsewhere},
        message::Recipient,
    },
    report::{self, Entry, Fate, Reader, Report, Sealed},
};

impl Settlement {
    /// One report for all that ended or is late now, as far as the sender wants to hear of it.
    /// Returns the number of reports: a message without a sender has none.
    pub(super) fn report(
        &self,
        tx: &WriteTx<'_>,
        gone: &[(&Recipient, &End)],
        delayed: &[&Recipient],
    ) -> Result<u64, QueueError> {
        let Some(sender) = &self.message.sender else {
            return Ok(0);
        };
        let entries = self.entries(gone, delayed);
        if entries.is_empty() {
            return Ok(0);
        }
        let reader = report::reader(tx, sender)?;
        let language = match reader {
            Reader::Local(_, language) => language,
            Reader::Elsewhere => Language::default(),
            Reader::Nobody => return Ok(0),
        };
        let name = self.name(gone, delayed);
        let report = self.compose(tx, sender, (&name, language), &entries);
        let message = match report.to_message() {
            Ok(message) => message,
            Err(error) => {
                // What became of the message is in the trace.
                let error = &error as &dyn std::error::Error;
                warn!(error, queued = %self.message.id, "a report was not written");
                return Ok(0);
            }
        };
        self.send(tx, reader, &report, message)?;
        Ok(1)
    }

    fn entries<'a>(
        &'a self,
        gone: &[(&'a Recipient, &'a End)],
        delayed: &[&'a Recipient],
    ) -> Vec<Entry<'a>> {
        let entry = |row: &'a Recipient, fate| Entry {
            address: &row.address,
            original: row.original.as_ref(),
            fate,
        };
        let ended = gone
            .iter()
            .filter_map(|(row, end)| Some(entry(row, fate(end, row.told())?)));
        let late = delayed.iter().filter(|row| row.told().delay).map(|row| {
            let fate = Fate::Delayed {
                trouble: row.trouble.as_ref(),
                until: self.message.expires_at,
            };
            entry(row, fate)
        });
        ended.chain(late).collect()
    }

    /// Unlike the name of every other report: a row ends once, and is reported late once.
    fn name(&self, gone: &[(&Recipient, &End)], delayed: &[&Recipient]) -> String {
        let transaction = self.message.transaction;
        match (gone.first(), delayed.first()) {
            (Some((row, _)), _) => format!("{transaction}.{}", row.id),
            (None, Some(row)) => format!("{transaction}.{}.delay", row.id),
            (None, None) => transaction.to_string(),
        }
    }

    fn compose<'a>(
        &'a self,
        tx: &WriteTx<'_>,
        sender: &'a EmailAddress,
        (name, language): (&'a str, Language),
        entries: &'a [Entry<'a>],
    ) -> Report<'a> {
        let reporting = &self.message.reporting;
        let failed = entries
            .iter()
            .any(|entry| matches!(entry.fate, Fate::Failed { .. } | Fate::Canceled));
        let whole = match reporting.returned {
            Some(Returned::Headers) => None,
            Some(Returned::Full) | None => self.about.whole.as_deref(),
        };
        Report {
            to: sender,
            host: &reporting.host,
            name,
            now: tx.now(),
            arrival: self.message.accepted_at,
            envelope_id: reporting.envelope_id.as_deref(),
            languages: self.policy.report_language,
            language,
            entries,
            original: &self.about.original,
            whole: whole.filter(|_| failed),
        }
    }

    /// To the account, or, when the sender's domain is not ours any more, into the queue.
    fn send(
        &self,
        tx: &WriteTx<'_>,
        reader: Reader,
        report: &Report<'_>,
        message: Vec<u8>,
    ) -> Result<(), QueueError> {
        let eight_bit = !message.is_ascii();
        let content = Content::new(&Bytes::from(message));
        let message_id = report.message_id();
        if let Reader::Local(scope, _) = reader {
            let sealed = Sealed {
                to: report.to,
                message_id: &message_id,
                content: &content,
                session: self.message.session,
            };
            return Ok(report::deliver(tx, &sealed, scope, &self.policy)?);
        }
        let to = crate::Recipient {
            address: report.to.clone(),
            notify: Some(Notify::NEVER),
            original: None,
        };
        let elsewhere = ReportElsewhere {
            tenant: self.message.tenant,
            content: &content,
            message_id: &message_id,
            reporting: &crate::Reporting {
                envelope_id: None,
                returned: None,
                ..self.message.reporting.clone()
            },
            eight_bit,
            session: self.message.session,
            to: &to,
        };
        let outgoing: Outgoing = self.policy.outgoing.unwrap_or_default();
        Ok(enqueue::report(tx, &elsewhere, outgoing)?)
    }
}

/// What the report says of a recipient that ended, if the sender wants to hear it.
fn fate(end: &End, told: Notify) -> Option<Fate<'_>> {
    match end {
        End::Sent(receipt) => (told.success && !receipt.dsn_passed_on).then_some(Fate::Relayed {
            host: &receipt.host,
        }),
        End::Delivered(_) => told.success.then_some(Fate::Delivered),
        End::Bounced(trouble, why) => told.failure.then_some(Fate::Failed { trouble, why: *why }),
        End::Canceled => told.failure.then_some(Fate::Canceled),
    }
}

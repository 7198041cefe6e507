//! Putting messages into the queue: rows in the transaction that accepts them.

use std::{fmt::Write as _, sync::LazyLock, time::Duration};

use hikyaku_db::{DbError, Hint, Value, WriteTx, params};
use hikyaku_mailstore::{Content, MailError};
use hikyaku_types::{
    AccountId, EmailAddress, QueuedId, QueuedRecipientId, SessionId, TenantId, TraceId,
};

use super::message::{notify_bits, returned_code};
use crate::{
    Outgoing, Recipient, Reporting,
    accept::deliver::Job,
    prefix::Begins,
    trace::{self, Outcome, TraceOfMessage, TraceOfRecipient},
};

/// A recipient elsewhere, with the trace row that tells what becomes of it.
pub(crate) struct Remote<'a> {
    pub(crate) recipient: &'a Recipient,
    pub(crate) trace: TraceId,
}

/// A message that goes into the queue.
struct New<'a> {
    tenant: TenantId,
    account: Option<AccountId>,
    sender: Option<&'a EmailAddress>,
    content: &'a Content,
    prefix: &'a [u8],
    message_id: &'a str,
    reporting: &'a Reporting,
    eight_bit: bool,
    utf8: bool,
    transaction: TraceId,
    session: SessionId,
    expire_after: Duration,
    /// Nobody is told about delays of a message without a sender.
    notice_after: Option<Duration>,
}

/// Queues an accepted message for these recipients; does nothing when there are none.
pub(crate) fn accepted(
    tx: &WriteTx<'_>,
    job: &Job,
    ((tenant, account), transaction): ((TenantId, Option<AccountId>), TraceId),
    outgoing: Outgoing,
    recipients: &[Remote<'_>],
) -> Result<(), MailError> {
    if recipients.is_empty() {
        return Ok(());
    }
    let envelope = &job.envelope;
    let mut prefix = envelope.trace_header.clone();
    if job.prepared.begins() == Begins::WithText {
        prefix.extend_from_slice(b"\r\n");
    }
    let octets = job.prepared.octets();
    let new = New {
        tenant,
        account,
        sender: envelope.sender.as_ref(),
        content: job.prepared.content(),
        prefix: &prefix,
        message_id: &job.prepared.original().message_id,
        reporting: &envelope.reporting,
        eight_bit: octets.eight_bit,
        utf8: envelope.utf8 && octets.in_header,
        transaction,
        session: envelope.source.session,
        expire_after: outgoing.expire_after,
        notice_after: outgoing.delay_notice_after,
    };
    insert(tx, &new, recipients)
}

/// A report to a sender who is not one of ours (any more).
pub(crate) struct ReportElsewhere<'a> {
    pub(crate) tenant: TenantId,
    pub(crate) content: &'a Content,
    pub(crate) message_id: &'a str,
    pub(crate) reporting: &'a Reporting,
    pub(crate) eight_bit: bool,
    pub(crate) session: SessionId,
    pub(crate) to: &'a Recipient,
}

/// Queues a report, from nobody (RFC 5321 §4.5.5), with a trace row of its own.
pub(crate) fn report(
    tx: &WriteTx<'_>,
    report: &ReportElsewhere<'_>,
    outgoing: Outgoing,
) -> Result<(), MailError> {
    let (transaction, row): (TraceId, TraceId) = (tx.new_id(), tx.new_id());
    let message = TraceOfMessage {
        transaction,
        session: trace::raw(report.session),
        at: tx.now(),
        via: "report",
        client_ip: "",
        sender: "",
        message_id: report.message_id,
        size: report.content.size(),
    };
    let recipient = TraceOfRecipient {
        id: row,
        tenant: report.tenant,
        account: None,
        recipient: report.to.address.to_string(),
        outcome: Outcome::Queued,
        detail: String::new(),
    };
    trace::record(tx, &message, &[recipient])?;
    let new = New {
        tenant: report.tenant,
        account: None,
        sender: None,
        content: report.content,
        prefix: b"",
        message_id: report.message_id,
        reporting: report.reporting,
        eight_bit: report.eight_bit,
        utf8: false,
        transaction,
        session: report.session,
        expire_after: outgoing.expire_after,
        notice_after: None,
    };
    let to = Remote {
        recipient: report.to,
        trace: row,
    };
    insert(tx, &new, &[to])
}

const MESSAGE: &str = "INSERT INTO queue_message (id, tenant_id, account_id, sender, blob_hash, \
     prefix, size, message_id, envelope_id, returned, host, eight_bit, utf8, transaction_id, \
     session_id, recipients, accepted_at, expires_at) VALUES \
     (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)";

fn insert(tx: &WriteTx<'_>, new: &New<'_>, recipients: &[Remote<'_>]) -> Result<(), MailError> {
    let content = new.content.prepared();
    hikyaku_blob::add_reference(tx, new.tenant, content, 1)?;
    let id: QueuedId = tx.new_id();
    let sender = new.sender.map(ToString::to_string).unwrap_or_default();
    let now = tx.now();
    tx.execute(
        MESSAGE,
        params![
            id,
            new.tenant,
            new.account,
            sender.as_str(),
            content.hash(),
            new.prefix,
            (new.content.size() + new.prefix.len() as u64) as i64,
            new.message_id,
            new.reporting.envelope_id.as_deref(),
            new.reporting.returned.map(returned_code),
            new.reporting.host.as_str(),
            new.eight_bit,
            new.utf8,
            new.transaction,
            new.session,
            recipients.len() as i64,
            now,
            now.plus(new.expire_after),
        ],
    )?;
    for chunk in recipients.chunks(CHUNK) {
        if chunk.len() == CHUNK {
            insert_recipients(tx, &INSERT_CHUNK, (id, new), chunk)?;
        } else {
            for recipient in chunk {
                let one = std::slice::from_ref(recipient);
                insert_recipients(tx, &INSERT_ONE, (id, new), one)?;
            }
        }
    }
    tx.hint(Hint::Queue);
    Ok(())
}

/// Rows per statement for messages to many; one row otherwise. Two sizes keep the cache of
/// prepared statements small.
const CHUNK: usize = 25;

/// Parameters of one row.
const PARAMETERS: usize = 11;

static INSERT_ONE: LazyLock<String> = LazyLock::new(|| insert_sql(1));
static INSERT_CHUNK: LazyLock<String> = LazyLock::new(|| insert_sql(CHUNK));

fn insert_sql(rows: usize) -> String {
    let mut sql = String::from(
        "INSERT INTO queue_recipient (state, held, attempts, noticed, id, message_id, tenant_id, \
         trace_id, address, destination, notify, original_type, original, due_at, watch_at) VALUES ",
    );
    for row in 0..rows {
        let comma = if row == 0 { "" } else { ", " };
        let list = hikyaku_db::sql::in_list(1 + row * PARAMETERS, PARAMETERS);
        // Writing to a String cannot fail.
        let _ = write!(sql, "{comma}(1, 0, 0, 0, {list})");
    }
    sql
}

fn insert_recipients(
    tx: &WriteTx<'_>,
    sql: &str,
    (message, new): (QueuedId, &New<'_>),
    recipients: &[Remote<'_>],
) -> Result<(), DbError> {
    let mut values: Vec<Value<'_>> = Vec::with_capacity(recipients.len() * PARAMETERS);
    for Remote { recipient, trace } in recipients {
        let original = recipient.original.as_ref();
        let notice = new.notice_after.filter(|after| {
            new.sender.is_some() && recipient.told().delay && *after < new.expire_after
        });
        values.extend_from_slice(params![
            tx.new_id::<QueuedRecipientId>(),
            message,
            new.tenant,
            *trace,
            recipient.address.to_string(),
            recipient.address.domain().as_str(),
            recipient.notify.map(notify_bits),
            original.map(|original| original.address_type.as_str()),
            original.map(|original| original.address.as_str()),
            tx.now(),
            tx.now().plus(notice.unwrap_or(new.expire_after)),
        ]);
    }
    tx.execute(sql, &values).map(drop)
}

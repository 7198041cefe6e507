//! Delivery of a report to a sender who is one of ours.

use hikyaku_db::WriteTx;
use hikyaku_directory::{AccountScope, DirectoryError, Language, accounts, addresses};
use hikyaku_mailstore::{
    Content, Flags, MailError, Overshoot,
    delivery::{self, Delivery, DeliveryId, Outcome as Delivered, Recipient, Target},
};
use hikyaku_types::{EmailAddress, OffsetTimestamp, SessionId};

use crate::{
    Policy, Rejection,
    prefix::{self, Begins},
    recipient::{Locks, Route, ToOthers, route},
    trace::{self, Outcome, TraceOfMessage, TraceOfRecipient},
};

/// Who reads a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// An account of ours.
    Local(AccountScope, Language),
    /// Somebody in a domain that is not ours.
    Elsewhere,
    /// Nobody: the address has gone, or takes no mail.
    Nobody,
}

/// Who reads what is sent to an address.
pub(crate) fn reader(
    tx: &hikyaku_db::Tx<'_>,
    address: &EmailAddress,
) -> Result<Reader, DirectoryError> {
    let resolution = addresses::resolve(tx, address)?;
    let scope = match route(address, &resolution, (ToOthers::Queued, Locks::PassedBy)) {
        Route::Mailbox(scope) => scope,
        // One of those who may send as the alias reads for all.
        Route::Mailboxes(scopes) => match scopes.first() {
            Some(scope) => *scope,
            None => return Ok(Reader::Nobody),
        },
        Route::Discard(_) | Route::Refuse(_) => return Ok(Reader::Nobody),
        Route::Remote => return Ok(Reader::Elsewhere),
    };
    match accounts::load(tx, scope) {
        Ok(account) => Ok(Reader::Local(scope, account.language)),
        Err(DirectoryError::NoSuchAccount(_)) => Ok(Reader::Nobody),
        Err(error) => Err(error),
    }
}

/// A report ready for its reader.
pub(crate) struct Sealed<'a> {
    pub(crate) to: &'a EmailAddress,
    /// Its Message-ID: delivering it again does nothing.
    pub(crate) message_id: &'a str,
    pub(crate) content: &'a Content,
    /// The connection by which the message that it is about came.
    pub(crate) session: SessionId,
}

/// Delivers and records.
pub(crate) fn deliver(
    tx: &WriteTx<'_>,
    report: &Sealed<'_>,
    scope: AccountScope,
    policy: &Policy,
) -> Result<(), MailError> {
    let account = scope.account.to_string();
    let recipient = Recipient {
        scope,
        prefix: &prefix::build(None, report.to, b"", Begins::WithHeader),
        mailbox: Target::Inbox,
        flags: &Flags::default(),
        id: DeliveryId::derive(&[b"report", report.message_id.as_bytes(), account.as_bytes()]),
        // It is small, and it is about something that happened.
        overshoot: Overshoot::AllowOnce,
    };
    let delivery = Delivery {
        content: report.content,
        internal_date: OffsetTimestamp::utc(tx.now()),
    };
    let (outcome, detail) = match delivery::deliver(tx, delivery, &recipient)? {
        Delivered::Delivered(_) => (Outcome::Delivered, String::new()),
        Delivered::Duplicate => (Outcome::Duplicate, String::new()),
        Delivered::Full(_) => {
            let rejection = Rejection::mailbox_full(policy.mailbox_full);
            (Outcome::RejectedByRule, rejection.to_string())
        }
    };
    let message = TraceOfMessage {
        transaction: tx.new_id(),
        session: trace::raw(report.session),
        at: tx.now(),
        via: "report",
        client_ip: "",
        sender: "",
        message_id: report.message_id,
        size: report.content.size(),
    };
    let row = TraceOfRecipient {
        id: tx.new_id(),
        tenant: scope.tenant,
        account: Some(scope.account),
        recipient: report.to.to_string(),
        outcome,
        detail,
    };
    Ok(trace::record(tx, &message, &[row])?)
}

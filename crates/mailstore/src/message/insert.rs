//! Inserting messages.

use hikyaku_db::{Value, WriteTx};
use hikyaku_types::{AccountId, MessageId, OffsetTimestamp, ThreadId};

use crate::{content::Content, delivery::DeliveryId, error::MailError, list::insert_rows};

/// A message to be stored. Its content's reference is the caller's to add.
#[derive(Debug, Clone)]
pub(crate) struct NewMessage<'a> {
    pub(crate) id: MessageId,
    pub(crate) content: &'a Content,
    pub(crate) prefix: &'a [u8],
    pub(crate) received: OffsetTimestamp,
    pub(crate) thread: ThreadId,
    pub(crate) delivery: Option<&'a DeliveryId>,
}

/// Inserts messages, except those whose delivery id the account has. Returns how many went in.
pub(crate) fn insert(
    tx: &WriteTx<'_>,
    account: AccountId,
    messages: &[NewMessage<'_>],
) -> Result<u64, MailError> {
    let rows: Vec<[Value<'_>; 15]> = messages.iter().map(|new| row(account, new)).collect();
    let head = "INSERT INTO message (account_id, id, blob_hash, blob_skip, prefix, size, \
        received_at, received_offset, sent_at, sent_offset, thread_id, delivery_id, envelope, \
        structure, preview)";
    Ok(insert_rows(tx, head, rows, " ON CONFLICT DO NOTHING")?)
}

fn row<'a>(account: AccountId, new: &'a NewMessage<'_>) -> [Value<'a>; 15] {
    let facts = new.content.facts();
    let size = new.content.size() + new.prefix.len() as u64;
    [
        account.into(),
        new.id.into(),
        new.content.prepared().hash().into(),
        0.into(),
        new.prefix.into(),
        i64::try_from(size).unwrap_or(i64::MAX).into(),
        new.received.at.into(),
        new.received.offset_minutes.into(),
        facts.sent.map(|sent| sent.at).into(),
        facts.sent.map(|sent| sent.offset_minutes).into(),
        new.thread.into(),
        new.delivery.map(DeliveryId::as_bytes).into(),
        (&facts.envelope).into(),
        (&facts.structure).into(),
        facts.preview.as_str().into(),
    ]
}

//! Looking at the queue: for operators and tenants' administrators.

use hikyaku_db::{DbError, Row, Tx, params};
use hikyaku_directory::Reach;
use hikyaku_types::{AccountId, Domain, QueuedId, QueuedRecipientId, TenantId, Timestamp, TraceId};
use serde::Serialize;

use super::message;

/// What a recipient in the queue is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It waits for its next attempt.
    Waiting,
    /// It is being sent.
    Sending,
    /// It waits for somebody to release it.
    Held,
}

/// Why the last attempt failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastTrouble {
    /// [`TroubleKind::as_str`](super::TroubleKind::as_str).
    pub kind: &'static str,
    /// The enhanced status code.
    pub status: String,
    /// The host that was spoken to, if any.
    pub host: Option<String>,
    /// Its words.
    pub reply: Option<String>,
}

/// One recipient of one message in the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QueuedRecipient {
    /// The row, by which lists go on.
    pub id: QueuedRecipientId,
    /// The message.
    pub message: QueuedId,
    /// Whose message.
    pub tenant: TenantId,
    /// The id that the reply to its sender named, as in the trace.
    pub transaction: TraceId,
    /// MAIL FROM; empty for the null sender.
    pub sender: String,
    /// RCPT TO.
    pub recipient: String,
    /// The domain it goes to.
    pub destination: String,
    /// What it is doing.
    pub state: State,
    /// Attempts that failed.
    pub attempts: u32,
    /// When the next attempt may begin, also as far as the destination is concerned.
    pub due_at: Timestamp,
    /// When the last attempt was.
    pub tried_at: Option<Timestamp>,
    /// When the message was accepted.
    pub accepted_at: Timestamp,
    /// When it is given up.
    pub expires_at: Timestamp,
    /// Bytes of the message.
    pub size: u64,
    /// Why the last attempt failed; of the destination, when the recipient was not tried yet.
    pub trouble: Option<LastTrouble>,
}

/// One message in the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QueuedMessage {
    /// The message.
    pub id: QueuedId,
    /// The account that sent it; nothing for a report of the house.
    pub account: Option<AccountId>,
    /// The Message-ID header field, empty when missing.
    pub message_id: String,
    /// The recipients that are still in the queue.
    pub recipients: Vec<QueuedRecipient>,
}

/// Which recipients; every condition that is given must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this tenant.
    pub tenant: Option<TenantId>,
    /// From this sender, in any case.
    pub sender: Option<String>,
    /// To this domain.
    pub destination: Option<Domain>,
    /// Doing this.
    pub state: Option<State>,
    /// Behind this one.
    pub after: Option<QueuedRecipientId>,
    /// Rows at most.
    pub limit: u32,
}

const FROM: &str = "SELECT r.id, r.message_id, r.tenant_id, m.transaction_id, m.sender, r.address, \
     r.destination, r.state, r.held, r.attempts, r.due_at, r.tried_at, m.accepted_at, \
     m.expires_at, m.size, r.trouble, r.status, r.remote_host, r.reply, d.until_at, d.trouble, \
     d.status, d.remote_host, d.reply FROM queue_recipient r \
     JOIN queue_message m ON m.id = r.message_id \
     LEFT JOIN queue_destination d ON d.destination = r.destination";

/// Recipients in the queue, in the order of their ids.
pub fn list(
    tx: &Tx<'_>,
    reach: impl Reach,
    filter: &Filter,
) -> Result<Vec<QueuedRecipient>, DbError> {
    let wanted = match filter.state {
        None => "",
        Some(State::Waiting) => " AND r.state = 1 AND r.held = 0",
        Some(State::Sending) => " AND r.state = 2",
        Some(State::Held) => " AND r.state = 1 AND r.held = 1",
    };
    let sql = format!(
        "{FROM} WHERE r.id > ?1 AND (CAST(?2 AS BIGINT) IS NULL OR r.tenant_id = ?2) \
         AND (CAST(?3 AS BIGINT) IS NULL OR r.tenant_id = ?3) \
         AND (CAST(?4 AS TEXT) IS NULL OR lower(m.sender) = ?4) \
         AND (CAST(?5 AS TEXT) IS NULL OR r.destination = ?5){wanted} ORDER BY r.id LIMIT ?6"
    );
    let after = filter.after.map_or(0, hikyaku_types::Id::to_i64);
    let sender = filter.sender.as_deref().map(str::to_lowercase);
    tx.query(
        &sql,
        params![
            after,
            reach.tenant(),
            filter.tenant,
            sender.as_deref(),
            filter.destination.as_ref().map(Domain::as_str),
            filter.limit,
        ],
        read,
    )
}

/// One message with its recipients, if it is in the queue and within reach.
pub fn show(
    tx: &Tx<'_>,
    reach: impl Reach,
    id: QueuedId,
) -> Result<Option<QueuedMessage>, DbError> {
    let found = tx.query_opt(
        "SELECT tenant_id, account_id, message_id FROM queue_message WHERE id = ?1",
        params![id],
        |row| Ok((row.get::<TenantId>(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let Some((_, account, message_id)) = found.filter(|(tenant, ..)| reach.covers(*tenant)) else {
        return Ok(None);
    };
    let sql = format!("{FROM} WHERE r.message_id = ?1 ORDER BY r.id");
    Ok(Some(QueuedMessage {
        id,
        account,
        message_id,
        recipients: tx.query(&sql, params![id], read)?,
    }))
}

fn read(row: &Row<'_>) -> Result<QueuedRecipient, DbError> {
    let until: Timestamp = message::or_default(row, 19)?;
    let trouble = match message::trouble(row, 15)? {
        Some(own) => Some(own),
        None => message::trouble(row, 20)?,
    };
    Ok(QueuedRecipient {
        id: row.get(0)?,
        message: row.get(1)?,
        tenant: row.get(2)?,
        transaction: row.get(3)?,
        sender: row.get(4)?,
        recipient: row.get(5)?,
        destination: row.get(6)?,
        state: match (row.get::<i64>(7)?, row.get::<bool>(8)?) {
            (2, _) => State::Sending,
            (_, true) => State::Held,
            (_, false) => State::Waiting,
        },
        attempts: row.get(9)?,
        due_at: row.get::<Timestamp>(10)?.max(until),
        tried_at: row.get(11)?,
        accepted_at: row.get(12)?,
        expires_at: row.get(13)?,
        size: row.get(14)?,
        trouble: trouble.map(|trouble| LastTrouble {
            kind: trouble.kind.as_str(),
            status: trouble.status,
            host: trouble.host,
            reply: trouble.reply,
        }),
    })
}

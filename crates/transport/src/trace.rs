//! The message trace: what became of each recipient of each accepted message, searchable by the
//! tenant's administrators (design §1.2).

use std::{fmt::Write as _, sync::LazyLock};

use hikyaku_db::{DbError, Row, Tx, Value, WriteTx, params};
use hikyaku_types::{AccountId, Id, TenantId, Timestamp, TraceId};
use serde::Serialize;

/// What became of one recipient's copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// In the mailbox.
    Delivered,
    /// Accepted with the message, refused for this recipient; `detail` says by which rule.
    RejectedByRule,
    /// The same delivery had been made before; nothing was written again.
    Duplicate,
    /// In the queue for another host; becomes one of the following.
    Queued,
    /// Another host took it; `detail` says which, and its words.
    Sent,
    /// Another host refused it, or it was tried for too long; `detail` says why.
    Bounced,
    /// An administrator took it out of the queue.
    Canceled,
    /// Accepted and thrown away, as the account's administrator wants it (noreply).
    DiscardedByRule,
}

impl Outcome {
    const fn to_stored(self) -> i64 {
        match self {
            Self::Delivered => 1,
            Self::RejectedByRule => 2,
            Self::Duplicate => 3,
            Self::Queued => 4,
            Self::Sent => 5,
            Self::Bounced => 6,
            Self::Canceled => 7,
            Self::DiscardedByRule => 8,
        }
    }

    fn from_stored(raw: i64) -> Result<Self, DbError> {
        match raw {
            1 => Ok(Self::Delivered),
            2 => Ok(Self::RejectedByRule),
            3 => Ok(Self::Duplicate),
            4 => Ok(Self::Queued),
            5 => Ok(Self::Sent),
            6 => Ok(Self::Bounced),
            7 => Ok(Self::Canceled),
            8 => Ok(Self::DiscardedByRule),
            other => Err(DbError::Corrupt {
                reason: format!("trace.outcome has the value {other}"),
            }),
        }
    }
}

/// One row: one recipient of one message.
#[derive(Debug, Clone, Serialize)]
pub struct TraceRow {
    /// The row.
    pub id: TraceId,
    /// Whose mailbox it reached.
    pub account: Option<AccountId>,
    /// The message: the id that the 250 reply named.
    pub transaction: TraceId,
    /// When it was accepted.
    pub at: Timestamp,
    /// `smtp`, `submission` or `lmtp`.
    pub via: String,
    /// The client's address.
    pub client_ip: String,
    /// MAIL FROM; empty for the null sender.
    pub sender: String,
    /// RCPT TO.
    pub recipient: String,
    /// The Message-ID header field, empty when missing.
    pub message_id: String,
    /// Bytes as they came over the wire.
    pub size: u64,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, in words; empty when there is nothing to say.
    pub detail: String,
}

/// What is the same for all recipients of a message.
pub(crate) struct TraceOfMessage<'a> {
    pub(crate) transaction: TraceId,
    pub(crate) session: i64,
    pub(crate) at: Timestamp,
    pub(crate) via: &'static str,
    pub(crate) client_ip: &'a str,
    pub(crate) sender: &'a str,
    pub(crate) message_id: &'a str,
    pub(crate) size: u64,
}

/// What differs from recipient to recipient.
pub(crate) struct TraceOfRecipient {
    pub(crate) id: TraceId,
    pub(crate) tenant: TenantId,
    pub(crate) account: Option<AccountId>,
    pub(crate) recipient: String,
    pub(crate) outcome: Outcome,
    pub(crate) detail: String,
}

const COLUMNS: &str = "id, tenant_id, account_id, transaction_id, session_id, at, via, client_ip, \
     sender, recipient, message_id, size, outcome, detail";
const COLUMN_COUNT: usize = 14;

/// Rows per statement for messages to many; one row otherwise. Two sizes keep the cache of
/// prepared statements small.
const CHUNK: usize = 25;

static INSERT_ONE: LazyLock<String> = LazyLock::new(|| insert_sql(1));
static INSERT_CHUNK: LazyLock<String> = LazyLock::new(|| insert_sql(CHUNK));

fn insert_sql(rows: usize) -> String {
    let mut sql = format!("INSERT INTO trace ({COLUMNS}) VALUES ");
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in 1..=COLUMN_COUNT {
            let comma = if column == 1 { "" } else { ", " };
            // Writing to a String cannot fail.
            let _ = write!(sql, "{comma}?{}", row * COLUMN_COUNT + column);
        }
        sql.push(')');
    }
    sql
}

/// Writes one row per recipient.
pub(crate) fn record(
    tx: &WriteTx<'_>,
    message: &TraceOfMessage<'_>,
    recipients: &[TraceOfRecipient],
) -> Result<(), DbError> {
    for chunk in recipients.chunks(CHUNK) {
        if chunk.len() == CHUNK {
            insert(tx, &INSERT_CHUNK, message, chunk)?;
        } else {
            for recipient in chunk {
                insert(tx, &INSERT_ONE, message, std::slice::from_ref(recipient))?;
            }
        }
    }
    Ok(())
}

fn insert(
    tx: &WriteTx<'_>,
    sql: &str,
    message: &TraceOfMessage<'_>,
    recipients: &[TraceOfRecipient],
) -> Result<(), DbError> {
    let mut values: Vec<Value<'_>> = Vec::with_capacity(recipients.len() * COLUMN_COUNT);
    for recipient in recipients {
        values.extend_from_slice(params![
            recipient.id,
            recipient.tenant,
            recipient.account,
            message.transaction,
            message.session,
            message.at,
            message.via,
            message.client_ip,
            message.sender,
            recipient.recipient.as_str(),
            message.message_id,
            message.size as i64,
            recipient.outcome.to_stored(),
            recipient.detail.as_str(),
        ]);
    }
    tx.execute(sql, &values).map(drop)
}

/// Tells what became of recipients that were queued, the same for all. Rows that were purged stay
/// away.
pub(crate) fn conclude(
    tx: &WriteTx<'_>,
    rows: &[TraceId],
    tenant: TenantId,
    (account, outcome, detail): (Option<AccountId>, Outcome, &str),
) -> Result<(), DbError> {
    for chunk in rows.chunks(CHUNK) {
        // Two lengths keep the cache of prepared statements small.
        let places = if chunk.len() == 1 { 1 } else { CHUNK };
        let list = hikyaku_db::sql::in_list(5, places);
        let sql = format!(
            "UPDATE trace SET account_id = ?2, outcome = ?3, detail = ?4 \
             WHERE tenant_id = ?1 AND id IN ({list})"
        );
        let mut values = params![tenant, account, outcome.to_stored(), detail].to_vec();
        let again = chunk.iter().chain(chunk.last().into_iter().cycle());
        values.extend(again.take(places).map(|row| Value::from(*row)));
        tx.execute(&sql, &values)?;
    }
    Ok(())
}

/// What to look for; every condition that is given must hold.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// Not before.
    pub since: Option<Timestamp>,
    /// Sender or recipient, exactly, in any case.
    pub address: Option<String>,
    /// The Message-ID, exactly.
    pub message_id: Option<String>,
    /// Rows at most; [`MAX_ROWS`] when larger.
    pub limit: usize,
}

/// Rows of one answer at most.
pub const MAX_ROWS: usize = 1000;

/// The tenant's rows, newest first.
pub fn search(tx: &Tx<'_>, tenant: TenantId, what: &Search) -> Result<Vec<TraceRow>, DbError> {
    let address = what
        .address
        .as_deref()
        .map(str::to_lowercase)
        .unwrap_or_default();
    let message_id = what.message_id.as_deref().unwrap_or_default();
    let sql = format!(
        "SELECT {COLUMNS} FROM trace WHERE tenant_id = ?1 AND at >= ?2 \
         AND (?3 = '' OR lower(sender) = ?3 OR lower(recipient) = ?3) \
         AND (?4 = '' OR message_id = ?4) ORDER BY at DESC, id DESC LIMIT ?5"
    );
    let limit = what.limit.clamp(1, MAX_ROWS) as i64;
    let since = what.since.unwrap_or_default();
    tx.query(
        &sql,
        params![tenant, since, address.as_str(), message_id, limit],
        read_row,
    )
}

fn read_row(row: &Row<'_>) -> Result<TraceRow, DbError> {
    Ok(TraceRow {
        id: row.get(0)?,
        account: row.get(2)?,
        transaction: row.get(3)?,
        at: row.get(5)?,
        via: row.get(6)?,
        client_ip: row.get(7)?,
        sender: row.get(8)?,
        recipient: row.get(9)?,
        message_id: row.get(10)?,
        size: row.get(11)?,
        outcome: Outcome::from_stored(row.get(12)?)?,
        detail: row.get(13)?,
    })
}

/// Rows removed by one call of [`purge`] at most: about 10 ms of writer time.
pub const PURGE_CHUNK: i64 = 500;

const PURGE: &str = "DELETE FROM trace WHERE id IN \
     (SELECT id FROM trace WHERE tenant_id = ?1 AND at < ?2 ORDER BY at LIMIT ?3)";

/// Removes up to [`PURGE_CHUNK`] rows of a tenant older than `before`; says how many, so that the
/// caller comes again until it is none.
pub fn purge(tx: &WriteTx<'_>, tenant: TenantId, before: Timestamp) -> Result<u64, DbError> {
    tx.execute(PURGE, params![tenant, before, PURGE_CHUNK])
}

/// The number in an id, for columns that hold it without its type.
pub(crate) fn raw(id: impl Id) -> i64 {
    id.to_i64()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However many rows are kept.
    #[tokio::test]
    async fn purging_reads_what_it_removes() {
        hikyaku_db::testing::assert_only_searches(PURGE.to_owned(), 3).await;
    }
}

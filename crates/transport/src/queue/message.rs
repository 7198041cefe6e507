//! Messages and recipients of the queue, as they are stored.

use hikyaku_blob::ContentHash;
use hikyaku_db::{DbError, FromValue, Row as Columns, Tx, params};
use hikyaku_types::{
    AccountId, Domain, EmailAddress, QueuedId, QueuedRecipientId, SessionId, TenantId, Timestamp,
    TraceId,
};

use super::{Trouble, TroubleKind};
use crate::{Notify, OriginalRecipient, Reporting, Returned};

/// One message, the same for all its recipients.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: QueuedId,
    pub(crate) tenant: TenantId,
    pub(crate) account: Option<AccountId>,
    pub(crate) sender: Option<EmailAddress>,
    pub(crate) hash: ContentHash,
    pub(crate) prefix: Vec<u8>,
    /// Of its header.
    pub(crate) header_id: String,
    pub(crate) reporting: Reporting,
    pub(crate) eight_bit: bool,
    pub(crate) utf8: bool,
    pub(crate) transaction: TraceId,
    pub(crate) session: SessionId,
    pub(crate) accepted_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

const MESSAGE: &str = "SELECT id, tenant_id, account_id, sender, blob_hash, prefix, \
     message_id, envelope_id, returned, host, eight_bit, utf8, transaction_id, session_id, \
     accepted_at, expires_at FROM queue_message WHERE id = ?1";

impl Message {
    /// The message, if it is still in the queue.
    pub(crate) fn load(tx: &Tx<'_>, id: QueuedId) -> Result<Option<Self>, DbError> {
        tx.query_opt(MESSAGE, params![id], Self::read)
    }

    fn read(row: &Columns<'_>) -> Result<Self, DbError> {
        let sender: String = row.get(3)?;
        Ok(Self {
            id: row.get(0)?,
            tenant: row.get(1)?,
            account: row.get(2)?,
            sender: match sender.as_str() {
                "" => None,
                sender => Some(parsed(sender, "queue_message.sender")?),
            },
            hash: row.get(4)?,
            prefix: row.get(5)?,
            header_id: row.get(6)?,
            reporting: Reporting {
                envelope_id: row.get(7)?,
                returned: returned(row.get(8)?)?,
                host: parsed(&row.get::<String>(9)?, "queue_message.host")?,
            },
            eight_bit: row.get(10)?,
            utf8: row.get(11)?,
            transaction: row.get(12)?,
            session: row.get(13)?,
            accepted_at: row.get(14)?,
            expires_at: row.get(15)?,
        })
    }
}

/// One recipient that waits or is being sent.
#[derive(Debug, Clone)]
pub(crate) struct Recipient {
    pub(crate) id: QueuedRecipientId,
    pub(crate) trace: TraceId,
    pub(crate) address: EmailAddress,
    pub(crate) notify: Option<Notify>,
    pub(crate) original: Option<OriginalRecipient>,
    pub(crate) attempts: u32,
    /// Why the last attempt failed.
    pub(crate) trouble: Option<Trouble>,
}

impl Recipient {
    /// What [`Recipient::read`] reads.
    pub(crate) const COLUMNS: &'static str = "id, trace_id, address, notify, original_type, \
         original, attempts, trouble, status, remote_host, reply";

    /// Reads [`Recipient::COLUMNS`].
    pub(crate) fn read(row: &Columns<'_>) -> Result<Self, DbError> {
        let original: (Option<String>, Option<String>) = (row.get(4)?, row.get(5)?);
        Ok(Self {
            id: row.get(0)?,
            trace: row.get(1)?,
            address: parsed(&row.get::<String>(2)?, "queue_recipient.address")?,
            notify: row.get::<Option<i64>>(3)?.map(notify),
            original: match original {
                (Some(address_type), Some(address)) => Some(OriginalRecipient {
                    address_type,
                    address,
                }),
                _ => None,
            },
            attempts: row.get(6)?,
            trouble: trouble(row, 7)?,
        })
    }

    /// What the sender is told.
    pub(crate) fn told(&self) -> Notify {
        self.notify.unwrap_or_default()
    }
}

/// Reads kind, status, host and reply from four columns.
pub(crate) fn trouble(row: &Columns<'_>, first: usize) -> Result<Option<Trouble>, DbError> {
    let Some(word) = row.get::<Option<String>>(first)? else {
        return Ok(None);
    };
    let kind = TroubleKind::from_word(&word).ok_or_else(|| DbError::Corrupt {
        reason: format!("a trouble of the queue has the value {word}"),
    })?;
    Ok(Some(Trouble {
        kind,
        status: row.get::<Option<String>>(first + 1)?.unwrap_or_default(),
        host: row.get(first + 2)?,
        reply: row.get(first + 3)?,
    }))
}

const SUCCESS: i64 = 1;
const FAILURE: i64 = 2;
const DELAY: i64 = 4;

const fn notify(bits: i64) -> Notify {
    Notify {
        success: bits & SUCCESS != 0,
        failure: bits & FAILURE != 0,
        delay: bits & DELAY != 0,
    }
}

/// The number for a wish of the sender.
pub(crate) fn notify_bits(notify: Notify) -> i64 {
    let bit = |wanted: bool, bit: i64| if wanted { bit } else { 0 };
    bit(notify.success, SUCCESS) | bit(notify.failure, FAILURE) | bit(notify.delay, DELAY)
}

/// The number for what a report returns.
pub(crate) const fn returned_code(returned: Returned) -> i64 {
    match returned {
        Returned::Full => 1,
        Returned::Headers => 2,
    }
}

fn returned(code: Option<i64>) -> Result<Option<Returned>, DbError> {
    match code {
        None => Ok(None),
        Some(1) => Ok(Some(Returned::Full)),
        Some(2) => Ok(Some(Returned::Headers)),
        Some(other) => Err(DbError::Corrupt {
            reason: format!("queue_message.returned has the value {other}"),
        }),
    }
}

/// An address or a domain that was valid when it was stored.
pub(crate) fn parsed<T: std::str::FromStr>(text: &str, column: &str) -> Result<T, DbError> {
    text.parse().map_err(|_| DbError::Corrupt {
        reason: format!("{column} has the value {text:?}"),
    })
}

/// A domain from a column.
pub(crate) fn domain(row: &Columns<'_>, column: usize) -> Result<Domain, DbError> {
    parsed(&row.get::<String>(column)?, "queue_recipient.destination")
}

/// A column that a LEFT JOIN may leave empty.
pub(crate) fn or_default<T: FromValue + Default>(
    row: &Columns<'_>,
    column: usize,
) -> Result<T, DbError> {
    Ok(row.get::<Option<T>>(column)?.unwrap_or_default())
}

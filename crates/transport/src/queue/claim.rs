//! Taking recipients that are due, for one attempt.
//!
//! A claim is a lease: it names who sends and until when, and is on disk before anything is sent.
//! Rows that somebody else locks are left to them (PostgreSQL, several processes). While the owner
//! lives it renews its leases; the rows of one that died come back when they are over.

use std::time::Duration;

use hikyaku_db::{DbError, Tx, WriteTx, params};
use hikyaku_types::{Domain, QueuedId, Timestamp};

use super::{RECIPIENTS_PER_PARCEL, message::Recipient};

/// How long a lease lasts that nobody renews: mail that was being sent when its process died is
/// tried again after this at the latest. 5 minutes.
pub(super) const LEASE: Duration = Duration::from_mins(5);

/// How often leases are renewed while something is being sent: several times before they are over.
pub(super) const RENEW_EVERY: Duration = Duration::from_mins(1);

/// Who claims: one scheduler of one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owner(pub(super) QueuedId);

/// Recipients of one message at one destination, claimed.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) message: QueuedId,
    pub(super) destination: Domain,
    pub(super) recipients: Vec<Recipient>,
    pub(super) size: u64,
}

impl Claim {
    /// The memory that sending takes: the message as it is stored and as it is sent.
    pub(super) fn size_kib(&self) -> usize {
        usize::try_from(self.size / 512).unwrap_or(usize::MAX)
    }
}

const FIRST: &str = "SELECT message_id FROM queue_recipient \
     WHERE state = 1 AND held = 0 AND destination = ?1 AND due_at <= ?2 \
     ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED";

/// Claims what is due longest at a destination; nothing when nothing is due.
pub(super) fn next(
    tx: &WriteTx<'_>,
    owner: Owner,
    destination: &Domain,
) -> Result<Option<Claim>, DbError> {
    let (name, now) = (destination.as_str(), tx.now());
    let Some(message) = tx.query_opt(FIRST, params![name, now], |row| row.get::<QueuedId>(0))?
    else {
        return Ok(None);
    };
    let columns = Recipient::COLUMNS;
    let sql = format!(
        "UPDATE queue_recipient SET state = 2, lease_owner = ?4, lease_until = ?5 WHERE id IN \
         (SELECT id FROM queue_recipient WHERE message_id = ?1 AND state = 1 AND held = 0 \
         AND destination = ?2 AND due_at <= ?3 ORDER BY id LIMIT {RECIPIENTS_PER_PARCEL} \
         FOR UPDATE SKIP LOCKED) RETURNING {columns}"
    );
    let values = params![message, name, now, owner.0, now.plus(LEASE)];
    let mut recipients = tx.query(&sql, values, Recipient::read)?;
    recipients.sort_by_key(|recipient| recipient.id);
    let size = tx.query_opt(
        "SELECT size FROM queue_message WHERE id = ?1",
        params![message],
        |row| row.get(0),
    )?;
    Ok((!recipients.is_empty()).then(|| Claim {
        message,
        destination: destination.clone(),
        recipients,
        size: size.unwrap_or_default(),
    }))
}

/// Lengthens all leases of an owner.
pub(super) fn renew(tx: &WriteTx<'_>, owner: Owner) -> Result<(), DbError> {
    tx.execute(
        "UPDATE queue_recipient SET lease_until = ?2 WHERE state = 2 AND lease_owner = ?1",
        params![owner.0, tx.now().plus(LEASE)],
    )
    .map(drop)
}

/// Rows taken back by one transaction at most: about 10 ms of writer time.
const TAKE_BACK: i64 = 500;

/// Whose rows are taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leases {
    /// Those that are over.
    Over,
    /// Those of everybody else: nobody else can live (SQLite has one process).
    OfOthers,
}

/// Lets others' rows wait again; says how many, so that the caller comes again until it is none.
pub(super) fn take_back(tx: &WriteTx<'_>, owner: Owner, which: Leases) -> Result<u64, DbError> {
    let until = match which {
        Leases::Over => tx.now(),
        Leases::OfOthers => Timestamp(i64::MAX),
    };
    tx.execute(
        "UPDATE queue_recipient SET state = 1, lease_owner = NULL, lease_until = NULL \
         WHERE id IN (SELECT id FROM queue_recipient WHERE state = 2 AND lease_until <= ?1 \
         AND lease_owner <> ?2 ORDER BY lease_until LIMIT ?3 FOR UPDATE SKIP LOCKED)",
        params![until, owner.0, TAKE_BACK],
    )
}

/// When the first lease of somebody else is over.
pub(super) fn first_over(tx: &Tx<'_>, owner: Owner) -> Result<Option<Timestamp>, DbError> {
    tx.query_opt(
        "SELECT lease_until FROM queue_recipient WHERE state = 2 AND lease_owner <> ?1 \
         ORDER BY lease_until LIMIT 1",
        params![owner.0],
        |row| row.get(0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However many rows wait.
    #[tokio::test]
    async fn claiming_reads_what_it_takes() {
        hikyaku_db::testing::assert_only_searches(FIRST.to_owned(), 2).await;
    }
}

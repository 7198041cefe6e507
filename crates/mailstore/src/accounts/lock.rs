//! Locking the account's row: the first thing every write does.
//!
//! The row's lock is held to the commit. So modification sequences and UIDs become visible in their
//! order, and the quota that is looked at here is the quota that counts.

use hikyaku_db::{Tx, WriteTx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::{MailboxId, ModSeq, Timestamp};

use crate::{
    delivery::DeliveryId,
    error::{MailError, QuotaKind},
    quota::{Overshoot, Quota, Room, Usage},
};

/// An account whose row this transaction holds, with a modseq of its own.
#[derive(Debug, Clone)]
pub(crate) struct Locked {
    /// Whose mail.
    pub(crate) scope: AccountScope,
    /// The modseq of all changes of this transaction to this account.
    pub(crate) modseq: ModSeq,
    /// The account's INBOX.
    pub(crate) inbox: MailboxId,
    /// How long what is expunged now stays restorable, in seconds.
    restore_seconds: i64,
    /// What the account held when it was locked.
    pub(crate) usage: Usage,
}

impl Locked {
    /// When that which is expunged at `now` may be purged.
    pub(crate) fn purge_at(&self, now: Timestamp) -> Timestamp {
        let seconds = u64::try_from(self.restore_seconds).unwrap_or(0);
        now.plus(std::time::Duration::from_secs(seconds))
    }
}

const LOCKED_COLUMNS: &str =
    "modseq, inbox_id, restore_seconds, used_bytes, used_messages, quota_bytes, quota_messages";

fn read_locked(
    scope: AccountScope,
    row: &hikyaku_db::Row<'_>,
) -> Result<Locked, hikyaku_db::DbError> {
    Ok(Locked {
        scope,
        modseq: row.get(0)?,
        inbox: row.get(1)?,
        restore_seconds: row.get(2)?,
        usage: Usage {
            bytes: row.get(3)?,
            messages: row.get(4)?,
            quota: Quota {
                bytes: row.get(5)?,
                messages: row.get(6)?,
            },
        },
    })
}

/// Locks the account and takes its next modseq.
pub(crate) fn lock(tx: &WriteTx<'_>, scope: AccountScope) -> Result<Locked, MailError> {
    let sql = format!(
        "UPDATE mail_account SET modseq = modseq + 1 WHERE account_id = ?1 AND tenant_id = ?2 \
         RETURNING {LOCKED_COLUMNS}"
    );
    tx.query_opt(&sql, params![scope.account, scope.tenant], |row| {
        read_locked(scope, row)
    })?
    .ok_or(MailError::NoSuchAccount)
}

/// Room asked for in an account.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claim<'a> {
    pub(crate) bytes: u64,
    pub(crate) messages: u64,
    pub(crate) overshoot: Overshoot,
    /// What must not have been delivered yet.
    pub(crate) delivery: Option<&'a DeliveryId>,
}

/// Why a claim was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It was delivered before.
    Duplicate,
    /// There is no room.
    Full(QuotaKind),
}

/// Locks the account, takes its next modseq and counts the claimed messages as used, in one
/// statement. Under a refusal nothing is changed.
pub(crate) fn claim(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    claim: Claim<'_>,
) -> Result<Result<Locked, Refused>, MailError> {
    let (bytes, messages) = (as_i64(claim.bytes), as_i64(claim.messages));
    // Where the limit may be crossed once, there has to be room for one byte or message more.
    let (bytes_fit, messages_fit) = match claim.overshoot {
        Overshoot::Refuse => (bytes, messages),
        Overshoot::AllowOnce => (1, 1),
    };
    let sql = format!(
        "UPDATE mail_account SET modseq = modseq + 1, used_bytes = used_bytes + ?3, \
         used_messages = used_messages + ?4, change_count = change_count + ?4 \
         WHERE account_id = ?1 AND tenant_id = ?2 \
         AND (quota_bytes = 0 OR used_bytes + ?5 <= quota_bytes) \
         AND (quota_messages = 0 OR used_messages + ?6 <= quota_messages) \
         AND NOT EXISTS (SELECT 1 FROM message WHERE account_id = ?1 AND delivery_id = ?7) \
         RETURNING {LOCKED_COLUMNS}"
    );
    let delivery = claim.delivery.map(DeliveryId::as_bytes);
    let parameters = params![
        scope.account,
        scope.tenant,
        bytes,
        messages,
        bytes_fit,
        messages_fit,
        delivery
    ];
    match tx.query_opt(&sql, parameters, |row| read_locked(scope, row))? {
        Some(locked) => Ok(Ok(locked)),
        None => refusal(tx, scope, claim).map(Err),
    }
}

/// Why [`claim`] changed nothing.
fn refusal(tx: &Tx<'_>, scope: AccountScope, claim: Claim<'_>) -> Result<Refused, MailError> {
    let usage = super::quota::usage(tx, scope)?;
    let delivered = tx.query_opt(
        "SELECT 1 FROM message WHERE account_id = ?1 AND delivery_id = ?2",
        params![scope.account, claim.delivery.map(DeliveryId::as_bytes)],
        |_| Ok(()),
    )?;
    if delivered.is_some() {
        return Ok(Refused::Duplicate);
    }
    match usage.room(claim.bytes, claim.messages, claim.overshoot) {
        Room::Full(kind) => Ok(Refused::Full(kind)),
        // Room was made between the two statements: for this message it was full.
        Room::Ok => Ok(Refused::Full(QuotaKind::Bytes)),
    }
}

/// What a transaction did to an account's counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Settlement {
    /// Bytes more (or less) used.
    pub(crate) bytes: i64,
    /// Messages more (or less).
    pub(crate) messages: i64,
    /// Rows added to the change log.
    pub(crate) changes: i64,
}

/// Writes what a transaction did to the counters of an account that it holds.
pub(crate) fn settle(
    tx: &WriteTx<'_>,
    account: &Locked,
    settlement: Settlement,
) -> Result<(), MailError> {
    if settlement == Settlement::default() {
        return Ok(());
    }
    tx.execute(
        "UPDATE mail_account SET used_bytes = used_bytes + ?2, \
         used_messages = used_messages + ?3, change_count = change_count + ?4 \
         WHERE account_id = ?1",
        params![
            account.scope.account,
            settlement.bytes,
            settlement.messages,
            settlement.changes
        ],
    )?;
    Ok(())
}

/// Sizes and counts are far below 2^63; a number above would be refused by every quota anyway.
fn as_i64(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX / 2)
}

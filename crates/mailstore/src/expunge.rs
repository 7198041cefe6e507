//! Expunging: messages leave the mailbox, every protocol and the quota at once, and stay restorable
//! for the account's window.
//!
//! A message that has no placement left is in `expunged`, with where it was last; a message that is
//! in another mailbox too is not: it is still there.

use std::collections::HashMap;

use hikyaku_db::{DbError, Hint, Tx, Value, WriteTx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::{MailboxId, MessageId, Uid};

use crate::{
    Mailstore,
    accounts::{self, Locked, Settlement},
    error::MailError,
    list::push_list,
    mailboxes,
    placement::{self, Placement},
};

/// Which messages to expunge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which<'a> {
    /// All with the Deleted flag (EXPUNGE).
    AllDeleted,
    /// Those of these that have the Deleted flag (UID EXPUNGE, RFC 4315 §2.1).
    Deleted(&'a [Uid]),
    /// These, whatever their flags (POP3's QUIT).
    Exactly(&'a [Uid]),
}

/// What a message must be to be expunged, looked at under the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    Any,
    Deleted,
}

impl Mailstore {
    /// Expunges messages, in chunks. Returns the UIDs that went, ascending.
    pub async fn expunge(
        &self,
        scope: AccountScope,
        mailbox: MailboxId,
        which: Which<'_>,
    ) -> Result<Vec<Uid>, MailError> {
        let (uids, condition) = match which {
            Which::AllDeleted => (
                self.marked_deleted(scope, mailbox).await?,
                Condition::Deleted,
            ),
            Which::Deleted(uids) => (sorted(uids), Condition::Deleted),
            Which::Exactly(uids) => (sorted(uids), Condition::Any),
        };
        let lane = self.lane_for(uids.len());
        let mut gone = Vec::with_capacity(uids.len());
        for chunk in uids.chunks(self.chunk()) {
            let chunk = chunk.to_vec();
            gone.extend(
                self.db()
                    .write(lane, move |tx| {
                        expunge(tx, scope, mailbox, &chunk, condition)
                    })
                    .await?,
            );
        }
        Ok(gone)
    }

    /// The messages with the Deleted flag: found by a reader, so that the writer need not search.
    async fn marked_deleted(
        &self,
        scope: AccountScope,
        mailbox: MailboxId,
    ) -> Result<Vec<Uid>, MailError> {
        self.db()
            .read(move |tx| {
                let marked = tx.query_opt(
                    "SELECT b.deleted FROM mailbox b \
                     JOIN mail_account a ON a.account_id = b.account_id \
                     WHERE b.account_id = ?1 AND a.tenant_id = ?2 AND b.id = ?3 \
                     AND b.parent_id >= 0",
                    params![scope.account, scope.tenant, mailbox],
                    |row| row.get::<i64>(0),
                )?;
                if marked.ok_or(MailError::NoSuchMailbox)? == 0 {
                    return Ok(Vec::new());
                }
                Ok(tx.query(
                    "SELECT uid FROM placement WHERE account_id = ?1 AND mailbox_id = ?2 \
                     AND (flags & 8) <> 0 ORDER BY uid",
                    params![scope.account, mailbox],
                    |row| row.get(0),
                )?)
            })
            .await
    }
}

fn sorted(uids: &[Uid]) -> Vec<Uid> {
    let mut uids = uids.to_vec();
    uids.sort_unstable();
    uids.dedup();
    uids
}

fn expunge(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    mailbox: MailboxId,
    uids: &[Uid],
    condition: Condition,
) -> Result<Vec<Uid>, MailError> {
    let account = accounts::lock(tx, scope)?;
    if !mailboxes::exists(tx, scope, mailbox)? {
        return Err(MailError::NoSuchMailbox);
    }
    let mut settlement = Settlement::default();
    let gone = expunge_locked(tx, &account, mailbox, uids, condition, &mut settlement)?;
    accounts::settle(tx, &account, settlement)?;
    if !gone.is_empty() {
        tx.hint(Hint::Mail(scope.account));
    }
    Ok(gone)
}

/// Expunges up to a chunk of messages of an account that is locked.
pub(crate) fn expunge_locked(
    tx: &WriteTx<'_>,
    account: &Locked,
    mailbox: MailboxId,
    uids: &[Uid],
    condition: Condition,
    settlement: &mut Settlement,
) -> Result<Vec<Uid>, MailError> {
    let mut placements = placement::select(tx, account.scope.account, mailbox, uids)?;
    if condition == Condition::Deleted {
        placements.retain(|placement| placement.flags.is_deleted());
    }
    if placements.is_empty() {
        return Ok(Vec::new());
    }
    let last = last_placements(tx, account, mailbox, &placements)?;
    keep_restorable(tx, account, mailbox, &last)?;
    placement::remove(tx, account, mailbox, &placements, settlement)?;
    for placement in &last {
        settlement.bytes -= i64::try_from(placement.size).unwrap_or(i64::MAX);
        settlement.messages -= 1;
    }
    Ok(placements
        .into_iter()
        .map(|placement| placement.uid)
        .collect())
}

/// Those of the placements with which their message leaves its last mailbox: one for each such
/// message.
fn last_placements(
    tx: &Tx<'_>,
    account: &Locked,
    mailbox: MailboxId,
    placements: &[Placement],
) -> Result<Vec<Placement>, MailError> {
    let uids: Vec<Uid> = placements.iter().map(|placement| placement.uid).collect();
    let mut parameters: Vec<Value<'_>> = vec![account.scope.account.into(), mailbox.into()];
    let list = push_list(&mut parameters, &uids);
    let sql = format!(
        "SELECT q.message_id, COUNT(*) FROM placement q WHERE q.account_id = ?1 \
         AND q.message_id IN (SELECT p.message_id FROM placement p \
         WHERE p.account_id = ?1 AND p.mailbox_id = ?2 AND p.uid IN ({list})) \
         GROUP BY q.message_id"
    );
    let mut left: HashMap<MessageId, i64> = tx
        .query(&sql, &parameters, |row| {
            Ok::<_, DbError>((row.get(0)?, row.get(1)?))
        })?
        .into_iter()
        .collect();
    let mut last = Vec::new();
    for placement in placements {
        if let Some(count) = left.get_mut(&placement.message) {
            *count -= 1;
            if *count == 0 {
                last.push(placement.clone());
            }
        }
    }
    Ok(last)
}

/// Remembers where messages were last, for as long as they can be restored.
fn keep_restorable(
    tx: &WriteTx<'_>,
    account: &Locked,
    mailbox: MailboxId,
    last: &[Placement],
) -> Result<(), MailError> {
    if last.is_empty() {
        return Ok(());
    }
    let uids: Vec<Uid> = last.iter().map(|placement| placement.uid).collect();
    let now = tx.now();
    let mut parameters: Vec<Value<'_>> = vec![
        account.scope.account.into(),
        mailbox.into(),
        now.into(),
        account.purge_at(now).into(),
    ];
    let list = push_list(&mut parameters, &uids);
    let sql = format!(
        "INSERT INTO expunged (account_id, message_id, mailbox_id, uid, flags, keywords, \
         internal_at, internal_offset, saved_at, expunged_at, purge_at) \
         SELECT account_id, message_id, mailbox_id, uid, flags, keywords, internal_at, \
         internal_offset, saved_at, CAST(?3 AS BIGINT), CAST(?4 AS BIGINT) FROM placement \
         WHERE account_id = ?1 AND mailbox_id = ?2 AND uid IN ({list})"
    );
    tx.execute(&sql, &parameters)?;
    Ok(())
}

//! Putting messages into a mailbox.

use hikyaku_db::{Value, WriteTx, params};
use hikyaku_types::{MailboxId, MessageId, OffsetTimestamp, Uid, UidValidity};

use crate::{
    accounts::{Locked, Settlement},
    change,
    error::MailError,
    flags::Flags,
    list::insert_rows,
    mailboxes,
};

/// A message to be put into a mailbox.
#[derive(Debug, Clone)]
pub(crate) struct NewPlacement<'a> {
    pub(crate) message: MessageId,
    pub(crate) flags: &'a Flags,
    pub(crate) size: u64,
    pub(crate) internal: OffsetTimestamp,
}

/// Where messages were put: they have consecutive UIDs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) uid_validity: UidValidity,
    pub(crate) first: Uid,
    pub(crate) count: u32,
}

impl Placed {
    /// The UIDs, ascending.
    pub(crate) fn uids(self) -> impl Iterator<Item = Uid> {
        // The last UID of all has none after it.
        let first = u64::from(self.first.get());
        (first..first + u64::from(self.count))
            .filter_map(|uid| u32::try_from(uid).ok().and_then(Uid::new))
    }
}

/// Puts messages into a mailbox, in this order, with the next UIDs.
///
/// Statements: one for the mailbox, one for the placements and one for the change log (for every 32
/// messages, and less for the rest).
pub(crate) fn add(
    tx: &WriteTx<'_>,
    account: &Locked,
    mailbox: MailboxId,
    messages: &[NewPlacement<'_>],
    settlement: &mut Settlement,
) -> Result<Placed, MailError> {
    let placed = take_uids(tx, account, mailbox, messages)?;
    let now = tx.now();
    let row = |(uid, message): (Uid, &NewPlacement<'_>)| -> [Value<'static>; 12] {
        [
            account.scope.account.into(),
            mailbox.into(),
            uid.into(),
            message.message.into(),
            message.flags.system().bits().into(),
            message.flags.keyword_text().into(),
            as_i64(message.size).into(),
            message.internal.at.into(),
            message.internal.offset_minutes.into(),
            now.into(),
            account.modseq.into(),
            account.modseq.into(),
        ]
    };
    insert_rows(
        tx,
        "INSERT INTO placement (account_id, mailbox_id, uid, message_id, flags, keywords, size, \
         internal_at, internal_offset, saved_at, modseq, created_modseq)",
        placed.uids().zip(messages).map(row).collect(),
        "",
    )?;
    let added = placed
        .uids()
        .zip(messages.iter().map(|message| message.message));
    settlement.changes += change::record_new(tx, account, mailbox, added)?;
    Ok(placed)
}

/// Takes the next UIDs of a mailbox and counts the messages in it.
fn take_uids(
    tx: &WriteTx<'_>,
    account: &Locked,
    mailbox: MailboxId,
    messages: &[NewPlacement<'_>],
) -> Result<Placed, MailError> {
    let count = messages.len() as i64;
    let unseen = messages
        .iter()
        .filter(|message| !message.flags.is_seen())
        .count();
    let deleted = messages
        .iter()
        .filter(|message| message.flags.is_deleted())
        .count();
    let bytes: u64 = messages.iter().map(|message| message.size).sum();
    let taken = tx.query_opt(
        "UPDATE mailbox SET uid_next = uid_next + ?3, modseq = ?4, total = total + ?3, \
         unseen = unseen + ?5, deleted = deleted + ?6, size_bytes = size_bytes + ?7 \
         WHERE account_id = ?1 AND id = ?2 AND parent_id >= 0 AND uid_next + ?3 <= 4294967296 \
         RETURNING uid_next, uid_validity",
        params![
            account.scope.account,
            mailbox,
            count,
            account.modseq,
            unseen as i64,
            deleted as i64,
            as_i64(bytes)
        ],
        |row| Ok((row.get::<i64>(0)?, row.get::<UidValidity>(1)?)),
    )?;
    let Some((next, uid_validity)) = taken else {
        let exists = mailboxes::exists(tx, account.scope, mailbox)?;
        return Err(if exists {
            MailError::UidsExhausted
        } else {
            MailError::NoSuchMailbox
        });
    };
    let first = u32::try_from(next - count).ok().and_then(Uid::new);
    Ok(Placed {
        uid_validity,
        first: first.ok_or(MailError::Damaged {
            what: "mailbox.uid_next",
        })?,
        count: u32::try_from(count).unwrap_or(u32::MAX),
    })
}

fn as_i64(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

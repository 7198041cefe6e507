//! Taking messages out of a mailbox.

use hikyaku_db::{Value, WriteTx, params};
use hikyaku_types::{MailboxId, Uid};

use crate::{
    accounts::{Locked, Settlement},
    change::{self, Kind},
    error::MailError,
    list::push_list,
};

use super::Placement;

/// Takes placements, which were read under the account's lock, out of their mailbox. At most
/// [`LONGEST`](crate::list::LONGEST). The messages themselves are the caller's.
pub(crate) fn remove(
    tx: &WriteTx<'_>,
    account: &Locked,
    mailbox: MailboxId,
    placements: &[Placement],
    settlement: &mut Settlement,
) -> Result<(), MailError> {
    let uids: Vec<Uid> = placements.iter().map(|placement| placement.uid).collect();
    if uids.is_empty() {
        return Ok(());
    }
    settlement.changes += change::record_messages(tx, account, mailbox, Kind::Removed, &uids)?;
    let mut parameters: Vec<Value<'_>> = vec![account.scope.account.into(), mailbox.into()];
    let list = push_list(&mut parameters, &uids);
    let sql = format!(
        "DELETE FROM placement WHERE account_id = ?1 AND mailbox_id = ?2 AND uid IN ({list})"
    );
    let removed = tx.execute(&sql, &parameters)?;
    debug_assert_eq!(
        removed,
        uids.len() as u64,
        "the placements were read under the lock"
    );
    let unseen = placements
        .iter()
        .filter(|placement| !placement.flags.is_seen())
        .count();
    let deleted = placements
        .iter()
        .filter(|placement| placement.flags.is_deleted())
        .count();
    let bytes: u64 = placements.iter().map(|placement| placement.size).sum();
    tx.execute(
        "UPDATE mailbox SET modseq = ?3, total = total - ?4, unseen = unseen - ?5, \
         deleted = deleted - ?6, size_bytes = size_bytes - ?7 WHERE account_id = ?1 AND id = ?2",
        params![
            account.scope.account,
            mailbox,
            account.modseq,
            removed as i64,
            unseen as i64,
            deleted as i64,
            i64::try_from(bytes).unwrap_or(i64::MAX)
        ],
    )?;
    Ok(())
}

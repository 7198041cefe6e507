//! Keeping the change log bounded.

use hikyaku_db::{Tx, WriteTx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::ModSeq;

use crate::{
    accounts::{self, Settlement},
    error::MailError,
};

/// Whether the account's log has more than `keep` rows.
pub(crate) fn is_over(tx: &Tx<'_>, scope: AccountScope, keep: u32) -> Result<bool, MailError> {
    let over = tx.query_opt(
        "SELECT 1 FROM mail_account WHERE account_id = ?1 AND change_count > ?2",
        params![scope.account, keep],
        |_| Ok(()),
    )?;
    Ok(over.is_some())
}

/// Removes the oldest changes of an account, at most `chunk` modseqs' worth of rows, until no more
/// than `keep` rows are left. Returns how many rows went: none when there is nothing to do.
pub(crate) fn prune(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    keep: u32,
    chunk: usize,
) -> Result<u64, MailError> {
    let account = accounts::lock(tx, scope)?;
    let count = tx.query_one(
        "SELECT change_count FROM mail_account WHERE account_id = ?1",
        params![scope.account],
        |row| row.get::<i64>(0),
    )?;
    let too_many = count - i64::from(keep);
    if too_many <= 0 {
        return Ok(0);
    }
    // A modseq is kept or removed as a whole: the log is complete after `kept_modseq`.
    let offset = too_many.min(i64::try_from(chunk).unwrap_or(i64::MAX)) - 1;
    let last = tx.query_one(
        "SELECT modseq FROM change WHERE account_id = ?1 ORDER BY modseq LIMIT 1 OFFSET ?2",
        params![scope.account, offset],
        |row| row.get::<ModSeq>(0),
    )?;
    let removed = tx.execute(
        "DELETE FROM change WHERE account_id = ?1 AND modseq <= ?2",
        params![scope.account, last],
    )?;
    tx.execute(
        "UPDATE mail_account SET kept_modseq = ?2 WHERE account_id = ?1",
        params![scope.account, last],
    )?;
    let changes = -i64::try_from(removed).unwrap_or(i64::MAX);
    accounts::settle(
        tx,
        &account,
        Settlement {
            changes,
            ..Settlement::default()
        },
    )?;
    Ok(removed)
}

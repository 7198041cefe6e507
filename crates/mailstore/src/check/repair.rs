//! Repairing what follows from other rows: the counters.

use hikyaku_db::{Hint, Lane, WriteTx, params};
use hikyaku_directory::AccountScope;

use crate::{Mailstore, accounts, error::MailError};

use super::counters::{HIGHEST_UIDS, USED};

/// What a repair changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Repaired {
    /// Mailboxes whose counters were wrong.
    pub mailboxes: u64,
    /// Whether the account's own counters were wrong.
    pub account: bool,
}

impl Mailstore {
    /// Recomputes the counters of an account from its rows: usage, mailbox counts, the size of the
    /// change log; UIDNEXT and HIGHESTMODSEQ are raised where they are too low. One transaction
    /// that reads all placements of the account, so it is for accounts that the checker found
    /// wrong.
    pub async fn repair(&self, scope: AccountScope) -> Result<Repaired, MailError> {
        self.db()
            .write(Lane::Background, move |tx| repair(tx, scope))
            .await
    }
}

fn repair(tx: &WriteTx<'_>, scope: AccountScope) -> Result<Repaired, MailError> {
    let before = accounts::lock(tx, scope)?.usage;
    let id = params![scope.account];
    let (bytes, messages) =
        tx.query_one(USED, id, |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?)))?;
    let changes = tx.execute(
        "UPDATE mail_account SET change_count = \
         (SELECT COUNT(*) FROM change c WHERE c.account_id = ?1) WHERE account_id = ?1 \
         AND change_count <> (SELECT COUNT(*) FROM change c WHERE c.account_id = ?1)",
        id,
    )?;
    tx.execute(
        "UPDATE mail_account SET used_bytes = ?2, used_messages = ?3 WHERE account_id = ?1",
        params![scope.account, bytes, messages],
    )?;
    let sql = format!(
        "WITH counted AS (SELECT b.id AS id, COUNT(p.uid) AS total, \
         CAST(COALESCE(SUM(CASE WHEN (p.flags & 1) = 0 THEN 1 ELSE 0 END), 0) AS BIGINT) \
         AS unseen, \
         CAST(COALESCE(SUM(CASE WHEN (p.flags & 8) <> 0 THEN 1 ELSE 0 END), 0) AS BIGINT) \
         AS deleted, \
         CAST(COALESCE(SUM(p.size), 0) AS BIGINT) AS size_bytes, \
         COALESCE(MAX(h.uid), 0) + 1 AS uid_next, COALESCE(MAX(p.modseq), 0) AS modseq \
         FROM mailbox b LEFT JOIN placement p ON p.account_id = b.account_id \
         AND p.mailbox_id = b.id LEFT JOIN ({HIGHEST_UIDS}) AS h ON h.mailbox_id = b.id \
         WHERE b.account_id = ?1 GROUP BY b.id) \
         UPDATE mailbox SET total = counted.total, unseen = counted.unseen, \
         deleted = counted.deleted, size_bytes = counted.size_bytes, \
         uid_next = CASE WHEN counted.uid_next > mailbox.uid_next \
         THEN counted.uid_next ELSE mailbox.uid_next END, \
         modseq = CASE WHEN counted.modseq > mailbox.modseq \
         THEN counted.modseq ELSE mailbox.modseq END \
         FROM counted WHERE mailbox.account_id = ?1 AND mailbox.id = counted.id \
         AND (mailbox.total <> counted.total OR mailbox.unseen <> counted.unseen \
         OR mailbox.deleted <> counted.deleted OR mailbox.size_bytes <> counted.size_bytes \
         OR mailbox.uid_next < counted.uid_next OR mailbox.modseq < counted.modseq)"
    );
    let mailboxes = tx.execute(&sql, id)?;
    tx.hint(Hint::Mail(scope.account));
    let used = (before.bytes.bytes() as i64, before.messages as i64);
    Ok(Repaired {
        mailboxes,
        account: changes > 0 || used != (bytes, messages),
    })
}

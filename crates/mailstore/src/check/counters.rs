//! Counters: recomputed from the rows they count.

use std::collections::HashMap;

use hikyaku_db::{Tx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::MailboxId;

use crate::error::MailError;

use super::{AccountCounter, Inconsistency, MailboxCounter, account::Findings};

/// Bytes and number of the messages that have a placement, each once.
pub(super) const USED: &str = "SELECT CAST(COALESCE(SUM(m.size), 0) AS BIGINT), COUNT(*) \
    FROM message m WHERE m.account_id = ?1 AND EXISTS \
    (SELECT 1 FROM placement p WHERE p.account_id = ?1 AND p.message_id = m.id)";

/// The highest UID of each mailbox that is, or is known to have been, in use.
pub(super) const HIGHEST_UIDS: &str = "SELECT mailbox_id, MAX(uid) AS uid FROM ( \
    SELECT mailbox_id, uid FROM placement WHERE account_id = ?1 \
    UNION ALL SELECT mailbox_id, uid FROM change WHERE account_id = ?1 \
    UNION ALL SELECT mailbox_id, uid FROM expunged WHERE account_id = ?1) AS used \
    GROUP BY mailbox_id";

pub(super) fn check(
    tx: &Tx<'_>,
    scope: AccountScope,
    findings: &mut Findings,
) -> Result<(), MailError> {
    account(tx, scope, findings)?;
    mailboxes(tx, scope, findings)
}

fn account(tx: &Tx<'_>, scope: AccountScope, findings: &mut Findings) -> Result<(), MailError> {
    let id = params![scope.account];
    let stored = tx.query_one(
        "SELECT used_bytes, used_messages, change_count FROM mail_account WHERE account_id = ?1",
        id,
        |row| Ok([row.get::<i64>(0)?, row.get(1)?, row.get(2)?]),
    )?;
    let (bytes, messages) =
        tx.query_one(USED, id, |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?)))?;
    let changes = tx.query_one(
        "SELECT COUNT(*) FROM change WHERE account_id = ?1",
        id,
        |row| row.get::<i64>(0),
    )?;
    let counters = [
        AccountCounter::Bytes,
        AccountCounter::Messages,
        AccountCounter::Changes,
    ];
    let found = [bytes, messages, changes];
    for ((counter, stored), found) in counters.into_iter().zip(stored).zip(found) {
        if stored != found {
            findings.add(Inconsistency::AccountCounter {
                counter,
                stored,
                found,
            });
        }
    }
    Ok(())
}

/// What a mailbox holds, counted.
#[derive(Default)]
struct Counted {
    counters: [i64; 4],
    highest_modseq: i64,
}

fn mailboxes(tx: &Tx<'_>, scope: AccountScope, findings: &mut Findings) -> Result<(), MailError> {
    let counted: HashMap<MailboxId, Counted> = tx
        .query(
            "SELECT mailbox_id, COUNT(*), \
             CAST(SUM(CASE WHEN (flags & 1) = 0 THEN 1 ELSE 0 END) AS BIGINT), \
             CAST(SUM(CASE WHEN (flags & 8) <> 0 THEN 1 ELSE 0 END) AS BIGINT), \
             CAST(SUM(size) AS BIGINT), MAX(modseq) \
             FROM placement WHERE account_id = ?1 GROUP BY mailbox_id",
            params![scope.account],
            |row| {
                let counters = [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?];
                let highest_modseq = row.get(5)?;
                Ok((
                    row.get(0)?,
                    Counted {
                        counters,
                        highest_modseq,
                    },
                ))
            },
        )?
        .into_iter()
        .collect();
    let stored = tx.query(
        "SELECT b.id, b.total, b.unseen, b.deleted, b.size_bytes, b.uid_next, b.modseq, a.modseq \
         FROM mailbox b JOIN mail_account a ON a.account_id = b.account_id \
         WHERE b.account_id = ?1",
        params![scope.account],
        |row| {
            let counters: [i64; 4] = [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?];
            let (uid_next, modseq) = (row.get::<i64>(5)?, row.get::<i64>(6)?);
            Ok((
                row.get::<MailboxId>(0)?,
                counters,
                uid_next,
                modseq,
                row.get::<i64>(7)?,
            ))
        },
    )?;
    let highest: HashMap<MailboxId, i64> = tx
        .query(HIGHEST_UIDS, params![scope.account], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?
        .into_iter()
        .collect();
    let none = Counted::default();
    for (mailbox, counters, uid_next, modseq, account_modseq) in stored {
        let found = counted.get(&mailbox).unwrap_or(&none);
        compare(mailbox, counters, found.counters, findings);
        let highest = highest.get(&mailbox).copied().unwrap_or(0);
        if uid_next <= highest {
            findings.add(Inconsistency::UidNext {
                mailbox,
                uid_next,
                highest,
            });
        }
        if modseq < found.highest_modseq {
            let what = format!("a message in mailbox {mailbox}");
            let (found, limit) = (found.highest_modseq, modseq);
            findings.add(Inconsistency::ModSeq { what, found, limit });
        }
        if account_modseq < modseq {
            let what = format!("mailbox {mailbox}");
            findings.add(Inconsistency::ModSeq {
                what,
                found: modseq,
                limit: account_modseq,
            });
        }
    }
    Ok(())
}

fn compare(mailbox: MailboxId, stored: [i64; 4], found: [i64; 4], findings: &mut Findings) {
    let counters = [
        MailboxCounter::Total,
        MailboxCounter::Unseen,
        MailboxCounter::Deleted,
        MailboxCounter::Size,
    ];
    for ((counter, stored), found) in counters.into_iter().zip(stored).zip(found) {
        if stored != found {
            findings.add(Inconsistency::MailboxCounter {
                mailbox,
                counter,
                stored,
                found,
            });
        }
    }
}

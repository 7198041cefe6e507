//! The change log: complete after `kept_modseq`, and never ahead of its counter.

use hikyaku_db::{Tx, params};
use hikyaku_directory::AccountScope;

use crate::{change::Kind, error::MailError};

use super::{Inconsistency, account::Findings};

pub(super) fn check(
    tx: &Tx<'_>,
    scope: AccountScope,
    findings: &mut Findings,
) -> Result<(), MailError> {
    let (modseq, kept) = tx.query_one(
        "SELECT modseq, kept_modseq FROM mail_account WHERE account_id = ?1",
        params![scope.account],
        |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?)),
    )?;
    if kept > modseq {
        let what = "the beginning of the change log".to_owned();
        findings.add(Inconsistency::ModSeq {
            what,
            found: kept,
            limit: modseq,
        });
    }
    let highest = tx.query_one(
        "SELECT COALESCE(MAX(modseq), 0) FROM change WHERE account_id = ?1",
        params![scope.account],
        |row| row.get::<i64>(0),
    )?;
    if highest > modseq {
        let what = "a change".to_owned();
        findings.add(Inconsistency::ModSeq {
            what,
            found: highest,
            limit: modseq,
        });
    }
    findings.extend(tx.query(
        "SELECT p.mailbox_id, p.uid, p.modseq FROM placement p \
         WHERE p.account_id = ?1 AND p.modseq > ?2 AND NOT EXISTS \
         (SELECT 1 FROM change c WHERE c.account_id = ?1 AND c.modseq = p.modseq \
         AND c.mailbox_id = p.mailbox_id AND c.uid = p.uid AND c.kind IN (1, 2)) LIMIT 100",
        params![scope.account, kept],
        |row| {
            let (mailbox, uid, modseq) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(Inconsistency::Unlogged {
                mailbox,
                uid,
                modseq,
            })
        },
    )?);
    findings.extend(tx.query(
        "SELECT c.mailbox_id, c.uid, c.modseq FROM change c \
         JOIN placement p ON p.account_id = c.account_id AND p.mailbox_id = c.mailbox_id \
         AND p.uid = c.uid WHERE c.account_id = ?1 AND c.kind = ?2 LIMIT 100",
        params![scope.account, Kind::Removed.code()],
        |row| {
            let (mailbox, uid, modseq) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(Inconsistency::RemovedButThere {
                mailbox,
                uid,
                modseq,
            })
        },
    )?);
    Ok(())
}

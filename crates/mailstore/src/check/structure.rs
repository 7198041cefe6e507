//! Mailboxes and what is in them: everything names something that is there.

use std::collections::HashMap;

use hikyaku_db::{Tx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::{Id as _, MailboxId, ThreadId};

use crate::{
    error::MailError,
    mailboxes::TOP,
    name::{DEPTH_MAX, INBOX},
};

use super::{Inconsistency, account::Findings};

pub(super) fn check(
    tx: &Tx<'_>,
    scope: AccountScope,
    findings: &mut Findings,
) -> Result<(), MailError> {
    mailboxes(tx, scope, findings)?;
    let account = params![scope.account];
    findings.extend(tx.query(
        "SELECT p.mailbox_id, p.uid FROM placement p WHERE p.account_id = ?1 AND NOT EXISTS \
         (SELECT 1 FROM mailbox b WHERE b.account_id = ?1 AND b.id = p.mailbox_id) LIMIT 100",
        account,
        |row| {
            Ok(Inconsistency::NoMailbox {
                mailbox: row.get(0)?,
                uid: row.get(1)?,
            })
        },
    )?);
    for (table, what) in [
        ("placement", "a mailbox"),
        ("expunged", "the restorable list"),
    ] {
        let sql = format!(
            "SELECT p.message_id FROM {table} p WHERE p.account_id = ?1 AND NOT EXISTS \
             (SELECT 1 FROM message m WHERE m.account_id = ?1 AND m.id = p.message_id) LIMIT 100"
        );
        let missing = |row: &hikyaku_db::Row<'_>| {
            Ok(Inconsistency::NoMessage {
                message: row.get(0)?,
                what,
            })
        };
        findings.extend(tx.query(&sql, account, missing)?);
    }
    findings.extend(tx.query(
        "SELECT m.id FROM message m WHERE m.account_id = ?1 \
         AND NOT EXISTS (SELECT 1 FROM placement p \
         WHERE p.account_id = ?1 AND p.message_id = m.id) \
         AND NOT EXISTS (SELECT 1 FROM expunged e \
         WHERE e.account_id = ?1 AND e.message_id = m.id) LIMIT 100",
        account,
        |row| {
            Ok(Inconsistency::Lost {
                message: row.get(0)?,
            })
        },
    )?);
    findings.extend(tx.query(
        "SELECT e.message_id FROM expunged e WHERE e.account_id = ?1 \
         AND EXISTS (SELECT 1 FROM placement p \
         WHERE p.account_id = ?1 AND p.message_id = e.message_id) LIMIT 100",
        account,
        |row| {
            Ok(Inconsistency::Twofold {
                message: row.get(0)?,
            })
        },
    )?);
    threads(tx, scope, findings)
}

fn mailboxes(tx: &Tx<'_>, scope: AccountScope, findings: &mut Findings) -> Result<(), MailError> {
    let rows = tx.query(
        "SELECT b.id, b.parent_id, b.name, b.uid_validity, a.next_uid_validity, a.inbox_id \
         FROM mailbox b JOIN mail_account a ON a.account_id = b.account_id \
         WHERE b.account_id = ?1",
        params![scope.account],
        |row| {
            let ids = (row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<i64>(5)?);
            Ok((
                ids,
                row.get::<String>(2)?,
                row.get::<i64>(3)?,
                row.get::<i64>(4)?,
            ))
        },
    )?;
    let parents: HashMap<i64, i64> = rows.iter().map(|((id, up, _), ..)| (*id, *up)).collect();
    let mut has_inbox = false;
    for ((id, parent, inbox), name, validity, next) in rows {
        let mailbox = MailboxId::from_i64(id);
        has_inbox |= id == inbox && parent == TOP && name == INBOX;
        if validity >= next {
            findings.add(Inconsistency::UidValidity {
                mailbox,
                found: validity,
                next,
            });
        }
        if parent > TOP && !reaches_top(&parents, parent) {
            findings.add(Inconsistency::Detached { mailbox });
        }
    }
    if !has_inbox {
        findings.add(Inconsistency::NoInbox);
    }
    Ok(())
}

fn reaches_top(parents: &HashMap<i64, i64>, mut id: i64) -> bool {
    for _ in 0..=DEPTH_MAX {
        match parents.get(&id) {
            Some(&parent) if parent == TOP => return true,
            Some(&parent) => id = parent,
            None => return false,
        }
    }
    false
}

fn threads(tx: &Tx<'_>, scope: AccountScope, findings: &mut Findings) -> Result<(), MailError> {
    let empty: Vec<ThreadId> = tx.query(
        "SELECT r.thread_id FROM thread_ref r WHERE r.account_id = ?1 AND NOT EXISTS \
         (SELECT 1 FROM message m WHERE m.account_id = ?1 AND m.thread_id = r.thread_id)",
        params![scope.account],
        |row| row.get(0),
    )?;
    if !empty.is_empty() {
        findings.add(Inconsistency::EmptyThreads {
            count: empty.len() as i64,
        });
    }
    Ok(())
}

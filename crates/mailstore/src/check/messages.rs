//! The messages' own rows: sizes that agree, contents that are there, facts that can be read.

use std::ops::ControlFlow;

use hikyaku_db::{Tx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::MessageId;

use crate::{error::MailError, flags::Flags, message};

use super::{Inconsistency, account::Findings};

pub(super) fn check(
    tx: &Tx<'_>,
    scope: AccountScope,
    findings: &mut Findings,
) -> Result<(), MailError> {
    sizes(tx, scope, findings)?;
    facts(tx, scope, findings)?;
    flags(tx, scope, findings)
}

fn sizes(tx: &Tx<'_>, scope: AccountScope, findings: &mut Findings) -> Result<(), MailError> {
    findings.extend(tx.query(
        "SELECT m.id, m.size, p.size FROM placement p \
         JOIN message m ON m.account_id = p.account_id AND m.id = p.message_id \
         WHERE p.account_id = ?1 AND p.size <> m.size LIMIT 100",
        params![scope.account],
        |row| {
            let (message, stored, found) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(Inconsistency::Size {
                message,
                what: "a mailbox",
                stored,
                found,
            })
        },
    )?);
    let differing = tx.query(
        "SELECT m.id, m.size, LENGTH(m.prefix) + b.size - m.blob_skip FROM message m \
         LEFT JOIN blob b ON b.tenant_id = ?2 AND b.hash = m.blob_hash \
         WHERE m.account_id = ?1 \
         AND (b.hash IS NULL OR m.size <> LENGTH(m.prefix) + b.size - m.blob_skip) LIMIT 100",
        params![scope.account, scope.tenant],
        |row| {
            Ok((
                row.get::<MessageId>(0)?,
                row.get::<i64>(1)?,
                row.get::<Option<i64>>(2)?,
            ))
        },
    )?;
    findings.extend(
        differing
            .into_iter()
            .map(|(message, stored, found)| match found {
                Some(found) => Inconsistency::Size {
                    message,
                    what: "the content",
                    stored,
                    found,
                },
                None => Inconsistency::NoContent { message },
            }),
    );
    Ok(())
}

/// Decodes what is stored of every message, in constant memory.
fn facts(tx: &Tx<'_>, scope: AccountScope, findings: &mut Findings) -> Result<(), MailError> {
    tx.for_each(
        "SELECT id, envelope, structure, blob_skip, LENGTH(prefix) FROM message \
         WHERE account_id = ?1",
        params![scope.account],
        |row| {
            let message: MessageId = row.get(0)?;
            let (skip, prefix) = (row.get::<u64>(3)?, row.get::<u64>(4)?);
            if message::decode_envelope(row.blob(1)?).is_err() {
                findings.add(Inconsistency::Unreadable {
                    message,
                    what: "envelope",
                });
            }
            if message::decode_structure(row.blob(2)?, prefix, skip).is_err() {
                findings.add(Inconsistency::Unreadable {
                    message,
                    what: "structure",
                });
            }
            Ok(ControlFlow::Continue(()))
        },
    )?;
    Ok(())
}

fn flags(tx: &Tx<'_>, scope: AccountScope, findings: &mut Findings) -> Result<(), MailError> {
    tx.for_each(
        "SELECT mailbox_id, uid, flags, keywords FROM placement \
         WHERE account_id = ?1 AND (keywords <> '' OR flags > 31 OR flags < 0)",
        params![scope.account],
        |row| {
            let (bits, keywords) = (row.get::<i64>(2)?, row.text(3)?);
            let read = Flags::from_stored(bits, keywords);
            if i64::from(read.system().bits()) != bits || read.keyword_text() != keywords {
                let (mailbox, uid) = (row.get(0)?, row.get(1)?);
                findings.add(Inconsistency::Flags { mailbox, uid });
            }
            Ok(ControlFlow::Continue(()))
        },
    )?;
    Ok(())
}

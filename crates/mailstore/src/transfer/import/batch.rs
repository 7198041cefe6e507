//! Writing one batch of an import.

use std::collections::{HashMap, HashSet};

use hikyaku_db::{Hint, Tx, Value, WriteTx};
use hikyaku_directory::AccountScope;
use hikyaku_types::{MailboxId, MessageId, OffsetTimestamp};

use crate::{
    accounts::{self, Locked, Settlement},
    delivery::DeliveryId,
    error::{MailError, QuotaKind},
    limits::Limits,
    list::push_list,
    mailboxes,
    message::{self, NewMessage},
    name::MailboxPath,
    placement::{self, NewPlacement},
    quota::{Overshoot, Room},
    thread,
};

use super::run::Ready;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Imported,
    Skipped,
    OverQuota(QuotaKind),
}

/// A message that was imported before.
#[derive(Clone, Copy)]
struct Known {
    message: MessageId,
    size: u64,
    /// Whether it is in a mailbox; otherwise it was expunged and is restorable.
    is_placed: bool,
}

/// A message that goes into the folder.
struct Chosen<'a> {
    ready: &'a Ready,
    message: MessageId,
    size: u64,
    /// Whether its row is there already, because it was expunged and not yet purged.
    is_revived: bool,
}

/// Writes a batch into a folder, which is made if it is missing. Returns the fate of each message.
pub(super) fn write(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    folder: &MailboxPath,
    batch: &[Ready],
    limits: &Limits,
) -> Result<Vec<Fate>, MailError> {
    let account = accounts::lock(tx, scope)?;
    let mut settlement = Settlement::default();
    let mailbox = mailboxes::ensure_path(tx, &account, folder, None, limits, &mut settlement)?;
    let (chosen, fates) = choose(tx, &account, batch)?;
    insert_new(tx, &account, &chosen)?;
    forget_expunged(tx, &account, &chosen)?;
    place(tx, &account, mailbox, &chosen, &mut settlement)?;
    accounts::settle(tx, &account, settlement)?;
    if settlement != Settlement::default() {
        tx.hint(Hint::Mail(scope.account));
    }
    Ok(fates)
}

/// Decides, under the account's lock, what becomes of each message.
fn choose<'a>(
    tx: &WriteTx<'_>,
    account: &Locked,
    batch: &'a [Ready],
) -> Result<(Vec<Chosen<'a>>, Vec<Fate>), MailError> {
    let known = known(tx, account, batch)?;
    let mut usage = account.usage;
    let mut seen = HashSet::new();
    let mut chosen = Vec::with_capacity(batch.len());
    let mut fates = Vec::with_capacity(batch.len());
    for ready in batch {
        let existing = known.get(&ready.id).copied();
        if existing.is_some_and(|known| known.is_placed) || !seen.insert(ready.id) {
            fates.push(Fate::Skipped);
            continue;
        }
        let size = existing.map_or(ready.content.size(), |known| known.size);
        if let Room::Full(kind) = usage.room(size, 1, Overshoot::Refuse) {
            fates.push(Fate::OverQuota(kind));
            continue;
        }
        usage.bytes.0 += size;
        usage.messages += 1;
        fates.push(Fate::Imported);
        chosen.push(Chosen {
            ready,
            message: existing.map_or_else(|| tx.new_id(), |known| known.message),
            size,
            is_revived: existing.is_some(),
        });
    }
    Ok((chosen, fates))
}

/// The messages of the batch that an earlier run imported.
fn known(
    tx: &Tx<'_>,
    account: &Locked,
    batch: &[Ready],
) -> Result<HashMap<DeliveryId, Known>, MailError> {
    let ids: Vec<&[u8; 16]> = batch.iter().map(|message| message.id.as_bytes()).collect();
    let mut parameters: Vec<Value<'_>> = vec![account.scope.account.into()];
    let list = push_list(&mut parameters, &ids);
    let sql = format!(
        "SELECT m.delivery_id, m.id, m.size, (SELECT COUNT(*) FROM placement p \
         WHERE p.account_id = m.account_id AND p.message_id = m.id) FROM message m \
         WHERE m.account_id = ?1 AND m.delivery_id IN ({list})"
    );
    let rows = tx.query(&sql, &parameters, |row| {
        let known = Known {
            message: row.get(1)?,
            size: row.get(2)?,
            is_placed: row.get::<i64>(3)? > 0,
        };
        Ok((DeliveryId::from_bytes(row.get(0)?), known))
    })?;
    Ok(rows.into_iter().collect())
}

/// Inserts the messages that are new, with their threads and contents.
fn insert_new(tx: &WriteTx<'_>, account: &Locked, chosen: &[Chosen<'_>]) -> Result<(), MailError> {
    let new: Vec<&Chosen<'_>> = chosen.iter().filter(|chosen| !chosen.is_revived).collect();
    let references: Vec<_> = new
        .iter()
        .map(|new| new.ready.content.thread_refs())
        .collect();
    let threads = thread::assign(tx, account.scope.account, &references)?;
    let rows: Vec<NewMessage<'_>> = new
        .iter()
        .zip(threads)
        .map(|(new, thread)| NewMessage {
            id: new.message,
            content: &new.ready.content,
            prefix: &[],
            received: date(tx, new.ready),
            thread,
            delivery: Some(&new.ready.id),
        })
        .collect();
    let inserted = message::insert(tx, account.scope.account, &rows)?;
    if inserted != rows.len() as u64 {
        // Under the lock nobody else can have imported them.
        return Err(MailError::Damaged {
            what: "message.delivery_id",
        });
    }
    let contents = new.iter().map(|new| (new.ready.content.prepared(), 1));
    Ok(hikyaku_blob::add_references(
        tx,
        account.scope.tenant,
        contents,
    )?)
}

fn date(tx: &Tx<'_>, ready: &Ready) -> OffsetTimestamp {
    ready
        .internal_date
        .unwrap_or_else(|| OffsetTimestamp::utc(tx.now()))
}

/// Revived messages are no longer among the restorable ones.
fn forget_expunged(
    tx: &WriteTx<'_>,
    account: &Locked,
    chosen: &[Chosen<'_>],
) -> Result<(), MailError> {
    let revived = chosen.iter().filter(|chosen| chosen.is_revived);
    let revived: Vec<MessageId> = revived.map(|chosen| chosen.message).collect();
    if revived.is_empty() {
        return Ok(());
    }
    let mut parameters: Vec<Value<'_>> = vec![account.scope.account.into()];
    let list = push_list(&mut parameters, &revived);
    tx.execute(
        &format!("DELETE FROM expunged WHERE account_id = ?1 AND message_id IN ({list})"),
        &parameters,
    )?;
    Ok(())
}

fn place(
    tx: &WriteTx<'_>,
    account: &Locked,
    mailbox: MailboxId,
    chosen: &[Chosen<'_>],
    settlement: &mut Settlement,
) -> Result<(), MailError> {
    if chosen.is_empty() {
        return Ok(());
    }
    let placements: Vec<NewPlacement<'_>> = chosen
        .iter()
        .map(|chosen| NewPlacement {
            message: chosen.message,
            flags: &chosen.ready.flags,
            size: chosen.size,
            internal: date(tx, chosen.ready),
        })
        .collect();
    placement::add(tx, account, mailbox, &placements, settlement)?;
    for chosen in chosen {
        settlement.bytes += i64::try_from(chosen.size).unwrap_or(i64::MAX);
        settlement.messages += 1;
    }
    Ok(())
}

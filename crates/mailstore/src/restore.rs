//! Restoring expunged messages.
//!
//! A restored message comes back into the mailbox it was in last, which is made again if it was
//! deleted, with a new UID, its old flags (without Deleted) and its old INTERNALDATE.

use std::collections::BTreeMap;

use hikyaku_db::{DbError, Hint, Lane, Tx, Value, WriteTx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::{Id as _, MailboxId, MessageId, OffsetTimestamp, Timestamp};

use crate::{
    Mailstore,
    accounts::{self, Locked, Settlement},
    error::MailError,
    flags::{FlagChange, Flags, SystemFlags},
    limits::Limits,
    list::push_list,
    mailboxes::{self, Tree},
    name::MailboxPath,
    placement::{self, NewPlacement},
    quota::{Overshoot, Room, Usage},
};

/// Where messages go whose mailbox is gone without a trace.
const RESTORED: &str = "Restored";

/// Which expunged messages to restore. The default is all of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// Only those expunged at this instant or later.
    pub since: Option<Timestamp>,
    /// Only those that were in this mailbox, by its present name or the name it was deleted under.
    pub mailbox: Option<MailboxPath>,
}

/// What a restoration did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RestoreReport {
    /// Messages that are back.
    pub restored: u64,
    /// Messages that found no room in the quota and stay restorable.
    pub over_quota: u64,
    /// Messages restored into each mailbox.
    pub mailboxes: BTreeMap<MailboxPath, u64>,
}

/// One restorable message.
#[derive(Debug, Clone)]
struct Restorable {
    message: MessageId,
    mailbox: MailboxId,
    flags: Flags,
    internal: OffsetTimestamp,
    size: u64,
}

impl Mailstore {
    /// Restores expunged messages, in chunks in the background lane.
    pub async fn restore(
        &self,
        scope: AccountScope,
        selection: &Selection,
    ) -> Result<RestoreReport, MailError> {
        let chunk = self.chunk();
        let mut report = RestoreReport::default();
        let mut after = MessageId::from_i64(0);
        loop {
            let selection = selection.clone();
            let ids = self
                .db()
                .read(move |tx| restorable_after(tx, scope, &selection, after, chunk))
                .await?;
            let Some(last) = ids.last() else {
                return Ok(report);
            };
            after = *last;
            let limits = self.limits().clone();
            let part = self
                .db()
                .write(Lane::Background, move |tx| {
                    restore_chunk(tx, scope, &ids, &limits)
                })
                .await?;
            report.restored += part.restored;
            report.over_quota += part.over_quota;
            for (path, count) in part.mailboxes {
                *report.mailboxes.entry(path).or_insert(0) += count;
            }
        }
    }
}

impl Mailstore {
    /// Restores these messages, as far as they can be: those that are not there, or not
    /// expunged, or another account's, are passed over. In chunks in the background lane.
    pub async fn restore_chosen(
        &self,
        scope: AccountScope,
        messages: &[MessageId],
    ) -> Result<RestoreReport, MailError> {
        let mut report = RestoreReport::default();
        for ids in messages.chunks(self.chunk().max(1)) {
            let (ids, limits) = (ids.to_vec(), self.limits().clone());
            let part = self
                .db()
                .write(Lane::Background, move |tx| {
                    restore_chunk(tx, scope, &ids, &limits)
                })
                .await?;
            report.restored += part.restored;
            report.over_quota += part.over_quota;
            for (path, count) in part.mailboxes {
                *report.mailboxes.entry(path).or_insert(0) += count;
            }
        }
        Ok(report)
    }
}

/// The next messages that the selection names.
fn restorable_after(
    tx: &Tx<'_>,
    scope: AccountScope,
    selection: &Selection,
    after: MessageId,
    limit: usize,
) -> Result<Vec<MessageId>, MailError> {
    accounts::usage(tx, scope)?;
    let since = selection.since.unwrap_or(Timestamp(i64::MIN));
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let first = params![scope.account, after, since, limit];
    let Some(path) = &selection.mailbox else {
        return Ok(tx.query(
            "SELECT message_id FROM expunged WHERE account_id = ?1 AND message_id > ?2 \
             AND expunged_at >= ?3 ORDER BY message_id LIMIT ?4",
            first,
            |row| row.get(0),
        )?);
    };
    let present = mailboxes::by_path(tx, scope, path)?.map_or(0, hikyaku_types::Id::to_i64);
    let mut parameters = first.to_vec();
    parameters.extend([present.into(), path.as_str().into()]);
    Ok(tx.query(
        "SELECT e.message_id FROM expunged e WHERE e.account_id = ?1 AND e.message_id > ?2 \
         AND e.expunged_at >= ?3 AND (e.mailbox_id = ?5 OR e.mailbox_id IN \
         (SELECT d.mailbox_id FROM deleted_mailbox d WHERE d.account_id = ?1 AND d.path = ?6)) \
         ORDER BY e.message_id LIMIT ?4",
        &parameters,
        |row| row.get(0),
    )?)
}

fn restore_chunk(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    ids: &[MessageId],
    limits: &Limits,
) -> Result<RestoreReport, MailError> {
    let account = accounts::lock(tx, scope)?;
    let mut report = RestoreReport::default();
    let mut settlement = Settlement::default();
    let mut fitting: BTreeMap<MailboxId, Vec<Restorable>> = BTreeMap::new();
    let mut usage = account.usage;
    for message in load(tx, scope, ids)? {
        if takes_room(&mut usage, message.size) {
            fitting.entry(message.mailbox).or_default().push(message);
        } else {
            report.over_quota += 1;
        }
    }
    for (old, messages) in fitting {
        let home = Home {
            tx,
            account: &account,
            limits,
        };
        let (id, path) = home.find(old, &mut settlement)?;
        put_back(tx, &account, id, &messages, &mut settlement)?;
        let count = messages.len() as u64;
        report.restored += count;
        *report.mailboxes.entry(path).or_insert(0) += count;
    }
    accounts::settle(tx, &account, settlement)?;
    if report.restored > 0 {
        tx.hint(Hint::Mail(scope.account));
    }
    Ok(report)
}

/// Counts a message as used if it fits.
fn takes_room(usage: &mut Usage, size: u64) -> bool {
    let fits = usage.room(size, 1, Overshoot::Refuse) == Room::Ok;
    if fits {
        usage.bytes.0 += size;
        usage.messages += 1;
    }
    fits
}

fn load(tx: &Tx<'_>, scope: AccountScope, ids: &[MessageId]) -> Result<Vec<Restorable>, MailError> {
    let mut parameters: Vec<Value<'_>> = vec![scope.account.into()];
    let list = push_list(&mut parameters, ids);
    let sql = format!(
        "SELECT e.message_id, e.mailbox_id, e.flags, e.keywords, e.internal_at, \
         e.internal_offset, m.size FROM expunged e \
         JOIN message m ON m.account_id = e.account_id AND m.id = e.message_id \
         WHERE e.account_id = ?1 AND e.message_id IN ({list}) ORDER BY e.mailbox_id, e.uid"
    );
    let without_deleted = FlagChange::Remove(SystemFlags::DELETED.into());
    let rows = tx.query(&sql, &parameters, |row| {
        Ok::<_, DbError>(Restorable {
            message: row.get(0)?,
            mailbox: row.get(1)?,
            flags: Flags::from_stored(row.get(2)?, row.text(3)?),
            internal: OffsetTimestamp {
                at: row.get(4)?,
                offset_minutes: row.get(5)?,
            },
            size: row.get(6)?,
        })
    })?;
    rows.into_iter()
        .map(|mut message| {
            message.flags = message.flags.changed(&without_deleted)?;
            Ok(message)
        })
        .collect()
}

/// Finds where messages of a mailbox go back to.
struct Home<'a, 'tx> {
    tx: &'a WriteTx<'tx>,
    account: &'a Locked,
    limits: &'a Limits,
}

impl Home<'_, '_> {
    fn find(
        &self,
        old: MailboxId,
        settlement: &mut Settlement,
    ) -> Result<(MailboxId, MailboxPath), MailError> {
        let tree = Tree::load(self.tx, self.account.scope)?;
        if let Some(node) = tree.get(old) {
            return Ok((old, tree.path(node)));
        }
        let deleted = self.tx.query_opt(
            "SELECT path FROM deleted_mailbox WHERE account_id = ?1 AND mailbox_id = ?2",
            params![self.account.scope.account, old],
            |row| row.get::<String>(0),
        )?;
        let name = deleted.unwrap_or_else(|| RESTORED.to_owned());
        let path = MailboxPath::from_stored(name);
        match self.ensure(&path, settlement) {
            // No further mailbox can be made: what matters is that the mail is back.
            Err(MailError::TooManyMailboxes { .. }) => {
                Ok((self.account.inbox, MailboxPath::inbox()))
            }
            result => result.map(|id| (id, path)),
        }
    }

    fn ensure(
        &self,
        path: &MailboxPath,
        settlement: &mut Settlement,
    ) -> Result<MailboxId, MailError> {
        mailboxes::ensure_path(self.tx, self.account, path, None, self.limits, settlement)
    }
}

fn put_back(
    tx: &WriteTx<'_>,
    account: &Locked,
    mailbox: MailboxId,
    messages: &[Restorable],
    settlement: &mut Settlement,
) -> Result<(), MailError> {
    let placements: Vec<NewPlacement<'_>> = messages
        .iter()
        .map(|message| NewPlacement {
            message: message.message,
            flags: &message.flags,
            size: message.size,
            internal: message.internal,
        })
        .collect();
    placement::add(tx, account, mailbox, &placements, settlement)?;
    let ids: Vec<MessageId> = messages.iter().map(|message| message.message).collect();
    let mut parameters: Vec<Value<'_>> = vec![account.scope.account.into()];
    let list = push_list(&mut parameters, &ids);
    tx.execute(
        &format!("DELETE FROM expunged WHERE account_id = ?1 AND message_id IN ({list})"),
        &parameters,
    )?;
    for message in messages {
        settlement.bytes += i64::try_from(message.size).unwrap_or(i64::MAX);
        settlement.messages += 1;
    }
    Ok(())
}

//! Deleting a mailbox.
//!
//! The mailbox leaves every list in one transaction; its messages follow in chunks, into the
//! restorable window. A process that dies in between leaves a mailbox with the parent
//! [`DELETED_PARENT`], which the purge job goes on emptying.

use hikyaku_db::{Hint, Lane, WriteTx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::{MailboxId, Uid};

use crate::{
    Mailstore,
    accounts::{self, Locked, Settlement},
    change::{self, Kind},
    error::MailError,
    expunge,
    name::MailboxPath,
};

use super::Tree;

/// The parent of mailboxes that were deleted and are being emptied.
pub(crate) const DELETED_PARENT: i64 = -1;

/// Whether a deleted mailbox still holds messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Emptied {
    Whole,
    Partly,
}

impl Mailstore {
    /// Deletes a mailbox. Its messages can be restored, with the name of their folder, for as long
    /// as any others. A mailbox that has mailboxes below it is not deleted.
    pub async fn delete_mailbox(
        &self,
        scope: AccountScope,
        path: &MailboxPath,
    ) -> Result<(), MailError> {
        if path.is_inbox() {
            return Err(MailError::Inbox);
        }
        let (path, chunk) = (path.clone(), self.chunk());
        let (id, emptied) = self
            .db()
            .write(Lane::Mail, move |tx| delete(tx, scope, &path, chunk))
            .await?;
        match emptied {
            Emptied::Whole => Ok(()),
            Emptied::Partly => self.empty_deleted_mailbox(scope, id).await,
        }
    }

    /// Empties a deleted mailbox chunk by chunk.
    pub(crate) async fn empty_deleted_mailbox(
        &self,
        scope: AccountScope,
        id: MailboxId,
    ) -> Result<(), MailError> {
        let chunk = self.chunk();
        loop {
            let emptied = self
                .db()
                .write(Lane::Background, move |tx| {
                    let account = accounts::lock(tx, scope)?;
                    let mut settlement = Settlement::default();
                    let emptied = empty_deleted(tx, &account, id, chunk, &mut settlement)?;
                    accounts::settle(tx, &account, settlement)?;
                    tx.hint(Hint::Mail(scope.account));
                    Ok::<_, MailError>(emptied)
                })
                .await?;
            if emptied == Emptied::Whole {
                return Ok(());
            }
        }
    }
}

fn delete(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    path: &MailboxPath,
    chunk: usize,
) -> Result<(MailboxId, Emptied), MailError> {
    let account = accounts::lock(tx, scope)?;
    let tree = Tree::load(tx, scope)?;
    let id = tree.find(path).ok_or(MailError::NoSuchMailbox)?.id;
    if tree.has_children(id) {
        return Err(MailError::HasChildren);
    }
    // The id is the name now: names are unique under a parent.
    tx.execute(
        "UPDATE mailbox SET parent_id = ?3, name = ?4, role = NULL \
         WHERE account_id = ?1 AND id = ?2",
        params![scope.account, id, DELETED_PARENT, id.to_string()],
    )?;
    tx.execute(
        "INSERT INTO deleted_mailbox (account_id, mailbox_id, path, deleted_at) \
         VALUES (?1, ?2, ?3, ?4)",
        params![scope.account, id, path.as_str(), tx.now()],
    )?;
    let gone = std::iter::once(id);
    let mut settlement = Settlement {
        changes: change::record_mailboxes(tx, &account, Kind::MailboxGone, gone)?,
        ..Settlement::default()
    };
    let emptied = empty_deleted(tx, &account, id, chunk, &mut settlement)?;
    accounts::settle(tx, &account, settlement)?;
    tx.hint(Hint::Mail(scope.account));
    Ok((id, emptied))
}

/// Expunges up to `chunk` messages of a deleted mailbox, and removes the mailbox when it is empty.
pub(crate) fn empty_deleted(
    tx: &WriteTx<'_>,
    account: &Locked,
    id: MailboxId,
    chunk: usize,
    settlement: &mut Settlement,
) -> Result<Emptied, MailError> {
    let limit = i64::try_from(chunk).unwrap_or(i64::MAX);
    let uids: Vec<Uid> = tx.query(
        "SELECT p.uid FROM placement p \
         JOIN mailbox b ON b.account_id = p.account_id AND b.id = p.mailbox_id \
         WHERE p.account_id = ?1 AND p.mailbox_id = ?2 AND b.parent_id = ?3 \
         ORDER BY p.uid LIMIT ?4",
        params![account.scope.account, id, DELETED_PARENT, limit],
        |row| row.get(0),
    )?;
    if !uids.is_empty() {
        expunge::expunge_locked(tx, account, id, &uids, expunge::Condition::Any, settlement)?;
    }
    if uids.len() == chunk {
        return Ok(Emptied::Partly);
    }
    tx.execute(
        "DELETE FROM mailbox WHERE account_id = ?1 AND id = ?2 AND parent_id = ?3",
        params![account.scope.account, id, DELETED_PARENT],
    )?;
    Ok(Emptied::Whole)
}

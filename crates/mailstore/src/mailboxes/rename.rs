//! Renaming a mailbox: one row, with everything below it.

use hikyaku_db::{Hint, Lane, WriteTx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::{Id as _, Uid};

use crate::{
    Mailstore,
    accounts::{self, Settlement},
    change::{self, Kind},
    error::MailError,
    limits::Limits,
    name::{DEPTH_MAX, MailboxPath, NameError, PATH_BYTES_MAX},
};

use super::{TOP, Tree, ensure_path};

impl Mailstore {
    /// Renames a mailbox and thereby all below it; mailboxes above the new name that are missing
    /// are made. UIDs and UIDVALIDITY stay.
    ///
    /// Renaming INBOX moves its messages to a new mailbox of the new name and leaves INBOX, with
    /// what is below it, empty (RFC 9051 §6.3.6). This takes several transactions if it has many
    /// messages.
    pub async fn rename_mailbox(
        &self,
        scope: AccountScope,
        from: &MailboxPath,
        to: &MailboxPath,
    ) -> Result<(), MailError> {
        if to.is_inbox() {
            return Err(MailError::MailboxExists);
        }
        if from.is_inbox() {
            return self.rename_inbox(scope, to).await;
        }
        let (from, to, limits) = (from.clone(), to.clone(), self.limits().clone());
        self.db()
            .write(Lane::Mail, move |tx| rename(tx, scope, &from, &to, &limits))
            .await
    }

    async fn rename_inbox(&self, scope: AccountScope, to: &MailboxPath) -> Result<(), MailError> {
        let target = self.create_mailbox(scope, to, None).await?;
        let inbox = self.mailbox(scope, &MailboxPath::inbox()).await?;
        let inbox = inbox.ok_or(MailError::NoSuchMailbox)?;
        let uids = self.uids_of(scope, inbox.id).await?;
        let uids: Vec<Uid> = uids
            .into_iter()
            .filter(|uid| *uid < inbox.uid_next)
            .collect();
        self.move_messages(scope, inbox.id, &uids, target.id)
            .await?;
        Ok(())
    }
}

fn rename(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    from: &MailboxPath,
    to: &MailboxPath,
    limits: &Limits,
) -> Result<(), MailError> {
    let account = accounts::lock(tx, scope)?;
    let tree = Tree::load(tx, scope)?;
    let node = tree.find(from).ok_or(MailError::NoSuchMailbox)?;
    if tree.find(to).is_some() {
        return Err(MailError::MailboxExists);
    }
    if to.is_below(from) {
        return Err(MailError::BelowItself);
    }
    check_below(&tree, from, to)?;
    let mut settlement = Settlement::default();
    let parent = match to.parent() {
        Some(above) => ensure_path(tx, &account, &above, None, limits, &mut settlement)?.to_i64(),
        None => TOP,
    };
    tx.execute(
        "UPDATE mailbox SET parent_id = ?3, name = ?4 WHERE account_id = ?1 AND id = ?2",
        params![scope.account, node.id, parent, to.name()],
    )?;
    let renamed = std::iter::once(node.id);
    settlement.changes += change::record_mailboxes(tx, &account, Kind::MailboxChanged, renamed)?;
    accounts::settle(tx, &account, settlement)?;
    tx.hint(Hint::Mail(scope.account));
    Ok(())
}

/// What is below a renamed mailbox must stay within the limits of names too.
fn check_below(tree: &Tree, from: &MailboxPath, to: &MailboxPath) -> Result<(), MailError> {
    let depth = |path: &MailboxPath| path.levels().count();
    let added_bytes = to.as_str().len() as i64 - from.as_str().len() as i64;
    let added_depth = depth(to) as i64 - depth(from) as i64;
    for path in tree.nodes().iter().map(|node| tree.path(node)) {
        if !path.is_below(from) {
            continue;
        }
        if depth(&path) as i64 + added_depth > DEPTH_MAX as i64 {
            return Err(NameError::TooDeep.into());
        }
        if path.as_str().len() as i64 + added_bytes > PATH_BYTES_MAX as i64 {
            return Err(NameError::TooLong.into());
        }
    }
    Ok(())
}

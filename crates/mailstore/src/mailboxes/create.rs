//! Creating a mailbox, with those above it that are missing.

use hikyaku_db::{Hint, Lane, WriteTx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::{Id as _, MailboxId};

use crate::{
    Mailstore,
    accounts::{self, Locked, Settlement},
    change::{self, Kind},
    error::MailError,
    limits::Limits,
    mailbox::Mailbox,
    name::MailboxPath,
    special_use::SpecialUse,
};

use super::{NewMailbox, TOP, Tree, by_role, insert_mailboxes};

/// The id of the mailbox with this path, which is made if it is missing. Makes missing mailboxes
/// above it too (RFC 9051 §6.3.4: SHOULD). Counts what it logs into `settlement`.
pub(crate) fn ensure_path(
    tx: &WriteTx<'_>,
    account: &Locked,
    path: &MailboxPath,
    role: Option<SpecialUse>,
    limits: &Limits,
    settlement: &mut Settlement,
) -> Result<MailboxId, MailError> {
    let tree = Tree::load(tx, account.scope)?;
    let mut parent = TOP;
    let mut missing: Vec<NewMailbox> = Vec::new();
    for level in path.levels() {
        match tree.child(parent, level) {
            Some(node) if missing.is_empty() => parent = node.id.to_i64(),
            _ => {
                let id: MailboxId = tx.new_id();
                let name = level.to_owned();
                missing.push(NewMailbox {
                    id,
                    parent,
                    name,
                    role: None,
                });
                parent = id.to_i64();
            }
        }
    }
    if let Some(last) = missing.last_mut() {
        last.role = role;
        if tree.len() + missing.len() > limits.mailboxes_per_account as usize {
            let limit = limits.mailboxes_per_account;
            return Err(MailError::TooManyMailboxes { limit });
        }
        insert_new(tx, account, &missing, settlement)?;
    }
    Ok(MailboxId::from_i64(parent))
}

fn insert_new(
    tx: &WriteTx<'_>,
    account: &Locked,
    missing: &[NewMailbox],
    settlement: &mut Settlement,
) -> Result<(), MailError> {
    let id = account.scope.account;
    let count = missing.len() as i64;
    let first_validity = tx.query_one(
        "UPDATE mail_account SET next_uid_validity = next_uid_validity + ?2 \
         WHERE account_id = ?1 RETURNING next_uid_validity",
        params![id, count],
        |row| row.get::<i64>(0),
    )? - count;
    let modseq = i64::try_from(account.modseq.0).unwrap_or(i64::MAX);
    insert_mailboxes(tx, id, missing, first_validity, modseq)?;
    let made = missing.iter().map(|mailbox| mailbox.id);
    settlement.changes += change::record_mailboxes(tx, account, Kind::MailboxMade, made)?;
    Ok(())
}

impl Mailstore {
    /// Makes a mailbox, with those above it that are missing.
    pub async fn create_mailbox(
        &self,
        scope: AccountScope,
        path: &MailboxPath,
        role: Option<SpecialUse>,
    ) -> Result<Mailbox, MailError> {
        if path.is_inbox() {
            return Err(MailError::Inbox);
        }
        let (path, limits) = (path.clone(), self.limits().clone());
        let id = self
            .db()
            .write(Lane::Mail, move |tx| {
                create(tx, scope, &path, role, &limits)
            })
            .await?;
        self.mailbox_by_id(scope, id)
            .await?
            .ok_or(MailError::NoSuchMailbox)
    }
}

fn create(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    path: &MailboxPath,
    role: Option<SpecialUse>,
    limits: &Limits,
) -> Result<MailboxId, MailError> {
    let account = accounts::lock(tx, scope)?;
    if super::by_path(tx, scope, path)?.is_some() {
        return Err(MailError::MailboxExists);
    }
    if let Some(role) = role
        && by_role(tx, scope, role)?.is_some()
    {
        return Err(MailError::SpecialUseTaken);
    }
    let mut settlement = Settlement::default();
    let id = ensure_path(tx, &account, path, role, limits, &mut settlement)?;
    accounts::settle(tx, &account, settlement)?;
    tx.hint(Hint::Mail(scope.account));
    Ok(id)
}

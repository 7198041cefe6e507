//! Finding one mailbox.

use hikyaku_db::{Tx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::{Id as _, MailboxId};

use crate::{
    Mailstore, error::MailError, mailbox::Mailbox, name::MailboxPath, special_use::SpecialUse,
};

use super::{Node, TOP, Tree};

/// The id of the mailbox with this path, level by level.
pub(crate) fn by_path(
    tx: &Tx<'_>,
    scope: AccountScope,
    path: &MailboxPath,
) -> Result<Option<MailboxId>, MailError> {
    let mut found = None;
    let mut parent = TOP;
    for level in path.levels() {
        found = tx.query_opt(
            "SELECT b.id FROM mailbox b JOIN mail_account a ON a.account_id = b.account_id \
             WHERE b.account_id = ?1 AND a.tenant_id = ?2 AND b.parent_id = ?3 AND b.name = ?4",
            params![scope.account, scope.tenant, parent, level],
            |row| row.get::<MailboxId>(0),
        )?;
        match found {
            Some(id) => parent = id.to_i64(),
            None => return Ok(None),
        }
    }
    Ok(found)
}

/// The id of the mailbox with this special use.
pub(crate) fn by_role(
    tx: &Tx<'_>,
    scope: AccountScope,
    role: SpecialUse,
) -> Result<Option<MailboxId>, MailError> {
    Ok(tx.query_opt(
        "SELECT b.id FROM mailbox b JOIN mail_account a ON a.account_id = b.account_id \
         WHERE b.account_id = ?1 AND a.tenant_id = ?2 AND b.role = ?3 AND b.parent_id >= 0",
        params![scope.account, scope.tenant, role.code()],
        |row| row.get(0),
    )?)
}

/// Whether the mailbox is there and not being emptied.
pub(crate) fn exists(
    tx: &Tx<'_>,
    scope: AccountScope,
    mailbox: MailboxId,
) -> Result<bool, MailError> {
    let found = tx.query_opt(
        "SELECT 1 FROM mailbox b JOIN mail_account a ON a.account_id = b.account_id \
         WHERE b.account_id = ?1 AND a.tenant_id = ?2 AND b.id = ?3 AND b.parent_id >= 0",
        params![scope.account, scope.tenant, mailbox],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// One mailbox with its counters: one row for STATUS, and one per level for its name.
fn load(tx: &Tx<'_>, scope: AccountScope, id: MailboxId) -> Result<Option<Node>, MailError> {
    let sql = format!(
        "SELECT {} FROM mailbox b JOIN mail_account a ON a.account_id = b.account_id \
         WHERE b.account_id = ?1 AND a.tenant_id = ?2 AND b.id = ?3 AND b.parent_id >= 0",
        Node::COLUMNS
    );
    Ok(tx.query_opt(&sql, params![scope.account, scope.tenant, id], Node::read)?)
}

fn has_children(tx: &Tx<'_>, scope: AccountScope, id: MailboxId) -> Result<bool, MailError> {
    let child = tx.query_opt(
        "SELECT 1 FROM mailbox WHERE account_id = ?1 AND parent_id = ?2 LIMIT 1",
        params![scope.account, id],
        |_| Ok(()),
    )?;
    Ok(child.is_some())
}

impl Mailstore {
    /// The mailbox of a name.
    pub async fn mailbox(
        &self,
        scope: AccountScope,
        path: &MailboxPath,
    ) -> Result<Option<Mailbox>, MailError> {
        let path = path.clone();
        self.db()
            .read(move |tx| {
                let Some(id) = by_path(tx, scope, &path)? else {
                    return Ok(None);
                };
                let Some(node) = load(tx, scope, id)? else {
                    return Ok(None);
                };
                let has_children = has_children(tx, scope, id)?;
                Ok(Some(node.into_mailbox(path.clone(), has_children)))
            })
            .await
    }

    /// The mailbox of an id.
    pub async fn mailbox_by_id(
        &self,
        scope: AccountScope,
        id: MailboxId,
    ) -> Result<Option<Mailbox>, MailError> {
        self.db()
            .read(move |tx| {
                let tree = Tree::load(tx, scope)?;
                let Some(node) = tree.get(id) else {
                    return Ok(None);
                };
                let (path, has_children) = (tree.path(node), tree.has_children(id));
                Ok(Some(node.clone().into_mailbox(path, has_children)))
            })
            .await
    }

    /// The mailbox of a special use.
    pub async fn mailbox_by_role(
        &self,
        scope: AccountScope,
        role: SpecialUse,
    ) -> Result<Option<Mailbox>, MailError> {
        let id = self.db().read(move |tx| by_role(tx, scope, role)).await?;
        match id {
            Some(id) => self.mailbox_by_id(scope, id).await,
            None => Ok(None),
        }
    }
}

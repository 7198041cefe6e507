//! Contents read again, and whose messages they are: for `doctor --contents`.

use hikyaku_blob::{ContentHash, Verified};
use hikyaku_db::{Tx, Value, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::{AccountId, MailboxId, MessageId, TenantId};

use crate::{MailboxPath, Mailstore, error::MailError, list::push_list};

/// Messages that are named for the damaged contents of one step at most (1,000).
pub const AFFECTED_MAX: u32 = 1_000;

/// A message whose content cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Affected {
    /// Whose it is.
    pub scope: AccountScope,
    /// The message.
    pub message: MessageId,
    /// Its content.
    pub content: ContentHash,
    /// A mailbox in which it is, and its UID there; none when it was expunged and is restorable.
    /// One that is in several mailboxes is named once for each.
    pub place: Option<(MailboxPath, i64)>,
}

/// The same, as the rows say it.
struct Row {
    account: AccountId,
    message: MessageId,
    content: ContentHash,
    place: Option<(MailboxId, i64)>,
}

impl Mailstore {
    /// The tenants that have contents, also those that have no account any more.
    pub async fn tenants_with_contents(&self) -> Result<Vec<TenantId>, MailError> {
        self.db().read(super::contents::tenants).await
    }

    /// Reads some of a tenant's contents and checks them; the next step begins where the result
    /// says.
    pub async fn verify_contents(
        &self,
        tenant: TenantId,
        after: Option<ContentHash>,
    ) -> Result<Verified, MailError> {
        Ok(self.contents().verify(self.db(), tenant, after).await?)
    }

    /// The messages that have one of these contents, at most [`AFFECTED_MAX`]. Looks through the
    /// rows of all messages of the tenant, as nothing else asks for this.
    pub async fn affected(
        &self,
        tenant: TenantId,
        contents: Vec<ContentHash>,
    ) -> Result<Vec<Affected>, MailError> {
        if contents.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self
            .db()
            .read(move |tx| affected(tx, tenant, &contents))
            .await?;
        let mut found = Vec::with_capacity(rows.len());
        let mut known: Option<(AccountId, Vec<crate::Mailbox>)> = None;
        for row in rows {
            let scope = AccountScope {
                tenant,
                account: row.account,
            };
            if known
                .as_ref()
                .is_none_or(|(account, _)| *account != row.account)
            {
                known = Some((row.account, self.mailboxes(scope).await?));
            }
            let mailboxes = known.iter().flat_map(|(_, mailboxes)| mailboxes);
            let place = row.place.and_then(|(mailbox, uid)| {
                let found = mailboxes.clone().find(|one| one.id == mailbox)?;
                Some((found.path.clone(), uid))
            });
            found.push(Affected {
                scope,
                message: row.message,
                content: row.content,
                place,
            });
        }
        Ok(found)
    }
}

fn affected(
    tx: &Tx<'_>,
    tenant: TenantId,
    contents: &[ContentHash],
) -> Result<Vec<Row>, MailError> {
    let accounts = tx.query(
        "SELECT account_id FROM mail_account WHERE tenant_id = ?1 ORDER BY account_id",
        params![tenant],
        |row| row.get::<AccountId>(0),
    )?;
    let keys: Vec<&[u8; 32]> = contents.iter().map(ContentHash::as_bytes).collect();
    let mut found = Vec::new();
    for account in accounts {
        let mut parameters: Vec<Value<'_>> = vec![account.into()];
        let list = push_list(&mut parameters, &keys);
        let sql = format!(
            "SELECT m.id, m.blob_hash, p.mailbox_id, p.uid FROM message m \
             LEFT JOIN placement p ON p.account_id = m.account_id AND p.message_id = m.id \
             WHERE m.account_id = ?1 AND m.blob_hash IN ({list}) \
             ORDER BY m.id, p.mailbox_id, p.uid LIMIT {AFFECTED_MAX}"
        );
        found.extend(tx.query(&sql, &parameters, |row| {
            let mailbox = row.get::<Option<MailboxId>>(2)?;
            Ok(Row {
                account,
                message: row.get(0)?,
                content: row.get(1)?,
                place: mailbox.zip(row.get(3)?),
            })
        })?);
        if found.len() >= AFFECTED_MAX as usize {
            found.truncate(AFFECTED_MAX as usize);
            break;
        }
    }
    Ok(found)
}

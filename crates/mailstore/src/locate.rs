//! Where messages are.

use hikyaku_db::Value;
use hikyaku_directory::AccountScope;
use hikyaku_types::{MailboxId, MessageId, Uid};

use crate::{Mailstore, error::MailError, list::push_list};

/// A place of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Located {
    /// The message.
    pub message: MessageId,
    /// The mailbox it is in.
    pub mailbox: MailboxId,
    /// Its UID there.
    pub uid: Uid,
}

impl Mailstore {
    /// All places of these messages, in no order; a message that is in no mailbox has none.
    pub async fn locate(
        &self,
        scope: AccountScope,
        messages: &[MessageId],
    ) -> Result<Vec<Located>, MailError> {
        let mut found = Vec::with_capacity(messages.len());
        for chunk in messages.chunks(self.chunk()) {
            let chunk = chunk.to_vec();
            let located = self.db().read(move |tx| {
                let mut parameters: Vec<Value<'_>> =
                    vec![scope.account.into(), scope.tenant.into()];
                let list = push_list(&mut parameters, &chunk);
                let sql = format!(
                    "SELECT p.message_id, p.mailbox_id, p.uid FROM placement p \
                     JOIN mail_account a ON a.account_id = p.account_id \
                     WHERE p.account_id = ?1 AND a.tenant_id = ?2 AND p.message_id IN ({list})"
                );
                let located = tx.query(&sql, &parameters, |row| {
                    Ok(Located {
                        message: row.get(0)?,
                        mailbox: row.get(1)?,
                        uid: row.get(2)?,
                    })
                });
                Ok::<_, MailError>(located?)
            });
            found.extend(located.await?);
        }
        Ok(found)
    }
}

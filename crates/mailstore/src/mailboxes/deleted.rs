//! How much of a mailbox is marked as deleted.

use hikyaku_db::params;
use hikyaku_directory::AccountScope;
use hikyaku_types::{ByteSize, MailboxId};

use crate::{Mailstore, error::MailError, flags::SystemFlags};

impl Mailstore {
    /// The sizes of the messages with the Deleted flag together. There is no counter of it, so all
    /// messages of the mailbox are looked at; [`Mailbox::deleted`](crate::Mailbox::deleted) tells
    /// whether there are any.
    pub async fn deleted_size(
        &self,
        scope: AccountScope,
        mailbox: MailboxId,
    ) -> Result<ByteSize, MailError> {
        self.db()
            .read(move |tx| {
                Ok(tx.query_one(
                    "SELECT CAST(COALESCE(SUM(p.size), 0) AS BIGINT) FROM placement p \
                     JOIN mail_account a ON a.account_id = p.account_id \
                     WHERE p.account_id = ?1 AND a.tenant_id = ?2 AND p.mailbox_id = ?3 \
                     AND (p.flags & ?4) <> 0",
                    params![
                        scope.account,
                        scope.tenant,
                        mailbox,
                        i64::from(SystemFlags::DELETED.bits())
                    ],
                    |row| row.get(0),
                )?)
            })
            .await
    }
}

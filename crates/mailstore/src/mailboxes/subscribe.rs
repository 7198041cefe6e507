//! Subscriptions: names a user wants to see, whether or not such a mailbox exists.

use hikyaku_db::{DbError, Hint, Lane, WriteTx, params};
use hikyaku_directory::AccountScope;

use crate::{Mailstore, accounts, error::MailError, name::MailboxPath};

impl Mailstore {
    /// Subscribes to a name.
    pub async fn subscribe(
        &self,
        scope: AccountScope,
        path: &MailboxPath,
    ) -> Result<(), MailError> {
        let (path, limit) = (path.clone(), self.limits().subscriptions_per_account);
        self.db()
            .write(Lane::Mail, move |tx| subscribe(tx, scope, &path, limit))
            .await
    }

    /// Ends a subscription; nothing happens if there is none.
    pub async fn unsubscribe(
        &self,
        scope: AccountScope,
        path: &MailboxPath,
    ) -> Result<(), MailError> {
        let path = path.clone();
        self.db()
            .write(Lane::Mail, move |tx| {
                accounts::usage(tx, scope)?;
                tx.execute(
                    "DELETE FROM subscription WHERE account_id = ?1 AND path = ?2",
                    params![scope.account, path.as_str()],
                )?;
                tx.hint(Hint::Mail(scope.account));
                Ok(())
            })
            .await
    }

    /// The names the account is subscribed to, sorted.
    pub async fn subscriptions(&self, scope: AccountScope) -> Result<Vec<MailboxPath>, MailError> {
        self.db()
            .read(move |tx| {
                Ok(tx.query(
                    "SELECT s.path FROM subscription s \
                     JOIN mail_account a ON a.account_id = s.account_id \
                     WHERE s.account_id = ?1 AND a.tenant_id = ?2 ORDER BY s.path",
                    params![scope.account, scope.tenant],
                    |row| row.get::<String>(0).map(MailboxPath::from_stored),
                )?)
            })
            .await
    }
}

fn subscribe(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    path: &MailboxPath,
    limit: u32,
) -> Result<(), MailError> {
    // The lock makes the count exact.
    accounts::lock(tx, scope)?;
    tx.execute(
        "INSERT INTO subscription (account_id, path) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        params![scope.account, path.as_str()],
    )?;
    let count = |row: &hikyaku_db::Row<'_>| -> Result<i64, DbError> { row.get(0) };
    let subscribed = tx.query_one(
        "SELECT COUNT(*) FROM subscription WHERE account_id = ?1",
        params![scope.account],
        count,
    )?;
    if subscribed > i64::from(limit) {
        return Err(MailError::TooManySubscriptions { limit });
    }
    tx.hint(Hint::Mail(scope.account));
    Ok(())
}

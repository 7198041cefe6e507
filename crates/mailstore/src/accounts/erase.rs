//! The end of an account's mail.

use hikyaku_db::{Hint, Lane, Tx, WriteTx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::{MailboxId, MessageId};

use crate::{Mailstore, change, error::MailError, expunge::Which, purge};

/// Tables that hold rows of an account which nothing counts; the account's own row goes last.
const TABLES: [&str; 10] = [
    "import_position",
    "import_run",
    "collected_folder",
    "subscription",
    "deleted_mailbox",
    "member_seen",
    "thread_ref",
    "change",
    "mailbox",
    "mail_account",
];

impl Mailstore {
    /// Expunges every message of every mailbox ("initialise mailbox", requirement T-032). The
    /// messages stay restorable for their window; the mailboxes stay. Returns how many went.
    pub async fn expunge_everything(&self, scope: AccountScope) -> Result<u64, MailError> {
        let mut gone = 0;
        for mailbox in self.db().read(move |tx| all_mailboxes(tx, scope)).await? {
            let uids = self.uids_of(scope, mailbox).await?;
            gone += self
                .expunge(scope, mailbox, Which::Exactly(&uids))
                .await?
                .len() as u64;
        }
        Ok(gone)
    }

    /// Removes all mail of an account for good, restorable messages included, then the account's
    /// own row: for an account that was deleted, so that nothing more is delivered to it. Works in
    /// chunks in the background lane; called again after an interruption it goes on. Holds are not
    /// asked: an account under hold is not deleted. Returns how many messages were removed.
    pub async fn erase(&self, scope: AccountScope) -> Result<u64, MailError> {
        let mut removed = 0;
        loop {
            match self.expunge_everything(scope).await {
                Err(MailError::NoSuchAccount) => return Ok(removed),
                result => result?,
            };
            for mailbox in self
                .db()
                .read(move |tx| purge::being_emptied(tx, scope))
                .await?
            {
                self.empty_deleted_mailbox(scope, mailbox).await?;
            }
            removed += self.erase_messages(scope).await?;
            self.erase_changes(scope).await?;
            self.erase_imported(scope).await?;
            self.erase_collected(scope).await?;
            if self
                .db()
                .write(Lane::Background, move |tx| erase_rest(tx, scope))
                .await?
            {
                return Ok(removed);
            }
        }
    }

    async fn erase_messages(&self, scope: AccountScope) -> Result<u64, MailError> {
        let limit = i64::try_from(self.chunk()).unwrap_or(i64::MAX);
        let mut removed = 0;
        loop {
            let chunk = self
                .db()
                .write(Lane::Background, move |tx| {
                    let account = super::lock(tx, scope)?;
                    let ids: Vec<MessageId> = tx.query(
                        "SELECT message_id FROM expunged WHERE account_id = ?1 \
                         ORDER BY message_id LIMIT ?2",
                        params![scope.account, limit],
                        |row| row.get(0),
                    )?;
                    purge::remove_messages(tx, &account, &ids)?;
                    Ok::<_, MailError>(ids.len() as u64)
                })
                .await?;
            removed += chunk;
            if chunk == 0 {
                return Ok(removed);
            }
        }
    }

    async fn erase_changes(&self, scope: AccountScope) -> Result<(), MailError> {
        let chunk = self.chunk();
        let prune = move |tx: &WriteTx<'_>| change::prune(tx, scope, 0, chunk);
        while self.db().write(Lane::Background, prune).await? > 0 {}
        Ok(())
    }

    /// What is remembered of messages that were imported.
    async fn erase_imported(&self, scope: AccountScope) -> Result<(), MailError> {
        let limit = i64::try_from(self.chunk()).unwrap_or(i64::MAX);
        let erase = move |tx: &WriteTx<'_>| {
            super::lock(tx, scope)?;
            let erased = tx.execute(
                "DELETE FROM import_message WHERE account_id = ?1 AND (identity, copy) IN \
                 (SELECT identity, copy FROM import_message WHERE account_id = ?1 LIMIT ?2)",
                params![scope.account, limit],
            )?;
            Ok::<_, MailError>(erased)
        };
        while self.db().write(Lane::Background, erase).await? > 0 {}
        Ok(())
    }

    /// What is remembered of mail that was taken over from other hosts.
    async fn erase_collected(&self, scope: AccountScope) -> Result<(), MailError> {
        let limit = i64::try_from(self.chunk()).unwrap_or(i64::MAX);
        let erase = move |tx: &WriteTx<'_>| {
            super::lock(tx, scope)?;
            let erased = tx.execute(
                "DELETE FROM collected_message WHERE account_id = ?1 AND (folder_id, name) IN \
                 (SELECT folder_id, name FROM collected_message WHERE account_id = ?1 LIMIT ?2)",
                params![scope.account, limit],
            )?;
            Ok::<_, MailError>(erased)
        };
        while self.db().write(Lane::Background, erase).await? > 0 {}
        Ok(())
    }
}

fn all_mailboxes(tx: &Tx<'_>, scope: AccountScope) -> Result<Vec<MailboxId>, MailError> {
    super::usage(tx, scope)?;
    Ok(tx.query(
        "SELECT id FROM mailbox WHERE account_id = ?1 AND parent_id >= 0 ORDER BY id",
        params![scope.account],
        |row| row.get(0),
    )?)
}

/// Removes what is left of an account. Does nothing, and says so, when a message has come
/// meanwhile.
fn erase_rest(tx: &WriteTx<'_>, scope: AccountScope) -> Result<bool, MailError> {
    super::lock(tx, scope)?;
    let messages = tx.query_one(
        "SELECT COUNT(*) FROM message WHERE account_id = ?1",
        params![scope.account],
        |row| row.get::<i64>(0),
    )?;
    if messages > 0 {
        return Ok(false);
    }
    for table in TABLES {
        let sql = format!("DELETE FROM {table} WHERE account_id = ?1");
        tx.execute(&sql, params![scope.account])?;
    }
    tx.hint(Hint::Mail(scope.account));
    Ok(true)
}

//! Purging: removing for good what is past its window, and what deleted mailboxes left behind.
//!
//! A message is removed together with its reference to its content and, when it was the last of its
//! conversation, with the ids that led to that conversation.

use std::collections::{BTreeMap, BTreeSet};

use hikyaku_blob::ContentHash;
use hikyaku_db::{Engine, Lane, Tx, Value, WriteTx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::{AccountId, Id as _, MailboxId, MessageId, ThreadId, Timestamp};

use crate::{
    Mailstore,
    accounts::{self, Locked},
    change,
    error::MailError,
    list::{LONGEST, push_list},
    mailboxes::DELETED_PARENT,
    mailstore::Holds,
};

/// What a purge did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PurgeReport {
    /// Accounts in which there was something to look at.
    pub accounts: u64,
    /// Messages removed for good.
    pub messages: u64,
    /// Contents removed with them, because nothing else referred to them.
    pub contents: u64,
    /// Messages that a hold kept although their window is over.
    pub held: u64,
    /// Rows of change history removed.
    pub changes: u64,
}

impl std::ops::AddAssign for PurgeReport {
    fn add_assign(&mut self, other: Self) {
        self.accounts += other.accounts;
        self.messages += other.messages;
        self.contents += other.contents;
        self.held += other.held;
        self.changes += other.changes;
    }
}

impl Mailstore {
    /// Purges all accounts: run it from time to time. Works in chunks in the background lane.
    pub async fn purge(&self) -> Result<PurgeReport, MailError> {
        let (now, keep) = (self.db().now(), self.limits().change_history);
        let mut report = PurgeReport::default();
        let mut after = AccountId::from_i64(0);
        loop {
            let page = self
                .db()
                .read(move |tx| with_work(tx, after, now, keep))
                .await?;
            let Some(last) = page.last() else {
                return Ok(report);
            };
            after = last.account;
            for scope in page {
                report += self.purge_account(scope).await?;
            }
        }
    }

    /// Purges one account.
    pub async fn purge_account(&self, scope: AccountScope) -> Result<PurgeReport, MailError> {
        let mut report = PurgeReport {
            accounts: 1,
            ..PurgeReport::default()
        };
        for mailbox in self.db().read(move |tx| being_emptied(tx, scope)).await? {
            self.empty_deleted_mailbox(scope, mailbox).await?;
        }
        self.purge_messages(scope, &mut report).await?;
        let deleted = self
            .db()
            .read(move |tx| has_deleted_mailboxes(tx, scope))
            .await?;
        if deleted {
            self.db()
                .write(Lane::Background, move |tx| {
                    forget_deleted_mailboxes(tx, scope)
                })
                .await?;
        }
        let (keep, chunk) = (self.limits().change_history, self.chunk());
        if self
            .db()
            .read(move |tx| change::is_over(tx, scope, keep))
            .await?
        {
            loop {
                let removed = self
                    .db()
                    .write(Lane::Background, move |tx| {
                        change::prune(tx, scope, keep, chunk)
                    })
                    .await?;
                report.changes += removed;
                if removed == 0 {
                    break;
                }
            }
        }
        Ok(report)
    }

    /// Removes all restorable messages of an account for good, whatever is left of their window.
    /// Holds are asked: what they keep stays.
    pub async fn purge_all_expunged(&self, scope: AccountScope) -> Result<PurgeReport, MailError> {
        let limit = i64::try_from(self.chunk()).unwrap_or(i64::MAX);
        let expire = move |tx: &WriteTx<'_>| {
            accounts::lock(tx, scope)?;
            Ok::<_, MailError>(tx.execute(
                "UPDATE expunged SET purge_at = ?2 WHERE account_id = ?1 AND message_id IN \
                 (SELECT message_id FROM expunged WHERE account_id = ?1 AND purge_at > ?2 LIMIT ?3)",
                params![scope.account, tx.now(), limit],
            )?)
        };
        while self.db().write(Lane::Background, expire).await? > 0 {}
        self.purge_account(scope).await
    }

    async fn purge_messages(
        &self,
        scope: AccountScope,
        report: &mut PurgeReport,
    ) -> Result<(), MailError> {
        let (chunk, now) = (self.chunk(), self.db().now());
        let mut after = (Timestamp(i64::MIN), MessageId::from_i64(0));
        loop {
            let due = self
                .db()
                .read(move |tx| due(tx, scope, now, after, chunk))
                .await?;
            let Some(last) = due.last() else {
                return Ok(());
            };
            after = *last;
            let ids: Vec<MessageId> = due.iter().map(|(_, id)| *id).collect();
            let holds = self.holds().clone();
            *report += self
                .db()
                .write(Lane::Background, move |tx| {
                    purge_chunk(tx, scope, &ids, now, &holds)
                })
                .await?;
        }
    }
}

/// Accounts that the purge job looks up at once.
const ACCOUNTS_PAGE: u32 = 256;

/// The accounts after one, ascending, in which there may be something to purge: an index is asked
/// for each of the reasons.
fn with_work(
    tx: &Tx<'_>,
    after: AccountId,
    now: Timestamp,
    keep: u32,
) -> Result<Vec<AccountScope>, MailError> {
    Ok(tx.query(
        "SELECT a.tenant_id, a.account_id FROM mail_account a WHERE a.account_id > ?1 AND ( \
         a.change_count > ?2 \
         OR EXISTS (SELECT 1 FROM expunged e \
         WHERE e.account_id = a.account_id AND e.purge_at <= ?3) \
         OR EXISTS (SELECT 1 FROM mailbox b \
         WHERE b.account_id = a.account_id AND b.parent_id = ?4) \
         OR EXISTS (SELECT 1 FROM deleted_mailbox d WHERE d.account_id = a.account_id)) \
         ORDER BY a.account_id LIMIT ?5",
        params![after, keep, now, DELETED_PARENT, ACCOUNTS_PAGE],
        |row| {
            Ok(AccountScope {
                tenant: row.get(0)?,
                account: row.get(1)?,
            })
        },
    )?)
}

/// Mailboxes that were deleted but not emptied, because the process ended.
pub(crate) fn being_emptied(tx: &Tx<'_>, scope: AccountScope) -> Result<Vec<MailboxId>, MailError> {
    Ok(tx.query(
        "SELECT id FROM mailbox WHERE account_id = ?1 AND parent_id = ?2",
        params![scope.account, DELETED_PARENT],
        |row| row.get(0),
    )?)
}

/// The next messages whose window is over, in the order of their deadlines.
fn due(
    tx: &Tx<'_>,
    scope: AccountScope,
    now: Timestamp,
    after: (Timestamp, MessageId),
    limit: usize,
) -> Result<Vec<(Timestamp, MessageId)>, MailError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    Ok(tx.query(
        "SELECT purge_at, message_id FROM expunged WHERE account_id = ?1 AND purge_at <= ?2 \
         AND (purge_at > ?3 OR (purge_at = ?3 AND message_id > ?4)) \
         ORDER BY purge_at, message_id LIMIT ?5",
        params![scope.account, now, after.0, after.1, limit],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?)
}

fn purge_chunk(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    ids: &[MessageId],
    now: Timestamp,
    holds: &Holds,
) -> Result<PurgeReport, MailError> {
    let account = accounts::lock(tx, scope)?;
    let mut report = PurgeReport::default();
    // Some may have been restored since they were listed.
    let mut due: BTreeSet<MessageId> = still_due(tx, &account, ids, now)?.into_iter().collect();
    let asked: Vec<MessageId> = due.iter().copied().collect();
    for hold in holds.iter() {
        for held in hold.held(tx, scope, &asked)? {
            report.held += u64::from(due.remove(&held));
        }
    }
    let due: Vec<MessageId> = due.into_iter().collect();
    report.messages = due.len() as u64;
    report.contents = remove_messages(tx, &account, &due)?;
    Ok(report)
}

fn still_due(
    tx: &Tx<'_>,
    account: &Locked,
    ids: &[MessageId],
    now: Timestamp,
) -> Result<Vec<MessageId>, MailError> {
    let mut parameters: Vec<Value<'_>> = vec![account.scope.account.into(), now.into()];
    let list = push_list(&mut parameters, ids);
    // The sign keeps SQLite from walking through everything that is due.
    let sql = format!(
        "SELECT message_id FROM expunged WHERE account_id = ?1 AND +purge_at <= ?2 \
         AND message_id IN ({list})"
    );
    Ok(tx.query(&sql, &parameters, |row| row.get(0))?)
}

/// Removes messages that have no placement for good, with their references to contents and the
/// threads that end with them. Returns how many contents went. At most [`LONGEST`] messages.
pub(crate) fn remove_messages(
    tx: &WriteTx<'_>,
    account: &Locked,
    ids: &[MessageId],
) -> Result<u64, MailError> {
    debug_assert!(ids.len() <= LONGEST, "a chunk is a list");
    if ids.is_empty() {
        return Ok(0);
    }
    let id = account.scope.account;
    let mut parameters: Vec<Value<'_>> = vec![id.into()];
    let list = push_list(&mut parameters, ids);
    tx.execute(
        &format!("DELETE FROM expunged WHERE account_id = ?1 AND message_id IN ({list})"),
        &parameters,
    )?;
    let removed: Vec<(ContentHash, ThreadId)> = tx.query(
        &format!(
            "DELETE FROM message WHERE {account} = ?1 AND id IN ({list}) \
             RETURNING blob_hash, thread_id",
            account = account_beside_ids(tx)
        ),
        &parameters,
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let threads: BTreeSet<ThreadId> = removed.iter().map(|(_, thread)| *thread).collect();
    forget_threads(tx, id, &threads.into_iter().collect::<Vec<_>>())?;
    let mut references: BTreeMap<ContentHash, u32> = BTreeMap::new();
    for (hash, _) in removed {
        *references.entry(hash).or_insert(0) += 1;
    }
    Ok(hikyaku_blob::release_many(
        tx,
        account.scope.tenant,
        references,
    )?)
}

/// The account's column in a statement on messages whose ids are listed.
///
/// SQLite keeps messages by their id and would rather walk through an index of the whole account
/// than look up a list; the sign keeps it from that index. PostgreSQL's key is account and id
/// together.
fn account_beside_ids(tx: &Tx<'_>) -> &'static str {
    match tx.engine() {
        Engine::Sqlite => "+account_id",
        Engine::Postgres => "account_id",
    }
}

/// Forgets the ids of conversations that have no message left.
fn forget_threads(
    tx: &WriteTx<'_>,
    account: AccountId,
    threads: &[ThreadId],
) -> Result<(), MailError> {
    for chunk in threads.chunks(LONGEST) {
        let mut parameters: Vec<Value<'_>> = vec![account.into()];
        let list = push_list(&mut parameters, chunk);
        tx.execute(
            &format!(
                "DELETE FROM thread_ref WHERE account_id = ?1 AND thread_id IN ({list}) \
                 AND NOT EXISTS (SELECT 1 FROM message m WHERE m.account_id = ?1 \
                 AND m.thread_id = thread_ref.thread_id)"
            ),
            &parameters,
        )?;
    }
    Ok(())
}

/// Forgets the names of deleted mailboxes from which nothing can be restored any more.
fn forget_deleted_mailboxes(tx: &WriteTx<'_>, scope: AccountScope) -> Result<(), MailError> {
    accounts::lock(tx, scope)?;
    tx.execute(
        "DELETE FROM deleted_mailbox WHERE account_id = ?1 \
         AND mailbox_id NOT IN (SELECT b.id FROM mailbox b WHERE b.account_id = ?1) \
         AND mailbox_id NOT IN (SELECT e.mailbox_id FROM expunged e WHERE e.account_id = ?1)",
        params![scope.account],
    )?;
    Ok(())
}

fn has_deleted_mailboxes(tx: &Tx<'_>, scope: AccountScope) -> Result<bool, MailError> {
    let found = tx.query_opt(
        "SELECT 1 FROM deleted_mailbox WHERE account_id = ?1 LIMIT 1",
        params![scope.account],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

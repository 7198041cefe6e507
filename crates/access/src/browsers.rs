//! Browsers that were remembered when they showed a second factor (U-027): they need not show it
//! again for a while. Each has a token of its own, so a different browser always asks.

use std::time::Duration;

use hikyaku_db::{DbError, Tx, WriteTx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::{BrowserId, Timestamp};

use crate::sessions::{Client, Token};

/// Remembered browsers of one account at most (50): the one that was not used for the longest time
/// makes room.
pub const BROWSERS_MAX: u32 = 50;

/// One remembered browser.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RememberedBrowser {
    /// Its id.
    pub id: BrowserId,
    /// Its name for itself; [`crate::sessions::device`] makes a short one of it.
    pub agent: String,
    /// From where the factor was shown.
    pub address: String,
    /// When the factor was shown.
    pub created_at: Timestamp,
    /// When it last signed in.
    pub last_used_at: Timestamp,
    /// Until when it need not show one.
    pub ends_at: Timestamp,
}

/// Remembers a browser that has just shown a second factor.
pub fn remember(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    token: &Token,
    client: &Client,
    time: Duration,
) -> Result<BrowserId, DbError> {
    tx.execute(
        "DELETE FROM remembered_browser WHERE tenant_id = ?1 AND account_id = ?2 AND id IN (
             SELECT id FROM remembered_browser WHERE tenant_id = ?1 AND account_id = ?2
             ORDER BY last_used_at DESC, id DESC LIMIT 1000 OFFSET ?3)",
        params![scope.tenant, scope.account, BROWSERS_MAX - 1],
    )?;
    let id: BrowserId = tx.new_id();
    tx.execute(
        "INSERT INTO remembered_browser (id, tenant_id, account_id, token_hash, address, client,
             created_at, last_used_at, ends_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8)",
        params![
            id,
            scope.tenant,
            scope.account,
            &token.hash(),
            client.address.to_string(),
            client.agent(),
            tx.now(),
            tx.now().plus(time),
        ],
    )?;
    Ok(id)
}

/// When the browser of a token showed a second factor of this account, if it is remembered for it;
/// writes down that it signs in. `time` is what the policy grants now: a policy that became
/// stricter holds for those remembered before, too.
pub fn recognise(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    token: &Token,
    time: Duration,
) -> Result<Option<Timestamp>, DbError> {
    let now = tx.now();
    tx.query_opt(
        "UPDATE remembered_browser SET last_used_at = ?4
         WHERE token_hash = ?3 AND tenant_id = ?1 AND account_id = ?2 AND ends_at > ?4
           AND created_at > ?5
         RETURNING created_at",
        params![
            scope.tenant,
            scope.account,
            &token.hash(),
            now,
            now.minus(time)
        ],
        |row| row.get(0),
    )
}

const OF_ACCOUNT: &str = "SELECT id, client, address, created_at, last_used_at, ends_at \
     FROM remembered_browser WHERE tenant_id = ?1 AND account_id = ?2 AND ends_at > ?3 \
     ORDER BY last_used_at DESC, id DESC LIMIT ?4";

/// The remembered browsers of an account, the one used last first.
pub fn list(tx: &Tx<'_>, scope: AccountScope) -> Result<Vec<RememberedBrowser>, DbError> {
    tx.query(
        OF_ACCOUNT,
        params![scope.tenant, scope.account, tx.now(), BROWSERS_MAX],
        |row| {
            Ok(RememberedBrowser {
                id: row.get(0)?,
                agent: row.get(1)?,
                address: row.get(2)?,
                created_at: row.get(3)?,
                last_used_at: row.get(4)?,
                ends_at: row.get(5)?,
            })
        },
    )
}

/// Forgets one browser of an account. False when there is none of that id.
pub fn forget(tx: &WriteTx<'_>, scope: AccountScope, id: BrowserId) -> Result<bool, DbError> {
    let gone = tx.execute(
        "DELETE FROM remembered_browser WHERE tenant_id = ?1 AND account_id = ?2 AND id = ?3",
        params![scope.tenant, scope.account, id],
    )?;
    Ok(gone == 1)
}

/// Forgets all browsers of an account; says how many.
pub fn forget_all(tx: &WriteTx<'_>, scope: AccountScope) -> Result<u64, DbError> {
    tx.execute(
        "DELETE FROM remembered_browser WHERE tenant_id = ?1 AND account_id = ?2",
        params![scope.tenant, scope.account],
    )
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn the_list_of_browsers_looks_up_by_index() {
        hikyaku_db::testing::assert_only_searches(super::OF_ACCOUNT.to_owned(), 4).await;
    }
}

//! The sessions of an account, as its owner sees and ends them (US-07).

use hikyaku_db::{DbError, Hint, Tx, WriteTx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::{Timestamp, WebSessionId};

use super::{SESSIONS_MAX, SessionState, Staying};

/// One signed-in browser.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionView {
    /// Its id.
    pub id: WebSessionId,
    /// The browser's name for itself; [`super::device`] makes a short one of it.
    pub agent: String,
    /// From where it was opened.
    pub address: String,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was last seen, within [`super::SEEN_LAG_MAX`].
    pub last_seen_at: Timestamp,
    /// When it is over in any case.
    pub ends_at: Timestamp,
    /// How long the browser is to stay signed in.
    pub staying: Staying,
}

const OF_ACCOUNT: &str = "SELECT id, client, address, created_at, last_seen_at, ends_at, stays \
     FROM web_session WHERE tenant_id = ?1 AND account_id = ?2 AND state = 'complete' \
     AND ends_at > ?3 AND (stays = 1 OR last_seen_at + idle_ms > ?3) \
     ORDER BY last_seen_at DESC, id DESC LIMIT ?4";

/// The complete sessions of an account that are within their times, the one seen last first.
pub fn list(tx: &Tx<'_>, scope: AccountScope) -> Result<Vec<SessionView>, DbError> {
    tx.query(
        OF_ACCOUNT,
        params![scope.tenant, scope.account, tx.now(), SESSIONS_MAX],
        |row| {
            Ok(SessionView {
                id: row.get(0)?,
                agent: row.get(1)?,
                address: row.get(2)?,
                created_at: row.get(3)?,
                last_seen_at: row.get(4)?,
                ends_at: row.get(5)?,
                staying: if row.get(6)? {
                    Staying::Remembered
                } else {
                    Staying::WhileOpen
                },
            })
        },
    )
}

/// Ends one session of an account. False when there is none of that id.
pub fn revoke(tx: &WriteTx<'_>, scope: AccountScope, id: WebSessionId) -> Result<bool, DbError> {
    let ended = tx.execute(
        "DELETE FROM web_session WHERE tenant_id = ?1 AND account_id = ?2 AND id = ?3",
        params![scope.tenant, scope.account, id],
    )?;
    tx.hint(Hint::Account(scope.account));
    Ok(ended == 1)
}

/// Ends all sessions of an account, or all but one; says how many complete ones.
pub fn revoke_all(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    except: Option<WebSessionId>,
) -> Result<usize, DbError> {
    let ended = tx.query(
        "DELETE FROM web_session WHERE tenant_id = ?1 AND account_id = ?2 AND id <> ?3
         RETURNING state",
        params![
            scope.tenant,
            scope.account,
            except.map_or(0, hikyaku_types::Id::to_i64)
        ],
        |row| Ok(row.text(0)? == SessionState::Complete.word()),
    )?;
    tx.hint(Hint::Account(scope.account));
    Ok(ended.into_iter().filter(|complete| *complete).count())
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn the_list_of_sessions_looks_up_by_index() {
        hikyaku_db::testing::assert_only_searches(super::OF_ACCOUNT.to_owned(), 4).await;
    }
}

//! Finding the session of a token.

use std::time::Duration;

use hikyaku_db::{DbError, Row, Tx, WriteTx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::{Timestamp, WebSessionId};

use super::{MailedCode, SEEN_LAG_MAX, Session, SessionState, Staying, Token};
use crate::sign_in::standing;

const BY_TOKEN: &str = "SELECT id, tenant_id, account_id, state, credential, authenticated_at, \
     factor_at, created_at, last_seen_at, idle_ms, ends_at, stays, tries, code_hash, \
     code_factor_id, codes_sent, code_sent_at FROM web_session WHERE token_hash = ?1";

/// The session of a token, if there is one and it holds.
pub fn find(tx: &Tx<'_>, token: &Token) -> Result<Option<Session>, DbError> {
    let Some(row) = tx.query_opt(BY_TOKEN, params![&token.hash()], stored)? else {
        return Ok(None);
    };
    if !row.is_within_times(tx.now()) {
        return Ok(None);
    }
    let Some(owner) = standing(tx, row.scope)? else {
        return Ok(None);
    };
    if owner.credential != row.credential {
        return Ok(None);
    }
    Ok(Some(Session {
        id: row.id,
        scope: row.scope,
        address: owner.address,
        language: owner.language,
        state: row.state,
        authenticated_at: row.authenticated_at,
        factor_at: row.factor_at,
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
        ends_at: row.ends_at,
        staying: row.staying,
        credential: row.credential,
        tries: row.tries,
        mailed: row.mailed,
    }))
}

/// Writes down that a session was seen, when that is [`SEEN_LAG_MAX`] old; call it when
/// [`Session::is_unseen`] says so.
pub fn touch(tx: &WriteTx<'_>, id: WebSessionId) -> Result<(), DbError> {
    let now = tx.now();
    tx.execute(
        "UPDATE web_session SET last_seen_at = ?2 WHERE id = ?1 AND last_seen_at <= ?3",
        params![id, now, now.minus(SEEN_LAG_MAX)],
    )?;
    Ok(())
}

struct Stored {
    id: WebSessionId,
    scope: AccountScope,
    state: SessionState,
    credential: i64,
    authenticated_at: Timestamp,
    factor_at: Option<Timestamp>,
    created_at: Timestamp,
    last_seen_at: Timestamp,
    idle: Duration,
    ends_at: Timestamp,
    staying: Staying,
    tries: u32,
    mailed: MailedCode,
}

impl Stored {
    /// A session that is not complete is bound by its end alone, which is near.
    fn is_within_times(&self, now: Timestamp) -> bool {
        let idle = match (self.state, self.staying) {
            (SessionState::Complete, Staying::WhileOpen) => Some(self.idle),
            _ => None,
        };
        now < self.ends_at && idle.is_none_or(|idle| now.since(self.last_seen_at) < idle)
    }
}

fn stored(row: &Row<'_>) -> Result<Stored, DbError> {
    let state = SessionState::from_word(row.text(3)?).ok_or(DbError::Conversion {
        index: 3,
        expected: "a session's state",
        found: "another text",
    })?;
    Ok(Stored {
        id: row.get(0)?,
        scope: AccountScope {
            tenant: row.get(1)?,
            account: row.get(2)?,
        },
        state,
        credential: row.get(4)?,
        authenticated_at: row.get(5)?,
        factor_at: row.get(6)?,
        created_at: row.get(7)?,
        last_seen_at: row.get(8)?,
        idle: Duration::from_millis(row.get(9)?),
        ends_at: row.get(10)?,
        staying: if row.get(11)? {
            Staying::Remembered
        } else {
            Staying::WhileOpen
        },
        tries: row.get(12)?,
        mailed: MailedCode {
            hash: row.get(13)?,
            factor: row.get(14)?,
            sent: row.get(15)?,
            sent_at: row.get(16)?,
        },
    })
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn a_request_looks_its_session_up_by_index() {
        hikyaku_db::testing::assert_only_searches(super::BY_TOKEN.to_owned(), 1).await;
    }
}

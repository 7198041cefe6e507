//! Opening a session, and its way to completeness.

use std::time::Duration;

use hikyaku_db::{DbError, WriteTx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::{Timestamp, WebSessionId};

use super::{
    Client, SESSIONS_MAX, Session, SessionLimits, SessionState, Staying, Token, UNFINISHED_MAX,
};

/// A session to open.
#[derive(Debug, Clone)]
pub struct NewSession<'a> {
    /// Whose it is.
    pub scope: AccountScope,
    /// The version of the password that was right.
    pub credential: i64,
    /// What the browser will be known by.
    pub token: &'a Token,
    /// What it may be used for at first.
    pub state: SessionState,
    /// When a second factor was shown: on a remembered browser, when that was.
    pub factor_at: Option<Timestamp>,
    /// The browser.
    pub client: &'a Client,
    /// How long it is to stay signed in.
    pub staying: Staying,
    /// The limits in force.
    pub limits: SessionLimits,
}

/// Opens a session. The caller holds the account.
pub fn open(tx: &WriteTx<'_>, new: &NewSession<'_>) -> Result<WebSessionId, DbError> {
    make_room(tx, new.scope)?;
    let id: WebSessionId = tx.new_id();
    let now = tx.now();
    let millis = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    tx.execute(
        "INSERT INTO web_session (id, tenant_id, account_id, token_hash, state, credential,
             address, client, created_at, authenticated_at, factor_at, last_seen_at, idle_ms,
             ends_at, stays)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10, ?9, ?11, ?12, ?13)",
        params![
            id,
            new.scope.tenant,
            new.scope.account,
            &new.token.hash(),
            new.state.word(),
            new.credential,
            new.client.address.to_string(),
            new.client.agent(),
            now,
            new.factor_at,
            millis(new.limits.idle),
            end(new.state, now, new.limits),
            new.staying == Staying::Remembered,
        ],
    )?;
    Ok(id)
}

/// Takes a session to its next state, under another token. `factor_at` is kept when none is given.
/// False when it was revoked meanwhile, or somebody else took it there with the same token.
pub fn advance(
    tx: &WriteTx<'_>,
    session: &Session,
    tokens: Rotation<'_>,
    to: SessionState,
    shown: Shown,
) -> Result<bool, DbError> {
    let now = tx.now();
    let (authenticated_at, factor_at) = match shown {
        Shown::Nothing => (session.authenticated_at, session.factor_at),
        Shown::Password => (now, session.factor_at),
        Shown::Factor => (session.authenticated_at, Some(now)),
    };
    let changed = tx.execute(
        "UPDATE web_session SET token_hash = ?3, state = ?4, authenticated_at = ?5, factor_at = ?6,
             last_seen_at = ?7, ends_at = ?8, credential = ?9, tries = 0, code_hash = NULL,
             code_factor_id = NULL
         WHERE id = ?1 AND token_hash = ?2",
        params![
            session.id,
            &tokens.from.hash(),
            &tokens.to.hash(),
            to.word(),
            authenticated_at,
            factor_at,
            now,
            end(to, now, tokens.limits),
            tokens.credential.unwrap_or(session.credential),
        ],
    )?;
    Ok(changed == 1)
}

/// One token in place of another.
#[derive(Debug, Clone, Copy)]
pub struct Rotation<'a> {
    /// The one that ends.
    pub from: &'a Token,
    /// The one from now on.
    pub to: &'a Token,
    /// The limits in force.
    pub limits: SessionLimits,
    /// The version of a password that was changed in this session, which goes on with it.
    pub credential: Option<i64>,
}

/// What the person has shown for a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Nothing new.
    Nothing,
    /// The password.
    Password,
    /// A second factor.
    Factor,
}

/// Writes down that the password was shown again.
pub fn authenticated(tx: &WriteTx<'_>, session: &Session) -> Result<(), DbError> {
    tx.execute(
        "UPDATE web_session SET authenticated_at = ?2 WHERE id = ?1",
        params![session.id, tx.now()],
    )?;
    Ok(())
}

/// When a session in this state is over in any case.
fn end(state: SessionState, now: Timestamp, limits: SessionLimits) -> Timestamp {
    now.plus(match state {
        SessionState::Factor => limits.code,
        SessionState::Enrol | SessionState::Change => UNFINISHED_MAX,
        SessionState::Complete => limits.absolute,
    })
}

/// Ends the sessions beyond the number that an account may have, before one is added.
fn make_room(tx: &WriteTx<'_>, scope: AccountScope) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM web_session WHERE tenant_id = ?1 AND account_id = ?2 AND id IN (
             SELECT id FROM web_session WHERE tenant_id = ?1 AND account_id = ?2
             ORDER BY last_seen_at DESC, id DESC LIMIT 1000 OFFSET ?3)",
        params![scope.tenant, scope.account, SESSIONS_MAX - 1],
    )?;
    Ok(())
}

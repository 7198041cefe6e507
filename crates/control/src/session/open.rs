//! Opening a session after the password.

use hikyaku_access::{
    browsers,
    factors::Code,
    policy::{self, SecurityPolicy},
    sessions::{
        self, Client, NewSession, Rotation, SessionLimits, SessionState, Shown, Staying, Token,
        device,
    },
};
use hikyaku_db::{WriteTx, params};
use hikyaku_directory::AccountScope;
use hikyaku_notices::{Event, Notice, Recipient};
use hikyaku_types::{Timestamp, WebSessionId};
use serde_json::json;

use super::{
    Requirement, after_factor, begin_grace, code::mail_code, held, only_mail, overview, requirement,
};
use crate::ControlError;

/// A password was right.
#[derive(Debug, Clone)]
pub struct Opening {
    /// Whose it was.
    pub scope: AccountScope,
    /// Its version, so that a password changed meanwhile opens nothing.
    pub credential: i64,
    /// What the browser will be known by.
    pub token: Token,
    /// What a remembered browser is known by.
    pub browser: Option<Token>,
    /// The browser.
    pub client: Client,
    /// How long it is to stay signed in.
    pub staying: Staying,
    /// The code to mail, if one is to be.
    pub code: Code,
}

/// A session that was opened, or came further.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Opened {
    /// The session.
    pub id: WebSessionId,
    /// What it owes, or that it is complete.
    pub state: SessionState,
    /// Where a code was mailed to, in part.
    pub mailed_to: Option<String>,
    /// How long the browser keeps its token; none: until it is closed.
    pub keep_for: Option<std::time::Duration>,
}

/// Opens a session for somebody who knows the password.
pub fn open(tx: &WriteTx<'_>, opening: &Opening) -> Result<Opened, ControlError> {
    let scope = opening.scope;
    let policy = policy::load(tx, scope.tenant_scope())?;
    begin_grace(tx, scope, &policy)?;
    let all = overview(tx, scope)?;
    let (state, factor_at) = if all.is_on() {
        match remembered(tx, opening, &policy)? {
            Some(at) => (after_factor(tx, scope)?, Some(at)),
            None => (SessionState::Factor, None),
        }
    } else if requirement(tx, scope, &policy)? == Requirement::Now {
        (SessionState::Enrol, None)
    } else {
        (after_factor(tx, scope)?, None)
    };
    let limits = SessionLimits::of(&policy);
    if state == SessionState::Complete {
        tell_of_new_device(tx, scope, &opening.client)?;
    }
    let id = sessions::open(
        tx,
        &NewSession {
            scope,
            credential: opening.credential,
            token: &opening.token,
            state,
            factor_at,
            client: &opening.client,
            staying: opening.staying,
            limits,
        },
    )?;
    let mut mailed_to = None;
    if state == SessionState::Factor && only_mail(&all) {
        let session = held(tx, &opening.token, &[SessionState::Factor])?;
        // Too many codes were mailed lately: the person is told when the next one can be sent.
        mailed_to = match mail_code(tx, &session, &opening.token, &opening.code) {
            Ok(hint) => Some(hint),
            Err(ControlError::Throttled { .. }) => None,
            Err(other) => return Err(other),
        };
    }
    Ok(Opened {
        id,
        state,
        mailed_to,
        keep_for: keep_for(state, opening.staying, limits),
    })
}

/// Takes a session further that owes nothing of what it waited for any more: a second factor was
/// set up, in another window or by a link. It has to be shown then.
pub fn go_on(
    tx: &WriteTx<'_>,
    from: &Token,
    to: &Token,
    code: &Code,
) -> Result<Opened, ControlError> {
    let session = held(tx, from, &[SessionState::Enrol])?;
    let policy = policy::load(tx, session.scope.tenant_scope())?;
    let all = overview(tx, session.scope)?;
    let state = if all.is_on() {
        SessionState::Factor
    } else if requirement(tx, session.scope, &policy)? == Requirement::Now {
        return Err(ControlError::conflict(
            "factor_required",
            "set a second factor up first",
        ));
    } else {
        after_factor(tx, session.scope)?
    };
    let opened = advance(tx, &session, (from, to), state, Shown::Nothing, None)?;
    if state == SessionState::Factor && only_mail(&all) {
        let session = held(tx, to, &[SessionState::Factor])?;
        let hint = mail_code(tx, &session, to, code)?;
        return Ok(Opened {
            mailed_to: Some(hint),
            ..opened
        });
    }
    Ok(opened)
}

/// Takes a session to another state under another token.
pub(crate) fn advance(
    tx: &WriteTx<'_>,
    session: &sessions::Session,
    (from, to): (&Token, &Token),
    state: SessionState,
    shown: Shown,
    credential: Option<i64>,
) -> Result<Opened, ControlError> {
    let policy = policy::load(tx, session.scope.tenant_scope())?;
    let limits = SessionLimits::of(&policy);
    let rotation = Rotation {
        from,
        to,
        limits,
        credential,
    };
    if !sessions::advance(tx, session, rotation, state, shown)? {
        return Err(ControlError::NotFound { kind: "session" });
    }
    Ok(Opened {
        id: session.id,
        state,
        mailed_to: None,
        keep_for: keep_for(state, session.staying, limits),
    })
}

/// When a remembered browser showed its second factor.
fn remembered(
    tx: &WriteTx<'_>,
    opening: &Opening,
    policy: &SecurityPolicy,
) -> Result<Option<Timestamp>, ControlError> {
    let days = policy.second_factor.remember_days;
    match &opening.browser {
        Some(browser) if days > 0 => {
            let time = std::time::Duration::from_hours(u64::from(days) * 24);
            Ok(browsers::recognise(tx, opening.scope, browser, time)?)
        }
        _ => Ok(None),
    }
}

fn keep_for(
    state: SessionState,
    staying: Staying,
    limits: SessionLimits,
) -> Option<std::time::Duration> {
    let stays = state == SessionState::Complete && staying == Staying::Remembered;
    stays.then_some(limits.absolute)
}

/// Tells the owner of a browser that was not seen before; not of the very first one, which is the
/// owner setting the account up.
pub(super) fn tell_of_new_device(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    client: &Client,
) -> Result<(), ControlError> {
    let (known, alike): (u32, u32) = tx.query_one(
        "SELECT COUNT(*), COALESCE(SUM(CASE WHEN client = ?3 THEN 1 ELSE 0 END), 0)
         FROM web_session WHERE tenant_id = ?1 AND account_id = ?2 AND state = 'complete'",
        params![scope.tenant, scope.account, client.agent()],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    if known > 0 && alike == 0 {
        let name = device(client.agent());
        let notice = Notice::new(
            Event::NewSignIn,
            scope.tenant_scope(),
            Recipient::Account(scope),
            json!({ "client": name, "ip": client.address.to_string() }),
        );
        hikyaku_notices::enqueue(tx, &notice)?;
    }
    Ok(())
}

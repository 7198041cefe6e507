//! Where an account is signed in, and which of its browsers are remembered (US-07, U-027).

use hikyaku_access::{
    browsers::{self, RememberedBrowser},
    sessions::{self, SessionState, SessionView, Token},
};
use hikyaku_db::{Tx, WriteTx};
use hikyaku_oplog::Target;
use hikyaku_types::{BrowserId, WebSessionId};
use serde_json::json;

use super::{held, own_actor};
use crate::{Act, ControlError, authenticate::Origin};

const COMPLETE: [SessionState; 1] = [SessionState::Complete];

/// The session of a token, and all of its account.
pub fn list(tx: &Tx<'_>, token: &Token) -> Result<(WebSessionId, Vec<SessionView>), ControlError> {
    let own = held(tx, token, &COMPLETE)?;
    Ok((own.id, sessions::list(tx, own.scope)?))
}

/// Ends one session of the own account.
pub fn end(
    tx: &WriteTx<'_>,
    token: &Token,
    id: WebSessionId,
    origin: Origin,
) -> Result<(), ControlError> {
    let own = held(tx, token, &COMPLETE)?;
    if !sessions::revoke(tx, own.scope, id)? {
        return Err(ControlError::NotFound { kind: "session" });
    }
    log(tx, &own, "session.end", &id.to_string(), origin)
}

/// Ends all other sessions of the own account; says how many.
pub fn end_others(tx: &WriteTx<'_>, token: &Token, origin: Origin) -> Result<usize, ControlError> {
    let own = held(tx, token, &COMPLETE)?;
    let ended = sessions::revoke_all(tx, own.scope, Some(own.id))?;
    log(tx, &own, "session.end_others", "", origin)?;
    Ok(ended)
}

/// The remembered browsers of the own account.
pub fn browsers(tx: &Tx<'_>, token: &Token) -> Result<Vec<RememberedBrowser>, ControlError> {
    let own = held(tx, token, &COMPLETE)?;
    Ok(browsers::list(tx, own.scope)?)
}

/// Forgets a remembered browser of the own account.
pub fn forget(
    tx: &WriteTx<'_>,
    token: &Token,
    id: BrowserId,
    origin: Origin,
) -> Result<(), ControlError> {
    let own = held(tx, token, &COMPLETE)?;
    if !browsers::forget(tx, own.scope, id)? {
        return Err(ControlError::NotFound { kind: "browser" });
    }
    log(tx, &own, "browser.forget", &id.to_string(), origin)
}

fn log(
    tx: &WriteTx<'_>,
    own: &sessions::Session,
    action: &'static str,
    id: &str,
    origin: Origin,
) -> Result<(), ControlError> {
    let actor = own_actor(tx, own, origin)?;
    let target = Target::new("account", own.scope.account, &own.address);
    let act = Act::in_tenant(own.scope.tenant, action, target).after(json!({ "id": id }));
    Ok(actor.log(tx, act)?)
}

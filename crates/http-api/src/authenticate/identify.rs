//! From a cookie or a key to the one it belongs to.

use std::sync::Arc;

use hikyaku_access::sessions::{self, Session, SessionState, Token};
use hikyaku_control::{
    Actor, ControlError, api_keys,
    authenticate::{self as people, Origin, Proof},
};
use hikyaku_db::{Database, DbError, Lane};
use hikyaku_types::Secret;

use super::Credential;
use crate::problem::Problem;

/// The one who asks.
#[derive(Debug)]
pub(super) enum Found {
    /// Nobody we know, or not any more.
    Nobody,
    /// A browser that has shown a password and owes something more.
    Unfinished(Arc<Session>),
    /// Somebody, and the browser session if it is one.
    Actor(Box<Actor>, Option<Arc<Session>>),
}

/// Looks a credential up.
pub(super) async fn identify(
    db: &Database,
    credential: Credential,
    origin: Origin,
) -> Result<Found, Problem> {
    match credential {
        Credential::Cookie(text) => match Token::parse(text.expose()) {
            Some(token) => by_session(db, token, origin).await,
            None => Ok(Found::Nobody),
        },
        Credential::Bearer(token) => by_key(db, token, origin).await,
    }
}

async fn by_session(db: &Database, token: Token, origin: Origin) -> Result<Found, Problem> {
    let found = db.read(move |tx| {
        let Some(session) = sessions::find(tx, &token)? else {
            return Ok(None);
        };
        let proof = match session.factor_at {
            Some(_) => Proof::SecondFactor,
            None => Proof::Password,
        };
        let actor = match session.state {
            SessionState::Complete => people::person(tx, session.scope, proof, origin)?,
            _ => None,
        };
        Ok::<_, DbError>(Some((session, actor)))
    });
    let Some((session, actor)) = found.await? else {
        return Ok(Found::Nobody);
    };
    if session.is_unseen(db.now()) {
        let id = session.id;
        db.write(Lane::Background, move |tx| sessions::touch(tx, id))
            .await
            .map_err(|error: DbError| Problem::from(error))?;
    }
    let is_complete = session.state == SessionState::Complete;
    let session = Arc::new(session);
    Ok(match actor {
        Some(actor) => Found::Actor(Box::new(actor), Some(session)),
        // An account that may not act any more.
        None if is_complete => Found::Nobody,
        None => Found::Unfinished(session),
    })
}

async fn by_key(db: &Database, token: Secret, origin: Origin) -> Result<Found, Problem> {
    let found = db
        .read(move |tx| api_keys::authenticate(tx, &token, origin))
        .await
        .map_err(|error: ControlError| Problem::from(error))?;
    let Some(found) = found else {
        return Ok(Found::Nobody);
    };
    if let Some(key) = found.stale {
        db.write(Lane::Background, move |tx| {
            api_keys::note_use(tx, key, origin)
        })
        .await
        .map_err(|error: DbError| Problem::from(error))?;
    }
    Ok(Found::Actor(Box::new(found.actor), None))
}

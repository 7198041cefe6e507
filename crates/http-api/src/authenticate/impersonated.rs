//! A browser that shows the token of an impersonation beside its session.

use axum::http::{HeaderMap, StatusCode};
use hikyaku_control::{Actor, impersonation};
use hikyaku_db::{Database, DbError};

use crate::{cookies, problem::Problem};

/// The code of a token that is over: the answer makes the browser forget it.
pub(super) const OVER: &str = "impersonation_over";

/// The actor of such a browser: the person acted as. Without the token, the one who signed in.
///
/// # Errors
/// `impersonation_over`: what was meant to be done as somebody else must not be done as oneself.
pub(super) async fn assume(
    db: &Database,
    headers: &HeaderMap,
    actor: Actor,
) -> Result<Actor, Problem> {
    let Some(token) = cookies::read(headers, cookies::IMPERSONATION) else {
        return Ok(actor);
    };
    let assumed = db
        .read(move |tx| impersonation::assume(tx, &actor, &token))
        .await
        .map_err(|error: DbError| Problem::from(error))?;
    assumed.ok_or_else(|| {
        let detail = "the time as somebody else is over: repeat the request as yourself";
        Problem::new(StatusCode::FORBIDDEN, OVER, detail)
    })
}

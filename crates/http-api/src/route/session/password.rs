//! The password of the session's owner: showing it again, choosing another one.

use axum::{extract::State, http::StatusCode, response::Response};
use hikyaku_access::{
    policy,
    sessions::{Session, Token},
};
use hikyaku_control::{
    ControlError,
    session::{self as control, PasswordChange},
};
use hikyaku_db::Lane;
use hikyaku_directory::{AccountScope, accounts, password::PasswordHash};
use hikyaku_types::Secret;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answer::{Step, with_session},
    browser::Browser,
    checked,
};
use crate::{
    caller::{CurrentSession, unauthenticated},
    problem::{Entry, Problem},
    route::Body,
    services::Services,
};

pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(confirm))
        .routes(routes!(change))
}

/// The present password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SessionConfirm)]
pub(super) struct Confirm {
    password: String,
}

/// Shows the password again, before a change of the own credentials.
#[utoipa::path(
    post, path = "/api/v1/session/confirm", tag = "session", operation_id = "session_confirm",
    security(("session" = [])), request_body = Confirm,
    responses(
        (status = 204, description = "For ten minutes"),
        (status = 401, description = "`sign_in_denied`: it is wrong"),
        (status = 429, description = "`too_many_failures`: wait"),
    ),
)]
pub(super) async fn confirm(
    State(services): State<Services>,
    CurrentSession(session): CurrentSession,
    browser: Browser,
    Body(confirm): Body<Confirm>,
) -> Result<StatusCode, Problem> {
    let token = browser.owner()?.token;
    let password = Secret::from(confirm.password);
    owned(&services, &browser, &session, &password).await?;
    services
        .db
        .write(Lane::Mail, move |tx| control::confirm_password(tx, &token))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SessionPassword)]
pub(super) struct Change {
    /// The present one.
    current: String,
    /// The new one.
    password: String,
}

/// Chooses another password: the forced one at first sign-in, or by one's own will.
#[utoipa::path(
    post, path = "/api/v1/session/password", tag = "session", operation_id = "session_password",
    security(("session" = [])), request_body = Change,
    responses(
        (status = 200, description = "Set; all other sessions are over", body = Step),
        (status = 401, description = "`sign_in_denied`: the present one is wrong"),
        (status = 409, description = "`password_locked`: administrators manage it"),
        (status = 429, description = "`too_many_failures`: wait"),
    ),
)]
pub(super) async fn change(
    State(services): State<Services>,
    CurrentSession(session): CurrentSession,
    browser: Browser,
    Body(change): Body<Change>,
) -> Result<Response, Problem> {
    let from = browser.owner()?.token;
    let (current, password) = (Secret::from(change.current), Secret::from(change.password));
    if current.expose() == password.expose() {
        let detail = "the new password must not be the present one";
        return Err(Problem::bad_field("password", detail));
    }
    owned(&services, &browser, &session, &current).await?;
    let hash = acceptable(&services, session.scope, password).await?;
    let to = Token::random();
    let (next, origin) = (to.clone(), browser.origin);
    let opened = services
        .db
        .write(Lane::Mail, move |tx| {
            let change = PasswordChange {
                hash: hash.clone(),
                origin,
            };
            control::change_password(tx, (&from, &next), &change)
        })
        .await?;
    Ok(with_session(&to, &opened))
}

/// Checks that a password is that of the session's account.
async fn owned(
    services: &Services,
    browser: &Browser,
    session: &Session,
    password: &Secret,
) -> Result<(), Problem> {
    let address = session.address.to_string();
    let (scope, _) = checked(services, browser, &address, password).await?;
    if scope == session.scope {
        Ok(())
    } else {
        Err(unauthenticated())
    }
}

/// The hash of a new password, when the tenant's policy accepts it.
pub(in crate::route) async fn acceptable(
    services: &Services,
    scope: AccountScope,
    password: Secret,
) -> Result<PasswordHash, Problem> {
    let (policy, account) = services
        .db
        .read(move |tx| {
            let policy = policy::load(tx, scope.tenant_scope())?;
            Ok::<_, ControlError>((policy, accounts::load(tx, scope)?))
        })
        .await?;
    let address = account.address.to_string();
    let inputs = [address.as_str(), account.name.as_str()];
    let judged = policy.password.judge(&password, &inputs);
    if !judged.faults.is_empty() {
        let detail = "the password does not fit the rules";
        let mut problem = Problem::bad_field("password", detail);
        problem.errors = judged
            .faults
            .iter()
            .map(|fault| fault_entry(*fault))
            .collect();
        return Err(problem);
    }
    let hashed = services.hashing.hash(password).await;
    hashed.map_err(|error| Problem::bad_field("password", error))
}

fn fault_entry(fault: policy::PasswordFault) -> Entry {
    Entry {
        field: Some("password"),
        pointer: Some("/password".to_owned()),
        detail: format!(
            "{}: {}",
            fault.code(),
            fault.text(hikyaku_directory::Language::En)
        ),
        ..Entry::default()
    }
}

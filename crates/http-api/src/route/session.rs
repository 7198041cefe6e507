//! `/api/v1/session`: signing in on the web (U-001, U-026, F-46), one way for all surfaces.
//!
//! The token is in a cookie that no script reads; every step answers with another one. What is
//! missing is `next`: `factor` (POST …/factor), `enrol` (…/me/factors, then …/continue), `change`
//! (…/password); without it the browser is signed in.

pub(super) mod answer;
pub(super) mod browser;
mod password;
mod steps;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
};
use hikyaku_access::{
    ClientAddress, Protocol, SignInError,
    factors::Code,
    sessions::{Staying, Token},
    sign_in::Credential,
};
use hikyaku_control::session as control;
use hikyaku_db::Lane;
use hikyaku_types::{Id as _, Secret};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Body;
use crate::{problem::Problem, services::Services};
use answer::{SessionView, Step, cleared, with_session};
use browser::Browser;
pub(super) use password::acceptable;

/// The routes of this file and those beneath.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(show, open, close))
        .merge(steps::routes())
        .merge(password::routes())
}

/// A name and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SessionOpen)]
pub(super) struct Open {
    /// `user@domain`, `user%domain`, or a registered login id.
    login: String,
    password: String,
    /// Whether the browser stays signed in when its window is closed.
    #[serde(default)]
    stay: bool,
}

/// Signs a browser in.
#[utoipa::path(
    post, path = "/api/v1/session", tag = "session", operation_id = "session_open", security(()),
    request_body = Open,
    responses(
        (status = 200, description = "Signed in, or the next step", body = Step),
        (status = 401, description = "`sign_in_denied`: name or password is wrong"),
        (status = 403, description = "`sign_in_not_allowed`"),
        (status = 429, description = "`too_many_failures`: wait"),
    ),
)]
pub(super) async fn open(
    State(services): State<Services>,
    browser: Browser,
    Body(open): Body<Open>,
) -> Result<Response, Problem> {
    let password = Secret::from(open.password);
    let signed_in = checked(&services, &browser, &open.login, &password).await?;
    let token = Token::random();
    let opening = control::Opening {
        scope: signed_in.0,
        credential: signed_in.1,
        token: token.clone(),
        browser: browser.remembered.clone(),
        client: browser.client.clone(),
        staying: if open.stay {
            Staying::Remembered
        } else {
            Staying::WhileOpen
        },
        code: Code::random(),
    };
    let opened = services
        .db
        .write(Lane::Mail, move |tx| control::open(tx, &opening))
        .await?;
    Ok(with_session(&token, &opened))
}

/// Shows who is signed in, and what is still missing.
#[utoipa::path(
    get, path = "/api/v1/session", tag = "session", operation_id = "session_show",
    security(("session" = [])),
    responses((status = 200, description = "The session", body = SessionView)),
)]
pub(super) async fn show(
    State(services): State<Services>,
    browser: Browser,
) -> Result<Json<SessionView>, Problem> {
    let token = browser.token()?;
    let info = services
        .db
        .read(move |tx| control::show(tx, &token))
        .await?;
    Ok(Json(SessionView::from(info)))
}

/// Signs a browser out.
#[utoipa::path(
    delete, path = "/api/v1/session", tag = "session", operation_id = "session_close",
    security(()),
    responses((status = 204, description = "Signed out")),
)]
pub(super) async fn close(
    State(services): State<Services>,
    browser: Browser,
) -> Result<Response, Problem> {
    if let Some(token) = browser.token {
        services
            .db
            .write(Lane::Mail, move |tx| control::close(tx, &token))
            .await?;
    }
    let mut headers = HeaderMap::new();
    cleared(&mut headers);
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}

/// Checks a name and a password: whose it is, and which version of the password was right.
pub(super) async fn checked(
    services: &Services,
    browser: &Browser,
    login: &str,
    password: &Secret,
) -> Result<(hikyaku_directory::AccountScope, i64), Problem> {
    let from = ClientAddress {
        ip: browser.client.address,
        closed_zone: false,
    };
    let signed_in = services
        .web
        .sign_in
        .sign_in(login, password, Protocol::Web, from)
        .await
        .map_err(denied)?;
    match signed_in.credential {
        Credential::Password(version) => Ok((signed_in.scope, version.to_i64())),
        // The main password alone opens the web.
        Credential::App(_) => Err(denied(SignInError::Denied)),
    }
}

fn denied(error: SignInError) -> Problem {
    let wait = match &error {
        SignInError::Throttled { retry_after } | SignInError::Busy { retry_after } => {
            Some(retry_after.as_secs().max(1))
        }
        _ => None,
    };
    let (status, code) = match error {
        SignInError::Denied => (StatusCode::UNAUTHORIZED, "sign_in_denied"),
        SignInError::Throttled { .. } => (StatusCode::TOO_MANY_REQUESTS, "too_many_failures"),
        SignInError::Busy { .. } => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
        SignInError::Temporary(error) => return error.into(),
        _ => (StatusCode::FORBIDDEN, "sign_in_not_allowed"),
    };
    let problem = Problem::new(status, code, error.to_string());
    match wait {
        Some(seconds) => problem.after(seconds),
        None => problem,
    }
}

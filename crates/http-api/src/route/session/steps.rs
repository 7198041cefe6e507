//! The steps between the password and a complete session.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
};
use hikyaku_access::{
    factors::{Code, Method},
    sessions::Token,
};
use hikyaku_control::session::{self as control, CodeAnswer, ShownCode};
use hikyaku_db::Lane;
use hikyaku_types::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answer::{Step, cleared, remembering, with_session},
    browser::Browser,
};
use crate::{problem::Problem, route::Body, services::Services};

pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(factor))
        .routes(routes!(resend))
        .routes(routes!(go_on))
}

/// How a code was come by.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FactorWay)]
enum Way {
    /// An authenticator.
    Totp,
    /// The mail.
    Email,
    /// A backup code.
    Backup,
}

/// A code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FactorCode)]
pub(super) struct Shown {
    method: Way,
    code: String,
    /// Whether this browser need not show one again for a while.
    #[serde(default)]
    remember: bool,
}

/// Shows a second factor.
#[utoipa::path(
    post, path = "/api/v1/session/factor", tag = "session", operation_id = "session_factor",
    security(("session" = [])), request_body = Shown,
    responses(
        (status = 200, description = "Signed in, or the next step", body = Step),
        (status = 403, description = "`wrong_code`: try again; `sign_in_over`: begin anew"),
        (status = 404, description = "`no_such_session`: begin anew"),
        (status = 429, description = "`too_many_wrong_codes`"),
    ),
)]
pub(super) async fn factor(
    State(services): State<Services>,
    browser: Browser,
    Body(shown): Body<Shown>,
) -> Result<Response, Problem> {
    let (from, to, remembered) = (browser.token()?, Token::random(), Token::random());
    let shown = ShownCode {
        method: match shown.method {
            Way::Totp => Method::Totp,
            Way::Email => Method::Email,
            Way::Backup => Method::Backup,
        },
        code: Secret::from(shown.code),
        browser: shown.remember.then(|| remembered.clone()),
        client: browser.client,
    };
    let (vault, next) = (services.web.vault.clone(), to.clone());
    let answer = services
        .db
        .write(Lane::Mail, move |tx| {
            control::show_code(tx, (&from, &next), &vault, &shown)
        })
        .await?;
    match answer {
        CodeAnswer::Right {
            session,
            remembered_for,
        } => {
            let kept = remembered_for.map(|time| (&remembered, time));
            Ok(remembering(&to, &session, kept))
        }
        CodeAnswer::Wrong { left } => {
            let detail = format!("the code is wrong; {left} more can be tried");
            Err(Problem::new(StatusCode::FORBIDDEN, "wrong_code", detail))
        }
        CodeAnswer::Over => {
            let mut headers = HeaderMap::new();
            cleared(&mut headers);
            let detail = "too many wrong codes: sign in again";
            let problem = Problem::new(StatusCode::FORBIDDEN, "sign_in_over", detail);
            Ok((headers, problem).into_response())
        }
    }
}

/// Where a code went.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CodeSent)]
pub(super) struct Sent {
    /// In part.
    mailed_to: String,
}

/// Mails another code.
#[utoipa::path(
    post, path = "/api/v1/session/factor/resend", tag = "session",
    operation_id = "session_factor_resend", security(("session" = [])),
    responses(
        (status = 200, description = "Mailed", body = Sent),
        (status = 409, description = "`no_such_method`: the account has no address for codes"),
        (status = 429, description = "`too_many_codes`: wait"),
    ),
)]
pub(super) async fn resend(
    State(services): State<Services>,
    browser: Browser,
) -> Result<Json<Sent>, Problem> {
    let (token, code) = (browser.token()?, Code::random());
    let mailed_to = services
        .db
        .write(Lane::Mail, move |tx| control::resend(tx, &token, &code))
        .await?;
    Ok(Json(Sent { mailed_to }))
}

/// Goes on once a second factor is set up.
#[utoipa::path(
    post, path = "/api/v1/session/continue", tag = "session", operation_id = "session_continue",
    security(("session" = [])),
    responses(
        (status = 200, description = "The next step", body = Step),
        (status = 409, description = "`factor_required`: none is set up yet"),
    ),
)]
pub(super) async fn go_on(
    State(services): State<Services>,
    browser: Browser,
) -> Result<Response, Problem> {
    let (from, to, code) = (browser.token()?, Token::random(), Code::random());
    let next = to.clone();
    let opened = services
        .db
        .write(Lane::Mail, move |tx| {
            control::go_on(tx, &from, &next, &code)
        })
        .await?;
    Ok(with_session(&to, &opened))
}

//! Forgotten passwords (C-15), and the links that confirm addresses.
//!
//! Asking for a link is answered before anything is looked up: neither the words nor the time of
//! the answer tell whether there is such an account.

use axum::{Json, extract::State, http::StatusCode};
use hikyaku_access::sessions::Token;
use hikyaku_control::recovery as control;
use hikyaku_db::Lane;
use hikyaku_directory::LoginName;
use hikyaku_net::ClientKey;
use hikyaku_types::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Body, PathOf,
    invitations::{LinkView, link_token},
    session::browser::Browser,
};
use crate::{frame::Frame, problem::Problem, services::Services};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(request))
        .routes(routes!(look, reset))
        .routes(routes!(look_confirmation, confirm))
}

/// Whose password was forgotten.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PasswordResetRequest)]
pub(super) struct Request {
    /// As one signs in.
    login: String,
}

/// Asks for a link to set a new password. The answer is the same whether or not there is such an
/// account.
#[utoipa::path(
    post, path = "/api/v1/password-reset", tag = "session", operation_id = "password_reset_request",
    security(()), request_body = Request,
    responses((status = 202, description = "If it can be, a link is mailed")),
)]
pub(super) async fn request(
    State(services): State<Services>,
    browser: Browser,
    Body(request): Body<Request>,
) -> Result<StatusCode, Problem> {
    Frame::count(
        &services.web.resets,
        ClientKey::from(browser.client.address),
    )?;
    let Some(login) = LoginName::parse(&request.login) else {
        return Ok(StatusCode::ACCEPTED);
    };
    let (token, host, origin) = (Token::random(), services.web.host.clone(), browser.origin);
    tokio::spawn(async move {
        let mailed = services
            .db
            .write(Lane::Background, move |tx| {
                control::request_reset(tx, &login, &token, &host, origin)
            })
            .await;
        if let Err(error) = mailed {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, "a link to set a new password could not be made");
        }
    });
    Ok(StatusCode::ACCEPTED)
}

/// Shows whose password a link sets, without effect.
#[utoipa::path(
    get, path = "/api/v1/password-reset/{token}", tag = "session",
    operation_id = "password_reset_show", security(()),
    params(("token" = String, Path, description = "The last part of the link")),
    responses((status = 200, description = "It can be used", body = LinkView)),
)]
pub(super) async fn look(
    State(services): State<Services>,
    PathOf(token): PathOf<String>,
) -> Result<Json<LinkView>, Problem> {
    let token = link_token(&token)?;
    let link = services
        .db
        .read(move |tx| control::look(tx, &token))
        .await?;
    Ok(Json(link.into()))
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPassword {
    pub(super) password: String,
}

/// Sets a new password by a link. All sessions are over; second factors stay.
#[utoipa::path(
    post, path = "/api/v1/password-reset/{token}", tag = "session",
    operation_id = "password_reset", security(()), request_body = NewPassword,
    params(("token" = String, Path, description = "The last part of the link")),
    responses((status = 204, description = "Now sign in")),
)]
pub(super) async fn reset(
    State(services): State<Services>,
    PathOf(token): PathOf<String>,
    browser: Browser,
    Body(new): Body<NewPassword>,
) -> Result<StatusCode, Problem> {
    let token = link_token(&token)?;
    let look = token.clone();
    let link = services.db.read(move |tx| control::look(tx, &look)).await?;
    let scope = link.account.scope;
    let password = Secret::from(new.password);
    let hash = super::session::acceptable(&services, scope, password).await?;
    services
        .db
        .write(Lane::Mail, move |tx| {
            control::reset(tx, &token, &hash, browser.origin)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Shows what a confirming link is for, without effect.
#[utoipa::path(
    get, path = "/api/v1/confirmations/{token}", tag = "session",
    operation_id = "confirmation_show", security(()),
    params(("token" = String, Path, description = "The last part of the link")),
    responses(
        (status = 200, description = "It can be confirmed", body = LinkView),
        (status = 409, description = "`link_expired`, `link_used`, `link_withdrawn`"),
    ),
)]
pub(super) async fn look_confirmation(
    State(services): State<Services>,
    PathOf(token): PathOf<String>,
) -> Result<Json<LinkView>, Problem> {
    let token = link_token(&token)?;
    let link = services
        .db
        .read(move |tx| control::look_confirmation(tx, &token))
        .await?;
    Ok(Json(link.into()))
}

/// What was confirmed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Confirmed)]
pub(super) struct Confirmed {
    /// `factor_address` or `recovery_address`.
    kind: &'static str,
}

/// Confirms the address that a link was mailed to.
#[utoipa::path(
    post, path = "/api/v1/confirmations/{token}", tag = "session",
    operation_id = "confirmation_confirm", security(()),
    params(("token" = String, Path, description = "The last part of the link")),
    responses(
        (status = 200, description = "It counts from now on", body = Confirmed),
        (status = 409, description = "`link_expired`, `link_used`, `link_withdrawn`"),
    ),
)]
pub(super) async fn confirm(
    State(services): State<Services>,
    PathOf(token): PathOf<String>,
    browser: Browser,
) -> Result<Json<Confirmed>, Problem> {
    let token = link_token(&token)?;
    let kind = services
        .db
        .write(Lane::Mail, move |tx| {
            control::confirm(tx, &token, browser.origin)
        })
        .await?;
    Ok(Json(Confirmed { kind: kind.word() }))
}

//! Invitations (C-16): made by administrators, accepted by whoever has the link.

use axum::{Json, extract::State, http::StatusCode};
use hikyaku_access::{links::Link, sessions::Token};
use hikyaku_control::{AccountRef, ControlError, invitations as control};
use hikyaku_db::Lane;
use hikyaku_types::{EmailAddress, Secret};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Body, PathOf, password_reset::NewPassword, session::browser::Browser};
use crate::{
    caller::Caller, idempotency::OnceOnly, problem::Problem, services::Services, timestamps,
};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(pending, invite, withdraw))
        .routes(routes!(look, accept))
}

/// Whom to mail an invitation to.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Invite)]
pub(super) struct Invite {
    /// An address that its owner reads already. Left out: the answer has the link, to hand over.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    send_to: Option<EmailAddress>,
}

/// An invitation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation)]
pub(super) struct InvitationView {
    sent_to: String,
    ends_at: String,
    /// Once, when it was not mailed.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
}

/// Invites the owner of an account to choose a password; an earlier invitation is withdrawn.
#[utoipa::path(
    post, path = "/api/v1/accounts/{account}/invitation", tag = "accounts",
    operation_id = "account_invite",
    params(("account" = String, Path, description = "The account's id or address")),
    request_body = Invite,
    responses((status = 201, description = "Holds for 72 hours, once", body = InvitationView)),
)]
pub(super) async fn invite(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(account): PathOf<AccountRef>,
    Body(invite): Body<Invite>,
) -> Result<(StatusCode, OnceOnly<Json<InvitationView>>), Problem> {
    let (token, host) = (Token::random(), services.web.host.clone());
    let (link_token, link_host) = (token.clone(), host.clone());
    let mailed = invite.send_to.is_some();
    let made = services
        .db
        .write(Lane::Mail, move |tx| {
            let link = (&link_token, &*link_host);
            control::invite(tx, &actor, &account, invite.send_to.as_ref(), link)
        })
        .await?;
    let link = format!("https://{host}/invite/{}", token.to_secret().expose());
    let view = InvitationView {
        sent_to: made.sent_to,
        ends_at: timestamps::show(made.ends_at),
        link: (!mailed).then_some(link),
    };
    Ok((StatusCode::CREATED, OnceOnly(Json(view))))
}

/// Shows the invitation of an account that can still be followed.
#[utoipa::path(
    get, path = "/api/v1/accounts/{account}/invitation", tag = "accounts",
    operation_id = "account_invitation_show",
    params(("account" = String, Path, description = "The account's id or address")),
    responses((status = 200, description = "The invitation", body = InvitationView)),
)]
pub(super) async fn pending(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(account): PathOf<AccountRef>,
) -> Result<Json<InvitationView>, Problem> {
    let found = services
        .db
        .read(move |tx| control::pending(tx, &actor, &account))
        .await?;
    Ok(Json(InvitationView {
        sent_to: found.sent_to,
        ends_at: timestamps::show(found.ends_at),
        link: None,
    }))
}

/// Withdraws the invitation of an account.
#[utoipa::path(
    delete, path = "/api/v1/accounts/{account}/invitation", tag = "accounts",
    operation_id = "account_invitation_withdraw",
    params(("account" = String, Path, description = "The account's id or address")),
    responses((status = 204, description = "Withdrawn")),
)]
pub(super) async fn withdraw(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(account): PathOf<AccountRef>,
) -> Result<StatusCode, Problem> {
    services
        .db
        .write(Lane::Mail, move |tx| {
            control::withdraw(tx, &actor, &account)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a link is for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LinkShown)]
pub(super) struct LinkView {
    /// `invitation`, `password_reset`, `factor_address`, `recovery_address`.
    kind: &'static str,
    /// The account it is about.
    account: String,
    language: &'static str,
    ends_at: String,
}

impl From<Link> for LinkView {
    fn from(link: Link) -> Self {
        Self {
            kind: link.kind.word(),
            account: link.account.address.to_string(),
            language: link.account.language.tag(),
            ends_at: timestamps::show(link.ends_at),
        }
    }
}

/// Shows what an invitation is for, without effect.
#[utoipa::path(
    get, path = "/api/v1/invitations/{token}", tag = "session",
    operation_id = "invitation_show", security(()),
    params(("token" = String, Path, description = "The last part of the link")),
    responses(
        (status = 200, description = "It can be accepted", body = LinkView),
        (status = 409, description = "`link_expired`, `link_used`, `link_withdrawn`"),
    ),
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

/// Accepts an invitation: chooses the first password.
#[utoipa::path(
    post, path = "/api/v1/invitations/{token}", tag = "session",
    operation_id = "invitation_accept", security(()), request_body = NewPassword,
    params(("token" = String, Path, description = "The last part of the link")),
    responses(
        (status = 204, description = "Now sign in"),
        (status = 409, description = "`link_expired`, `link_used`, `link_withdrawn`"),
    ),
)]
pub(super) async fn accept(
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
            control::accept(tx, &token, &hash, browser.origin)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The token of a link.
pub(super) fn link_token(text: &str) -> Result<Token, Problem> {
    let token = Token::parse(text);
    token.ok_or_else(|| ControlError::NotFound { kind: "link" }.into())
}

//! `/api/v1/me/factors`: the own second factors (US-04), and lost ones of others.

use axum::{Json, extract::State, http::StatusCode, response::Response};
use hikyaku_access::{
    factors::{BackupCodes, Factor, Overview, TotpSetup},
    policy::FactorMethod,
    sessions::Token,
};
use hikyaku_control::{AccountRef, ControlError, factors as control, session as sign_in};
use hikyaku_db::Lane;
use hikyaku_types::{EmailAddress, FactorId, Secret};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Body, PathOf,
    session::{
        answer::{Step, with_session},
        browser::Browser,
    },
};
use crate::{
    caller::Caller, idempotency::OnceOnly, problem::Problem, services::Services, timestamps,
};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(list))
        .routes(routes!(begin_totp))
        .routes(routes!(begin_email))
        .routes(routes!(confirm))
        .routes(routes!(remove))
        .routes(routes!(backup_codes))
        .routes(routes!(reset))
}

/// A second factor.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Factor)]
struct FactorView {
    id: String,
    /// `totp` or `email`.
    kind: &'static str,
    label: String,
    /// Where codes go.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    created_at: String,
    /// Absent while it is being set up.
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmed_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<String>,
}

impl From<Factor> for FactorView {
    fn from(factor: Factor) -> Self {
        Self {
            id: factor.id.to_string(),
            kind: factor.kind.word(),
            label: factor.label,
            address: factor.address.map(|address| address.to_string()),
            created_at: timestamps::show(factor.created_at),
            confirmed_at: factor.confirmed_at.map(timestamps::show),
            last_used_at: factor.last_used_at.map(timestamps::show),
        }
    }
}

/// The own second factors.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Factors)]
pub(super) struct FactorsView {
    items: Vec<FactorView>,
    /// Backup codes that were not used yet.
    backup_codes: u32,
    /// The kinds that the tenant's policy allows, the preferred first.
    methods: Vec<&'static str>,
}

/// Shows the own second factors.
#[utoipa::path(
    get, path = "/api/v1/me/factors", tag = "me", operation_id = "my_factor_list",
    security(("session" = [])),
    responses((status = 200, description = "The factors", body = FactorsView)),
)]
pub(super) async fn list(
    State(services): State<Services>,
    browser: Browser,
) -> Result<Json<FactorsView>, Problem> {
    let owner = browser.owner()?;
    let (overview, methods): (Overview, Vec<FactorMethod>) = services
        .db
        .read(move |tx| control::list(tx, &owner))
        .await?;
    let methods = methods.into_iter().map(|method| match method {
        FactorMethod::Totp => "totp",
        FactorMethod::Email => "email",
    });
    Ok(Json(FactorsView {
        backup_codes: overview.backup_codes,
        items: overview.factors.into_iter().map(FactorView::from).collect(),
        methods: methods.collect(),
    }))
}

/// An authenticator to set up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TotpBegin)]
pub(super) struct BeginTotp {
    /// A name for it.
    #[serde(default)]
    label: String,
}

/// What the authenticator needs, shown once.
#[derive(Serialize, ToSchema)]
#[schema(as = TotpShown)]
pub(super) struct TotpShown {
    /// Confirm it by its first code: `POST /api/v1/me/factors/{id}/confirm`.
    id: String,
    /// `otpauth://…`
    url: String,
    /// The secret, to type in.
    secret: String,
    /// The link as a QR code: SVG.
    picture: String,
}

/// Begins to set an authenticator up.
#[utoipa::path(
    post, path = "/api/v1/me/factors/totp", tag = "me", operation_id = "my_factor_totp",
    security(("session" = [])), request_body = BeginTotp,
    responses(
        (status = 201, description = "To be confirmed within 30 minutes", body = TotpShown),
        (status = 409, description = "`not_fresh`, `method_not_allowed_here`, `too_many_factors`"),
    ),
)]
pub(super) async fn begin_totp(
    State(services): State<Services>,
    browser: Browser,
    Body(begin): Body<BeginTotp>,
) -> Result<(StatusCode, OnceOnly<Json<TotpShown>>), Problem> {
    let owner = browser.owner()?;
    let token = owner.token.clone();
    let info = services.db.read(move |tx| sign_in::show(tx, &token));
    let address = info.await?.session.address.to_string();
    let setup = std::sync::Arc::new(TotpSetup::new(&services.web.host, &address));
    let (vault, shown) = (services.web.vault.clone(), setup.clone());
    let id = services
        .db
        .write(Lane::Mail, move |tx| {
            control::begin_totp(tx, &owner, &vault, &begin.label, &setup)
        })
        .await?;
    let answer = TotpShown {
        id: id.to_string(),
        url: shown.url.expose().to_owned(),
        secret: shown.text.expose().to_owned(),
        picture: shown.picture.expose().to_owned(),
    };
    Ok((StatusCode::CREATED, OnceOnly(Json(answer))))
}

/// An address for codes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EmailFactorBegin)]
pub(super) struct BeginEmail {
    /// Of another mailbox than the account's own.
    #[schema(value_type = String)]
    address: EmailAddress,
    /// The same again.
    #[schema(value_type = String)]
    repeat: EmailAddress,
}

/// Something that was entered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FactorBegun)]
pub(super) struct Begun {
    id: String,
}

/// Enters an address for codes and mails a link there that confirms it.
#[utoipa::path(
    post, path = "/api/v1/me/factors/email", tag = "me", operation_id = "my_factor_email",
    security(("session" = [])), request_body = BeginEmail,
    responses(
        (status = 202, description = "The link was mailed", body = Begun),
        (status = 409, description = "`not_fresh`, `method_not_allowed_here`, `too_many_factors`"),
    ),
)]
pub(super) async fn begin_email(
    State(services): State<Services>,
    browser: Browser,
    Body(begin): Body<BeginEmail>,
) -> Result<(StatusCode, Json<Begun>), Problem> {
    if begin.address != begin.repeat {
        return Err(Problem::bad_field("repeat", "the two addresses differ"));
    }
    let (owner, link) = (browser.owner()?, Token::random());
    let host = services.web.host.clone();
    let id = services
        .db
        .write(Lane::Mail, move |tx| {
            control::begin_email(tx, &owner, &begin.address, &link, &host)
        })
        .await?;
    let begun = Begun { id: id.to_string() };
    Ok((StatusCode::ACCEPTED, Json(begun)))
}

/// The first code of an authenticator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FactorConfirm)]
pub(super) struct Confirm {
    code: String,
}

/// Confirms an authenticator by its first code.
#[utoipa::path(
    post, path = "/api/v1/me/factors/{factor}/confirm", tag = "me",
    operation_id = "my_factor_confirm", security(("session" = [])),
    params(("factor" = String, Path, description = "The factor's id")),
    request_body = Confirm,
    responses(
        (status = 200, description = "It counts from now on", body = Step),
        (status = 409, description = "`wrong_code`"),
    ),
)]
pub(super) async fn confirm(
    State(services): State<Services>,
    PathOf(factor): PathOf<String>,
    browser: Browser,
    Body(confirm): Body<Confirm>,
) -> Result<Response, Problem> {
    let id = factor_id(&factor)?;
    let (owner, next, code) = (
        browser.owner()?,
        Token::random(),
        Secret::from(confirm.code),
    );
    let (vault, to) = (services.web.vault.clone(), next.clone());
    let opened = services
        .db
        .write(Lane::Mail, move |tx| {
            control::confirm_totp(tx, &owner, &to, &vault, (id, &code))
        })
        .await?;
    Ok(with_session(&next, &opened))
}

/// Removes a factor.
#[utoipa::path(
    delete, path = "/api/v1/me/factors/{factor}", tag = "me", operation_id = "my_factor_remove",
    security(("session" = [])),
    params(("factor" = String, Path, description = "The factor's id")),
    responses(
        (status = 204, description = "Removed"),
        (status = 409, description = "`not_fresh`; `last_factor`: add another one first"),
    ),
)]
pub(super) async fn remove(
    State(services): State<Services>,
    PathOf(factor): PathOf<String>,
    browser: Browser,
) -> Result<StatusCode, Problem> {
    let id = factor_id(&factor)?;
    let owner = browser.owner()?;
    services
        .db
        .write(Lane::Mail, move |tx| control::remove(tx, &owner, id))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Backup codes, shown once.
#[derive(Serialize, ToSchema)]
#[schema(as = BackupCodes)]
pub(super) struct Codes {
    codes: Vec<String>,
}

/// Makes new backup codes in place of the earlier ones.
#[utoipa::path(
    post, path = "/api/v1/me/factors/backup-codes", tag = "me",
    operation_id = "my_factor_backup_codes", security(("session" = [])),
    responses(
        (status = 201, description = "Shown once", body = Codes),
        (status = 409, description = "`not_fresh`; `no_such_method`: set a factor up first"),
    ),
)]
pub(super) async fn backup_codes(
    State(services): State<Services>,
    browser: Browser,
) -> Result<(StatusCode, OnceOnly<Json<Codes>>), Problem> {
    let owner = browser.owner()?;
    let codes = std::sync::Arc::new(BackupCodes::random());
    let (vault, new) = (services.web.vault.clone(), codes.clone());
    services
        .db
        .write(Lane::Mail, move |tx| {
            control::new_backup_codes(tx, &owner, &vault, &new)
        })
        .await?;
    let codes = codes.shown().map(|code| code.expose().to_owned()).collect();
    Ok((StatusCode::CREATED, OnceOnly(Json(Codes { codes }))))
}

/// What was taken away.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FactorsReset)]
pub(super) struct WasReset {
    /// Factors that counted until now.
    removed: usize,
}

/// Takes all second factors of an account away whose owner has lost them.
#[utoipa::path(
    post, path = "/api/v1/accounts/{account}/factors/reset", tag = "accounts",
    operation_id = "account_factors_reset",
    params(("account" = String, Path, description = "The account's id or address")),
    responses((status = 200, description = "Taken away; its sessions are over", body = WasReset)),
)]
pub(super) async fn reset(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(account): PathOf<AccountRef>,
) -> Result<Json<WasReset>, Problem> {
    let removed = services
        .db
        .write(Lane::Mail, move |tx| control::reset(tx, &actor, &account))
        .await?;
    Ok(Json(WasReset { removed }))
}

fn factor_id(text: &str) -> Result<FactorId, Problem> {
    let id = text.parse();
    id.map_err(|_| ControlError::NotFound { kind: "factor" }.into())
}

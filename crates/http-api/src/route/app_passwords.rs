//! `/api/v1/me/app-passwords`, `/api/v1/accounts/{account}/app-passwords` (US-06)

use axum::{Json, extract::State, http::StatusCode};
use hikyaku_access::{
    Protocol,
    app_passwords::{AppPassword, AppSecret, NewAppPassword},
};
use hikyaku_control::{AccountRef, credentials};
use hikyaku_db::Lane;
use hikyaku_types::{AppPasswordId, Network};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Body, PathOf, session::browser::Browser};
use crate::{
    caller::Caller, idempotency::OnceOnly, page::Page, problem::Problem, services::Services,
    timestamps,
};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(list_own, create))
        .routes(routes!(revoke_own))
        .routes(routes!(list))
        .routes(routes!(revoke))
}

/// An app password in answers, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AppPassword)]
pub(super) struct AppPasswordView {
    #[schema(value_type = String)]
    id: AppPasswordId,
    label: String,
    /// `imap`, `pop3`, `smtp`.
    protocols: Vec<&'static str>,
    /// From where it may be used; empty: from anywhere.
    networks: Vec<String>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    /// Its last use, within ten minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    used_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    used_protocol: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    used_from: Option<String>,
}

impl From<AppPassword> for AppPasswordView {
    fn from(app: AppPassword) -> Self {
        let (used_at, used_protocol, used_from) = match app.last_use {
            Some(used) => (
                Some(timestamps::show(used.at)),
                Some(used.protocol),
                Some(used.address),
            ),
            None => (None, None, None),
        };
        Self {
            id: app.id,
            label: app.label,
            protocols: app
                .protocols
                .iter()
                .map(|protocol| protocol.word())
                .collect(),
            networks: app.networks.iter().map(Network::to_string).collect(),
            created_at: timestamps::show(app.created_at),
            expires_at: app.expires_at.map(timestamps::show),
            used_at,
            used_protocol,
            used_from,
        }
    }
}

/// A new app password, with the secret that is shown this once.
#[derive(Serialize, ToSchema)]
#[schema(as = AppPasswordMade)]
pub(super) struct Made {
    #[serde(flatten)]
    app_password: AppPasswordView,
    /// Four groups of four symbols; hyphens, spaces and case do not matter.
    secret: String,
}

/// An app password to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AppPasswordCreate)]
pub(super) struct Create {
    label: String,
    /// Some of `imap`, `pop3`, `smtp`.
    protocols: Vec<String>,
    #[serde(default)]
    networks: Vec<String>,
    expires_at: Option<String>,
}

impl Create {
    fn read(self) -> Result<NewAppPassword, Problem> {
        let protocol = |word: &String| {
            Protocol::from_word(word).ok_or_else(|| {
                Problem::bad_field("protocols", "needs some of \"imap\", \"pop3\", \"smtp\"")
            })
        };
        let network = |text: &String| {
            text.parse()
                .map_err(|error| Problem::bad_field("networks", format!("{text}: {error}")))
        };
        let ends = self.expires_at.as_deref().map(timestamps::parse);
        Ok(NewAppPassword {
            label: self.label,
            protocols: self
                .protocols
                .iter()
                .map(protocol)
                .collect::<Result<_, _>>()?,
            networks: self
                .networks
                .iter()
                .map(network)
                .collect::<Result<Vec<Network>, _>>()?,
            expires_at: ends
                .transpose()
                .map_err(|error| Problem::bad_field("expires_at", error))?,
        })
    }
}

/// Lists one's own app passwords; there are 25 at most.
#[utoipa::path(
    get, path = "/api/v1/me/app-passwords", tag = "me", operation_id = "own_app_password_list",
    responses(
        (status = 200, description = "All of them", body = Page<AppPasswordView>),
        (status = 409, description = "`impersonating`"),
    ),
)]
pub(super) async fn list_own(
    State(services): State<Services>,
    Caller(actor): Caller,
) -> Result<Json<Page<AppPasswordView>>, Problem> {
    let found = services
        .db
        .read(move |tx| credentials::own_app_passwords(tx, &actor))
        .await?;
    Ok(page(found))
}

/// Makes an app password. Its secret is shown in this answer and nowhere else.
#[utoipa::path(
    post, path = "/api/v1/me/app-passwords", tag = "me", operation_id = "own_app_password_create",
    request_body = Create,
    responses(
        (status = 201, description = "The app password with its secret", body = Made),
        (status = 400, description = "`bad_field`"),
        (status = 409, description = "`not_fresh`, `app_passwords_disabled`, \
            `too_many_app_passwords`, `impersonating`"),
    ),
)]
pub(super) async fn create(
    State(services): State<Services>,
    Caller(actor): Caller,
    browser: Browser,
    Body(create): Body<Create>,
) -> Result<OnceOnly<(StatusCode, Json<Made>)>, Problem> {
    let (new, secret, token) = (create.read()?, AppSecret::generate(), browser.token()?);
    let shown = secret.shown();
    let made = services
        .db
        .write(Lane::Mail, move |tx| {
            credentials::create_app_password(tx, &actor, &token, &new, &secret)
        })
        .await?;
    let made = Made {
        app_password: made.into(),
        secret: shown.expose().to_owned(),
    };
    Ok(OnceOnly((StatusCode::CREATED, Json(made))))
}

/// Revokes one of one's own app passwords; its sessions end.
#[utoipa::path(
    delete, path = "/api/v1/me/app-passwords/{app_password}", tag = "me",
    operation_id = "own_app_password_revoke", params(("app_password" = String, Path)),
    responses(
        (status = 204, description = "It opens nothing any more"),
        (status = 404, description = "`no_such_app_password`"),
        (status = 409, description = "`impersonating`"),
    ),
)]
pub(super) async fn revoke_own(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(id): PathOf<AppPasswordId>,
) -> Result<StatusCode, Problem> {
    services
        .db
        .write(Lane::Mail, move |tx| {
            credentials::revoke_own_app_password(tx, &actor, id)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the app passwords of an account.
#[utoipa::path(
    get, path = "/api/v1/accounts/{account}/app-passwords", tag = "accounts",
    operation_id = "app_password_list", params(("account" = String, Path)),
    responses(
        (status = 200, description = "All of them", body = Page<AppPasswordView>),
        (status = 404, description = "`no_such_account`"),
    ),
)]
pub(super) async fn list(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(account): PathOf<AccountRef>,
) -> Result<Json<Page<AppPasswordView>>, Problem> {
    let found = services
        .db
        .read(move |tx| credentials::app_passwords_of(tx, &actor, &account))
        .await?;
    Ok(page(found))
}

/// Revokes an app password of an account; its sessions end.
#[utoipa::path(
    delete, path = "/api/v1/accounts/{account}/app-passwords/{app_password}", tag = "accounts",
    operation_id = "app_password_revoke",
    params(("account" = String, Path), ("app_password" = String, Path)),
    responses(
        (status = 204, description = "It opens nothing any more"),
        (status = 404, description = "`no_such_account`, `no_such_app_password`"),
    ),
)]
pub(super) async fn revoke(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf((account, id)): PathOf<(AccountRef, AppPasswordId)>,
) -> Result<StatusCode, Problem> {
    services
        .db
        .write(Lane::Background, move |tx| {
            credentials::revoke_app_password(tx, &actor, &account, id)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// All of them are one page.
fn page(found: Vec<AppPassword>) -> Json<Page<AppPasswordView>> {
    Json(Page {
        items: found.into_iter().map(AppPasswordView::from).collect(),
        next: None,
    })
}

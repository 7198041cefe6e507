//! `/api/v1/me/sessions` and `/api/v1/me/browsers`: where the account is signed in, and which
//! browsers need not show a second factor (US-07, U-027).

use axum::{Json, extract::State, http::StatusCode};
use hikyaku_access::{
    browsers::RememberedBrowser,
    sessions::{SessionView, Staying, device},
};
use hikyaku_control::{ControlError, session as control};
use hikyaku_db::Lane;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{PathOf, session::browser::Browser};
use crate::{problem::Problem, services::Services, timestamps};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(list, end_others))
        .routes(routes!(end))
        .routes(routes!(browsers))
        .routes(routes!(forget))
}

/// A signed-in browser.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SignedInBrowser)]
struct Row {
    id: String,
    /// `Firefox, Windows`; empty when it does not say.
    device: String,
    address: String,
    created_at: String,
    /// Within five minutes.
    last_seen_at: String,
    ends_at: String,
    /// Whether it stays signed in when its window is closed.
    stays: bool,
    /// Whether it is the one that asks.
    current: bool,
}

/// Signed-in browsers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SignedInBrowsers)]
pub(super) struct Sessions {
    items: Vec<Row>,
}

/// Shows where the account is signed in.
#[utoipa::path(
    get, path = "/api/v1/me/sessions", tag = "me", operation_id = "my_session_list",
    security(("session" = [])),
    responses((status = 200, description = "At most 100", body = Sessions)),
)]
pub(super) async fn list(
    State(services): State<Services>,
    browser: Browser,
) -> Result<Json<Sessions>, Problem> {
    let owner = browser.owner()?;
    let (own, sessions): (_, Vec<SessionView>) = services
        .db
        .read(move |tx| control::list(tx, &owner.token))
        .await?;
    let items = sessions.into_iter().map(|session| Row {
        current: session.id == own,
        id: session.id.to_string(),
        device: device(&session.agent),
        address: session.address,
        created_at: timestamps::show(session.created_at),
        last_seen_at: timestamps::show(session.last_seen_at),
        ends_at: timestamps::show(session.ends_at),
        stays: session.staying == Staying::Remembered,
    });
    Ok(Json(Sessions {
        items: items.collect(),
    }))
}

/// How many ended.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SessionsEnded)]
pub(super) struct Ended {
    ended: usize,
}

/// Signs all other browsers out.
#[utoipa::path(
    delete, path = "/api/v1/me/sessions", tag = "me", operation_id = "my_session_end_others",
    security(("session" = [])),
    responses((status = 200, description = "Signed out", body = Ended)),
)]
pub(super) async fn end_others(
    State(services): State<Services>,
    browser: Browser,
) -> Result<Json<Ended>, Problem> {
    let owner = browser.owner()?;
    let ended = services
        .db
        .write(Lane::Mail, move |tx| {
            control::end_others(tx, &owner.token, owner.origin)
        })
        .await?;
    Ok(Json(Ended { ended }))
}

/// Signs one browser out.
#[utoipa::path(
    delete, path = "/api/v1/me/sessions/{session}", tag = "me", operation_id = "my_session_end",
    security(("session" = [])),
    params(("session" = String, Path, description = "The session's id")),
    responses((status = 204, description = "Signed out")),
)]
pub(super) async fn end(
    State(services): State<Services>,
    PathOf(session): PathOf<String>,
    browser: Browser,
) -> Result<StatusCode, Problem> {
    let id = session.parse();
    let id = id.map_err(|_| ControlError::NotFound { kind: "session" })?;
    let owner = browser.owner()?;
    services
        .db
        .write(Lane::Mail, move |tx| {
            control::end(tx, &owner.token, id, owner.origin)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A browser that need not show a second factor.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RememberedBrowser)]
struct BrowserRow {
    id: String,
    /// `Firefox, Windows`; empty when it does not say.
    device: String,
    address: String,
    created_at: String,
    last_used_at: String,
    /// Until when.
    ends_at: String,
}

/// Browsers that need not show a second factor.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RememberedBrowsers)]
pub(super) struct Browsers {
    items: Vec<BrowserRow>,
}

/// Shows which browsers need not show a second factor.
#[utoipa::path(
    get, path = "/api/v1/me/browsers", tag = "me", operation_id = "my_browser_list",
    security(("session" = [])),
    responses((status = 200, description = "At most 50", body = Browsers)),
)]
pub(super) async fn browsers(
    State(services): State<Services>,
    browser: Browser,
) -> Result<Json<Browsers>, Problem> {
    let owner = browser.owner()?;
    let found: Vec<RememberedBrowser> = services
        .db
        .read(move |tx| control::browsers(tx, &owner.token))
        .await?;
    let items = found.into_iter().map(|browser| BrowserRow {
        id: browser.id.to_string(),
        device: device(&browser.agent),
        address: browser.address,
        created_at: timestamps::show(browser.created_at),
        last_used_at: timestamps::show(browser.last_used_at),
        ends_at: timestamps::show(browser.ends_at),
    });
    Ok(Json(Browsers {
        items: items.collect(),
    }))
}

/// Makes a browser show a second factor again.
#[utoipa::path(
    delete, path = "/api/v1/me/browsers/{browser}", tag = "me", operation_id = "my_browser_forget",
    security(("session" = [])),
    params(("browser" = String, Path, description = "The browser's id")),
    responses((status = 204, description = "Forgotten")),
)]
pub(super) async fn forget(
    State(services): State<Services>,
    PathOf(id): PathOf<String>,
    browser: Browser,
) -> Result<StatusCode, Problem> {
    let id = id.parse();
    let id = id.map_err(|_| ControlError::NotFound { kind: "browser" })?;
    let owner = browser.owner()?;
    services
        .db
        .write(Lane::Mail, move |tx| {
            control::forget(tx, &owner.token, id, owner.origin)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

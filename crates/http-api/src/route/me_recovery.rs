//! `/api/v1/me/recovery`: where a link goes when the password is forgotten (U-028, US-05).

use axum::{Json, extract::State, http::StatusCode};
use hikyaku_access::sessions::Token;
use hikyaku_control::recovery as control;
use hikyaku_db::Lane;
use hikyaku_types::EmailAddress;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Body, session::browser::Browser};
use crate::{problem::Problem, services::Services};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default().routes(routes!(show, set, remove))
}

/// The recovery address.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Recovery)]
pub(super) struct RecoveryView {
    /// In force.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// Waiting for its link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pending: Option<String>,
}

/// Shows the recovery address.
#[utoipa::path(
    get, path = "/api/v1/me/recovery", tag = "me", operation_id = "my_recovery_show",
    security(("session" = [])),
    responses((status = 200, description = "The address", body = RecoveryView)),
)]
pub(super) async fn show(
    State(services): State<Services>,
    browser: Browser,
) -> Result<Json<RecoveryView>, Problem> {
    let owner = browser.owner()?;
    let found = services
        .db
        .read(move |tx| control::show(tx, &owner))
        .await?;
    Ok(Json(RecoveryView {
        address: found.address,
        pending: found.pending,
    }))
}

/// A recovery address to set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RecoverySet)]
pub(super) struct Set {
    /// Of another mailbox than the account's own.
    #[schema(value_type = String)]
    address: EmailAddress,
}

/// Mails a link that makes an address the recovery address.
#[utoipa::path(
    put, path = "/api/v1/me/recovery", tag = "me", operation_id = "my_recovery_set",
    security(("session" = [])), request_body = Set,
    responses(
        (status = 202, description = "The link was mailed"),
        (status = 409, description = "`not_fresh`: show the password first"),
    ),
)]
pub(super) async fn set(
    State(services): State<Services>,
    browser: Browser,
    Body(set): Body<Set>,
) -> Result<StatusCode, Problem> {
    let (owner, link) = (browser.owner()?, Token::random());
    let host = services.web.host.clone();
    services
        .db
        .write(Lane::Mail, move |tx| {
            control::begin(tx, &owner, &set.address, &link, &host)
        })
        .await?;
    Ok(StatusCode::ACCEPTED)
}

/// Takes the recovery address away.
#[utoipa::path(
    delete, path = "/api/v1/me/recovery", tag = "me", operation_id = "my_recovery_remove",
    security(("session" = [])),
    responses(
        (status = 204, description = "Taken away"),
        (status = 409, description = "`not_fresh`: show the password first"),
    ),
)]
pub(super) async fn remove(
    State(services): State<Services>,
    browser: Browser,
) -> Result<StatusCode, Problem> {
    let owner = browser.owner()?;
    services
        .db
        .write(Lane::Mail, move |tx| control::remove(tx, &owner))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

//! `/api/v1/tenants`

use axum::{Json, extract::State, http::StatusCode};
use hikyaku_db::Lane;
use hikyaku_directory::{
    DirectoryError, PlatformScope,
    tenants::{self, NewTenant, Tenant},
};
use hikyaku_types::{TenantId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Body, QueryOf};
use crate::{
    page::{PAGE, Page},
    problem::Problem,
    services::Services,
};

/// A tenant in answers.
#[derive(Debug, Serialize)]
pub(super) struct TenantView {
    id: TenantId,
    name: String,
    status: String,
    language: String,
    time_zone: String,
    created_at: Timestamp,
}

impl From<Tenant> for TenantView {
    fn from(tenant: Tenant) -> Self {
        Self {
            id: tenant.scope.tenant,
            name: tenant.name,
            status: tenant.status.to_string(),
            language: tenant.language.to_string(),
            time_zone: tenant.time_zone.as_str().to_owned(),
            created_at: tenant.created_at,
        }
    }
}

/// A tenant to create.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Create {
    name: String,
}

pub(super) async fn create(
    State(services): State<Services>,
    Body(create): Body<Create>,
) -> Result<(StatusCode, Json<TenantView>), Problem> {
    let made = services
        .db
        .write(Lane::Background, move |tx| {
            let operator = PlatformScope::operator();
            let scope = tenants::create(tx, operator, &NewTenant::named(create.name.clone()))?;
            tenants::load(tx, scope)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Where a page begins.
#[derive(Debug, Deserialize)]
pub(super) struct Cursor {
    cursor: Option<String>,
}

pub(super) async fn list(
    State(services): State<Services>,
    QueryOf(Cursor { cursor }): QueryOf<Cursor>,
) -> Result<Json<Page<TenantView>>, Problem> {
    let found = services
        .db
        .read(move |tx| tenants::list(tx, PlatformScope::operator(), cursor.as_deref(), PAGE))
        .await
        .map_err(|error: DirectoryError| Problem::from(error))?;
    let items = found.into_iter().map(TenantView::from).collect();
    Ok(Json(Page::new(items, |last: &TenantView| {
        last.name.clone()
    })))
}

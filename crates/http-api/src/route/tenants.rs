//! `/api/v1/tenants`

use axum::{Json, extract::State, http::StatusCode};
use hikyaku_control::ControlError;
use hikyaku_db::Lane;
use hikyaku_directory::tenants::{self, NewTenant, Tenant};
use hikyaku_types::{Permission, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Body, QueryOf};
use crate::{
    caller::Caller,
    page::{Cursor, Limit, ListName, Page},
    problem::Problem,
    services::Services,
};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default().routes(routes!(list, create))
}

/// A tenant in answers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TenantView {
    #[schema(value_type = String)]
    id: TenantId,
    name: String,
    status: String,
    language: String,
    time_zone: String,
    #[schema(value_type = i64)]
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
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TenantCreate)]
pub(super) struct Create {
    name: String,
}

/// Creates a tenant.
#[utoipa::path(
    post, path = "/api/v1/tenants", tag = "tenants", operation_id = "tenant_create",
    request_body = Create,
    responses(
        (status = 201, description = "The tenant", body = TenantView),
        (status = 409, description = "`tenant_exists`"),
    ),
)]
pub(super) async fn create(
    State(services): State<Services>,
    Caller(actor): Caller,
    Body(create): Body<Create>,
) -> Result<(StatusCode, Json<TenantView>), Problem> {
    let made = services
        .db
        .write(Lane::Background, move |tx| {
            let operator = actor.on_platform(Permission::ContractsWrite)?;
            let scope = tenants::create(tx, operator, &NewTenant::named(create.name.clone()))?;
            Ok::<_, ControlError>(tenants::load(tx, scope)?)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Which tenants.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// Where the page begins: `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500)]
    limit: Limit,
}

/// Lists tenants by name.
#[utoipa::path(
    get, path = "/api/v1/tenants", tag = "tenants", operation_id = "tenant_list",
    params(Query),
    responses((status = 200, description = "A page", body = Page<TenantView>)),
)]
pub(super) async fn list(
    State(services): State<Services>,
    Caller(actor): Caller,
    QueryOf(query): QueryOf<Query>,
) -> Result<Json<Page<TenantView>>, Problem> {
    let list = ListName::of("tenants", &());
    let after: Option<String> = list.open(query.cursor.as_ref())?;
    let found = services
        .db
        .read(move |tx| {
            let operator = actor.on_platform(Permission::ContractsRead)?;
            let limit = query.limit.and_one();
            Ok::<_, ControlError>(tenants::list(tx, operator, after.as_deref(), limit)?)
        })
        .await?;
    let page = Page::cut(found, query.limit, |last| list.seal(&last.name));
    Ok(Json(page.map(TenantView::from)))
}

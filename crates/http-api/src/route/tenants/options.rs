//! `/api/v1/tenants/{tenant}/options`

use axum::{Json, extract::State};
use hikyaku_control::{TenantRef, tenants as control};
use hikyaku_db::Lane;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{TenantDetail, one::tagged, view::ContractedView};
use crate::{
    caller::Caller,
    etag::Tagged,
    page::Page,
    problem::Problem,
    route::{Body, PathOf},
    services::Services,
};

/// Lists the options of a tenant: all of them, the catalogue is short.
#[utoipa::path(
    get, path = "/api/v1/tenants/{tenant}/options", tag = "tenants",
    operation_id = "tenant_option_list",
    params(("tenant" = String, Path, description = "An id or a name")),
    responses(
        (status = 200, description = "The options", body = Page<ContractedView>),
        (status = 404, description = "`no_such_tenant`"),
    ),
)]
pub(super) async fn list(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(tenant): PathOf<TenantRef>,
) -> Result<Json<Page<ContractedView>>, Problem> {
    let found = services
        .db
        .read(move |tx| control::show(tx, &actor, &tenant))
        .await?;
    let items = found.contract.options.into_iter().map(Into::into).collect();
    Ok(Json(Page { items, next: None }))
}

/// How many packs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TenantPacks)]
pub(super) struct Packs {
    /// 0 takes the option away.
    packs: u32,
}

/// Sets how many packs of an option a tenant has.
#[utoipa::path(
    put, path = "/api/v1/tenants/{tenant}/options/{option}", tag = "tenants",
    operation_id = "tenant_option_set",
    params(
        ("tenant" = String, Path, description = "An id or a name"),
        ("option" = String, Path, description = "The code of the option"),
    ),
    request_body = Packs,
    responses(
        (status = 200, description = "The tenant", body = TenantDetail),
        (status = 404, description = "`no_such_tenant`, `no_such_option`"),
        (status = 409, description = "`no_plan`, `option_needs`, `option_retired`, `too_many_packs`"),
    ),
)]
pub(super) async fn set(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf((tenant, option)): PathOf<(TenantRef, String)>,
    Body(wanted): Body<Packs>,
) -> Result<Tagged<TenantDetail>, Problem> {
    let changed = services
        .db
        .write(Lane::Background, move |tx| {
            control::set_option(tx, &actor, &tenant, &option, wanted.packs)
        })
        .await?;
    Ok(tagged(changed))
}

//! `/api/v1/locks`: pools at 80 % or more, and what operators do about them (OP-13).

use axum::{Json, extract::State};
use hikyaku_control::usage;
use hikyaku_db::Lane;
use hikyaku_types::{DomainId, TenantId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::view::PoolView;
use crate::{
    caller::Caller,
    page::{Cursor, Limit, ListName, Page},
    problem::Problem,
    route::{Body, PathOf, QueryOf},
    services::Services,
};

/// Which page.
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

/// Where a page ended.
#[derive(Debug, Serialize, Deserialize)]
struct After(TenantId, DomainId);

/// Lists pools at 80 % or more.
#[utoipa::path(
    get, path = "/api/v1/locks", tag = "usage", operation_id = "lock_list", params(Query),
    responses((status = 200, description = "A page", body = Page<PoolView>)),
)]
pub(super) async fn list(
    State(services): State<Services>,
    Caller(actor): Caller,
    QueryOf(query): QueryOf<Query>,
) -> Result<Json<Page<PoolView>>, Problem> {
    let list = ListName::of("locks", &());
    let after: Option<After> = list.open(query.cursor.as_ref())?;
    let after = after.map(|After(tenant, domain)| (tenant, domain));
    let limit = query.limit.and_one();
    let found = services
        .db
        .read(move |tx| usage::list(tx, &actor, after, limit))
        .await?;
    let page = Page::cut(found, query.limit, |last| {
        let nothing: DomainId = hikyaku_types::Id::from_i64(0);
        let domain = last.key.domain.unwrap_or(nothing);
        list.seal(&After(last.key.tenant.tenant, domain))
    });
    Ok(Json(page.map(|pool| PoolView::new(&pool))))
}

/// More grace.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LockExtend)]
pub(super) struct Extend {
    /// Hours to add, 1 to 720.
    #[schema(minimum = 1, maximum = 720)]
    hours: u32,
    /// Why; it is logged.
    reason: String,
}

/// Gives a pool that is above 100 % more time before it is locked.
#[utoipa::path(
    post, path = "/api/v1/locks/{id}/extend", tag = "usage", operation_id = "lock_extend",
    params(("id" = String, Path, description = "The pool: the id of its domain or tenant")),
    request_body = Extend,
    responses(
        (status = 200, description = "The pool", body = PoolView),
        (status = 404, description = "`no_such_pool`"),
        (status = 409, description = "`no_grace_running`"),
    ),
)]
pub(super) async fn extend(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(id): PathOf<i64>,
    Body(wanted): Body<Extend>,
) -> Result<Json<PoolView>, Problem> {
    let pool = services
        .db
        .write(Lane::Background, move |tx| {
            usage::extend(tx, &actor, id, (wanted.hours, &wanted.reason))
        })
        .await?;
    Ok(Json(PoolView::new(&pool)))
}

/// The end of a lock.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LockUnlock)]
pub(super) struct Unlock {
    /// Why; it is logged.
    reason: String,
}

/// Ends a lock although the pool is above 100 %; its grace begins anew.
#[utoipa::path(
    post, path = "/api/v1/locks/{id}/unlock", tag = "usage", operation_id = "lock_unlock",
    params(("id" = String, Path, description = "The pool: the id of its domain or tenant")),
    request_body = Unlock,
    responses(
        (status = 200, description = "The pool", body = PoolView),
        (status = 404, description = "`no_such_pool`"),
        (status = 409, description = "`not_locked`"),
    ),
)]
pub(super) async fn unlock(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(id): PathOf<i64>,
    Body(wanted): Body<Unlock>,
) -> Result<Json<PoolView>, Problem> {
    let pool = services
        .db
        .write(Lane::Background, move |tx| {
            usage::unlock(tx, &actor, id, &wanted.reason)
        })
        .await?;
    Ok(Json(PoolView::new(&pool)))
}

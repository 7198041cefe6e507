//! What pools hold, and what a tenant decides about them.

use axum::{Json, extract::State, http::StatusCode};
use hikyaku_control::{
    ControlError, DomainRef, TenantRef,
    usage::{self, Meter, UsagePolicy},
};
use hikyaku_db::Lane;
use hikyaku_types::{ByteSize, DomainId, Permission};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::view::{BannerView, MailboxUsageView, PoolView, SummaryView};
use crate::{
    caller::Caller,
    page::{Cursor, Limit, ListName, Page},
    problem::Problem,
    route::{Body, PathOf, QueryOf},
    schema,
    services::Services,
};

/// Usage of what the caller administers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsageOverview)]
pub(super) struct Overview {
    /// The whole platform; only for its operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<SummaryView>,
    /// Of a tenant its own pool, then its domains'; for operators those at 80 % or more.
    pools: Vec<PoolView>,
    /// What to show above everything, the strongest first.
    banners: Vec<BannerView>,
}

/// Shows the usage of what the caller administers.
#[utoipa::path(
    get, path = "/api/v1/usage", tag = "usage", operation_id = "usage_overview",
    responses((status = 200, description = "Totals, states and banners", body = Overview)),
)]
pub(super) async fn overview(
    State(services): State<Services>,
    Caller(actor): Caller,
) -> Result<Json<Overview>, Problem> {
    let found = services
        .db
        .read(move |tx| usage::overview(tx, &actor))
        .await?;
    Ok(Json(Overview {
        platform: found.summary.map(SummaryView::from),
        pools: found.pools.iter().map(PoolView::new).collect(),
        banners: BannerView::all(&found.banners),
    }))
}

/// Measures a tenant's pools now, instead of within five minutes.
#[utoipa::path(
    post, path = "/api/v1/tenants/{tenant}/usage/measure", tag = "usage",
    operation_id = "tenant_usage_measure",
    params(("tenant" = String, Path, description = "Its id or name")),
    responses(
        (status = 204, description = "It is measured"),
        (status = 404, description = "`no_such_tenant`"),
    ),
)]
pub(super) async fn measure(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(tenant): PathOf<TenantRef>,
) -> Result<StatusCode, Problem> {
    let find = move |tx: &hikyaku_db::Tx<'_>| tenant.find(tx, &actor, Permission::UsageRead);
    let found = services.db.read(find).await?;
    Meter::new(services.db.clone()).tenant(found.scope).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which pools of a tenant.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TenantQuery {
    /// Where the page begins: `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500)]
    limit: Limit,
}

/// Shows a tenant's pool, then those of its domains.
#[utoipa::path(
    get, path = "/api/v1/tenants/{tenant}/usage", tag = "usage", operation_id = "tenant_usage",
    params(("tenant" = String, Path, description = "Its id or name"), TenantQuery),
    responses(
        (status = 200, description = "A page", body = Page<PoolView>),
        (status = 404, description = "`no_such_tenant`"),
    ),
)]
pub(super) async fn of_tenant(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(tenant): PathOf<TenantRef>,
    QueryOf(query): QueryOf<TenantQuery>,
) -> Result<Json<Page<PoolView>>, Problem> {
    let list = ListName::of("tenant_usage", &tenant.to_string());
    let after: Option<DomainId> = list.open(query.cursor.as_ref())?;
    let limit = query.limit.and_one();
    let found = services
        .db
        .read(move |tx| usage::of_tenant(tx, &actor, &tenant, after, limit))
        .await?;
    let page = Page::cut(found, query.limit, |last| {
        let nothing: DomainId = hikyaku_types::Id::from_i64(0);
        list.seal(&last.key.domain.unwrap_or(nothing))
    });
    Ok(Json(page.map(|pool| PoolView::new(&pool))))
}

/// Shows what a domain's mailboxes hold.
#[utoipa::path(
    get, path = "/api/v1/domains/{domain}/usage", tag = "usage", operation_id = "domain_usage",
    params(("domain" = String, Path, description = "Its id or name")),
    responses(
        (status = 200, description = "The pool", body = PoolView),
        (status = 404, description = "`no_such_domain`"),
        (status = 409, description = "`not_measured`: it is a few minutes old"),
    ),
)]
pub(super) async fn of_domain(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(domain): PathOf<DomainRef>,
) -> Result<Json<PoolView>, Problem> {
    let found = services
        .db
        .read(move |tx| {
            usage::of_domain(tx, &actor, &domain)?.ok_or_else(|| {
                ControlError::conflict("not_measured", "it is measured within five minutes")
            })
        })
        .await?;
    Ok(Json(PoolView::new(&found)))
}

/// The pool of a domain within the tenant's.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DomainPool)]
pub(super) struct DomainPool {
    /// What its mailboxes may hold together; null takes the limit away.
    #[schema(value_type = Option<schema::Size>)]
    limit_bytes: Option<ByteSize>,
}

/// Gives a domain a pool of its own within the tenant's. In force with the next measurement.
#[utoipa::path(
    put, path = "/api/v1/domains/{domain}/pool", tag = "usage", operation_id = "domain_pool_set",
    params(("domain" = String, Path, description = "Its id or name")),
    request_body = DomainPool,
    responses(
        (status = 204, description = "It is set"),
        (status = 404, description = "`no_such_domain`"),
    ),
)]
pub(super) async fn set_domain_pool(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(domain): PathOf<DomainRef>,
    Body(pool): Body<DomainPool>,
) -> Result<StatusCode, Problem> {
    let limit = pool.limit_bytes;
    services
        .db
        .write(Lane::Background, move |tx| {
            usage::set_domain_pool(tx, &actor, &domain, limit)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What people may do about their own mailboxes.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UsagePolicy)]
pub(super) struct PolicyView {
    /// Whether they may delete all of their own mail at once.
    own_initialise: bool,
}

/// Shows what people may do about their own mailboxes.
#[utoipa::path(
    get, path = "/api/v1/tenants/{tenant}/usage/policy", tag = "usage",
    operation_id = "usage_policy",
    params(("tenant" = String, Path, description = "Its id or name")),
    responses(
        (status = 200, description = "The policy", body = PolicyView),
        (status = 404, description = "`no_such_tenant`"),
    ),
)]
pub(super) async fn policy(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(tenant): PathOf<TenantRef>,
) -> Result<Json<PolicyView>, Problem> {
    let found = services
        .db
        .read(move |tx| usage::policy(tx, &actor, &tenant))
        .await?;
    Ok(Json(PolicyView {
        own_initialise: found.own_initialise,
    }))
}

/// Decides what people may do about their own mailboxes.
#[utoipa::path(
    put, path = "/api/v1/tenants/{tenant}/usage/policy", tag = "usage",
    operation_id = "usage_policy_set",
    params(("tenant" = String, Path, description = "Its id or name")),
    request_body = PolicyView,
    responses(
        (status = 204, description = "It is decided"),
        (status = 404, description = "`no_such_tenant`"),
    ),
)]
pub(super) async fn set_policy(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(tenant): PathOf<TenantRef>,
    Body(wanted): Body<PolicyView>,
) -> Result<StatusCode, Problem> {
    let policy = UsagePolicy {
        own_initialise: wanted.own_initialise,
    };
    services
        .db
        .write(Lane::Background, move |tx| {
            usage::set_policy(tx, &actor, &tenant, policy)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The own mailbox.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnUsage)]
pub(super) struct Own {
    #[serde(flatten)]
    usage: MailboxUsageView,
    /// What to show above everything: that no new mail comes.
    banners: Vec<BannerView>,
}

/// Shows what the own mailbox holds, to the byte.
#[utoipa::path(
    get, path = "/api/v1/me/usage", tag = "me", operation_id = "me_usage",
    responses((status = 200, description = "The usage", body = Own)),
)]
pub(super) async fn own(
    State(services): State<Services>,
    Caller(actor): Caller,
) -> Result<Json<Own>, Problem> {
    let found = services.db.read(move |tx| usage::own(tx, &actor)).await?;
    Ok(Json(Own {
        usage: found.usage.into(),
        banners: BannerView::all(&found.banners),
    }))
}

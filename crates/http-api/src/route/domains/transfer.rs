//! `/api/v1/domains/{domain}/transfer`

use axum::extract::State;
use hikyaku_control::{DomainRef, TenantRef, domains as control};
use hikyaku_db::Lane;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{DomainView, one::tagged};
use crate::{
    caller::Caller,
    etag::Tagged,
    problem::Problem,
    route::{Body, PathOf},
    services::Services,
};

/// To whom.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DomainTransfer)]
pub(in crate::route) struct Wanted {
    /// The id or name of the tenant.
    tenant: String,
}

/// Gives a domain that nothing belongs to to another tenant.
#[utoipa::path(
    post, path = "/api/v1/domains/{domain}/transfer", tag = "domains",
    operation_id = "domain_transfer",
    params(("domain" = String, Path, description = "An id or a name")),
    request_body = Wanted,
    responses(
        (status = 200, description = "The domain", body = DomainView),
        (status = 404, description = "`no_such_domain`, `no_such_tenant`"),
        (status = 409, description = "`domain_not_empty`, `domain_in_use`, `domains_used_up`"),
    ),
)]
pub(in crate::route) async fn transfer(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(domain): PathOf<DomainRef>,
    Body(wanted): Body<Wanted>,
) -> Result<Tagged<DomainView>, Problem> {
    let tenant = TenantRef::from(wanted.tenant.as_str());
    let moved = services
        .db
        .write(Lane::Background, move |tx| {
            control::move_to(tx, &actor, &domain, &tenant)
        })
        .await?;
    Ok(tagged(moved))
}

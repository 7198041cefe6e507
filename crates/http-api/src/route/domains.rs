//! `/api/v1/domains`

mod one;
mod transfer;
mod verify;
mod view;

use axum::{Json, extract::State, http::StatusCode};
use hikyaku_control::{TenantRef, domains as control};
use hikyaku_db::Lane;
use hikyaku_directory::domains::{self, Verification};
use hikyaku_types::Domain;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Body, QueryOf};
use crate::{
    caller::Caller,
    page::{Cursor, Direction, Limit, ListName, Page, Sort},
    problem::Problem,
    services::Services,
};
pub(super) use view::DomainView;

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(list, create))
        .routes(routes!(one::show, one::change, one::remove))
        .routes(routes!(verify::verify))
        .routes(routes!(transfer::transfer))
}

/// A domain to create.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DomainCreate)]
pub(super) struct Create {
    name: String,
    /// The id or name of its tenant.
    tenant: String,
}

/// Adds a domain to a tenant. One that the operator adds is the tenant's; one that its own people
/// add takes mail when its TXT record shows that it is theirs.
#[utoipa::path(
    post, path = "/api/v1/domains", tag = "domains", operation_id = "domain_create",
    request_body = Create,
    responses(
        (status = 201, description = "The domain", body = DomainView),
        (status = 404, description = "`no_such_tenant`"),
        (status = 409, description = "`domain_exists`, `domains_used_up`"),
    ),
)]
pub(super) async fn create(
    State(services): State<Services>,
    Caller(actor): Caller,
    Body(create): Body<Create>,
) -> Result<(StatusCode, Json<DomainView>), Problem> {
    let name: Domain = create
        .name
        .parse()
        .map_err(|error| Problem::bad_field("name", error))?;
    let tenant = TenantRef::from(create.tenant.as_str());
    let token = verify::new_token();
    let made = services
        .db
        .write(Lane::Background, move |tx| {
            control::create(tx, &actor, &tenant, &name, &token)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Which domains.
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
    /// `name`, with `-` backwards.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    sort: Sort<DomainSort>,
    /// A part of the name, in either script.
    #[serde(default)]
    q: String,
    /// The id or name of a tenant.
    tenant: Option<String>,
    /// `unverified`, `verified` or `failed`.
    verification: Option<Proved>,
}

/// By what domains are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DomainSort {
    /// The name.
    #[default]
    Name,
}

/// Whether a domain is proved to be its tenant's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DomainVerification)]
pub(super) enum Proved {
    /// Nobody has looked yet.
    Unverified,
    /// It is.
    Verified,
    /// The record was not there.
    Failed,
}

impl From<Proved> for Verification {
    fn from(proved: Proved) -> Self {
        match proved {
            Proved::Unverified => Self::Unverified,
            Proved::Verified => Self::Verified,
            Proved::Failed => Self::Failed,
        }
    }
}

/// Lists domains by name.
#[utoipa::path(
    get, path = "/api/v1/domains", tag = "domains", operation_id = "domain_list",
    params(Query),
    responses(
        (status = 200, description = "A page", body = Page<DomainView>),
        (status = 404, description = "`no_such_tenant`"),
    ),
)]
pub(super) async fn list(
    State(services): State<Services>,
    Caller(actor): Caller,
    QueryOf(query): QueryOf<Query>,
) -> Result<Json<Page<DomainView>>, Problem> {
    let filters = (&query.sort, &query.q, &query.tenant, query.verification);
    let list = ListName::of("domains", &filters);
    let after: Option<Domain> = list.open(query.cursor.as_ref())?;
    let limit = query.limit;
    let wanted = domains::Query {
        text: query.q,
        verification: query.verification.map(Verification::from),
        only: None,
        descending: query.sort.direction == Direction::Down,
        after,
        limit: limit.and_one(),
    };
    let tenant = query.tenant.as_deref().map(TenantRef::from);
    let found = services
        .db
        .read(move |tx| control::list(tx, &actor, tenant.as_ref(), &wanted))
        .await?;
    let page = Page::cut(found, limit, |last| list.seal(&last.domain.name));
    Ok(Json(page.map(DomainView::from)))
}

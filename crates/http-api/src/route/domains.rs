//! `/api/v1/domains`

use axum::{Json, extract::State, http::StatusCode};
use hikyaku_control::ControlError;
use hikyaku_db::{Lane, Tx};
use hikyaku_directory::{
    DirectoryError, PlatformScope, accounts,
    domains::{self, HostedDomain},
    tenants,
};
use hikyaku_types::{Domain, DomainId, EmailAddress, Permission};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Body, PathOf, QueryOf};
use crate::{
    caller::Caller,
    page::{Cursor, Limit, ListName, Page},
    problem::Problem,
    services::Services,
};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(list, create))
        .routes(routes!(change))
}

/// A domain in answers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DomainView {
    #[schema(value_type = String)]
    id: DomainId,
    #[schema(value_type = String)]
    name: Domain,
    tenant: String,
    #[schema(value_type = Option<String>)]
    catch_all: Option<EmailAddress>,
}

fn view(
    tx: &Tx<'_>,
    operator: PlatformScope,
    domain: HostedDomain,
) -> Result<DomainView, DirectoryError> {
    let catch_all = match domain.catch_all {
        Some(account) => Some(accounts::find_by_id(tx, operator, account.account)?.address),
        None => None,
    };
    let tenant = tenants::load(tx, domain.tenant)?.name;
    Ok(DomainView {
        id: domain.id,
        name: domain.name,
        tenant,
        catch_all,
    })
}

/// A domain to create.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DomainCreate)]
pub(super) struct Create {
    name: String,
    tenant: String,
}

/// Creates a domain of a tenant.
#[utoipa::path(
    post, path = "/api/v1/domains", tag = "domains", operation_id = "domain_create",
    request_body = Create,
    responses(
        (status = 201, description = "The domain", body = DomainView),
        (status = 404, description = "`no_such_tenant`"),
        (status = 409, description = "`domain_exists`"),
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
    let made = services
        .db
        .write(Lane::Background, move |tx| {
            let operator = actor.on_platform(Permission::DomainsWrite)?;
            let tenant = tenants::find_by_name(tx, operator, &create.tenant)?;
            domains::create(tx, operator, tenant.scope, &name)?;
            Ok::<_, ControlError>(view(tx, operator, domains::find(tx, operator, &name)?)?)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(made)))
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
}

/// Lists domains by name.
#[utoipa::path(
    get, path = "/api/v1/domains", tag = "domains", operation_id = "domain_list",
    params(Query),
    responses((status = 200, description = "A page", body = Page<DomainView>)),
)]
pub(super) async fn list(
    State(services): State<Services>,
    Caller(actor): Caller,
    QueryOf(query): QueryOf<Query>,
) -> Result<Json<Page<DomainView>>, Problem> {
    let list = ListName::of("domains", &());
    let after: Option<Domain> = list.open(query.cursor.as_ref())?;
    let items = services
        .db
        .read(move |tx| {
            let operator = actor.on_platform(Permission::DomainsRead)?;
            let found = domains::list(tx, operator, after.as_ref(), query.limit.and_one())?;
            let views = found.into_iter().map(|domain| view(tx, operator, domain));
            Ok::<_, ControlError>(views.collect::<Result<Vec<_>, _>>()?)
        })
        .await?;
    Ok(Json(Page::cut(items, query.limit, |last| {
        list.seal(&last.name)
    })))
}

/// What to change of a domain.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DomainChange)]
pub(super) struct Change {
    /// The account that gets mail to unknown addresses; null: such mail is refused (T-036).
    #[schema(value_type = Option<String>)]
    catch_all: Option<EmailAddress>,
}

/// Changes a domain.
#[utoipa::path(
    patch, path = "/api/v1/domains/{name}", tag = "domains", operation_id = "domain_change",
    params(("name" = String, Path, description = "The domain's name")),
    request_body = Change,
    responses(
        (status = 200, description = "The domain", body = DomainView),
        (status = 404, description = "`no_such_domain`, `no_such_account`"),
    ),
)]
pub(super) async fn change(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(name): PathOf<String>,
    Body(change): Body<Change>,
) -> Result<Json<DomainView>, Problem> {
    let name: Domain = name
        .parse()
        .map_err(|error| Problem::bad_field("name", error))?;
    let changed = services
        .db
        .write(Lane::Background, move |tx| {
            let operator = actor.on_platform(Permission::DomainsWrite)?;
            let target = match &change.catch_all {
                Some(address) => Some(accounts::find_by_address(tx, operator, address)?.scope),
                None => None,
            };
            domains::set_catch_all(tx, operator, &name, target)?;
            Ok::<_, ControlError>(view(tx, operator, domains::find(tx, operator, &name)?)?)
        })
        .await?;
    Ok(Json(changed))
}

//! `/api/v1/aliases`

use axum::{Json, extract::State, http::StatusCode};
use hikyaku_control::ControlError;
use hikyaku_db::Lane;
use hikyaku_directory::{
    addresses::{self, AliasQuery},
    domains,
};
use hikyaku_types::{Domain, EmailAddress, Permission};
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
        .routes(routes!(delete))
}

/// An alias in requests and answers.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Alias {
    #[schema(value_type = String)]
    address: EmailAddress,
    #[schema(value_type = String)]
    target: EmailAddress,
}

/// Creates an alias.
#[utoipa::path(
    post, path = "/api/v1/aliases", tag = "aliases", operation_id = "alias_create",
    request_body = Alias,
    responses(
        (status = 201, description = "The alias", body = Alias),
        (status = 404, description = "`no_such_domain`"),
        (status = 409, description = "`address_taken`"),
    ),
)]
pub(super) async fn create(
    State(services): State<Services>,
    Caller(actor): Caller,
    Body(alias): Body<Alias>,
) -> Result<(StatusCode, Json<Alias>), Problem> {
    let wanted = alias.clone();
    services
        .db
        .write(Lane::Background, move |tx| {
            let operator = actor.on_platform(Permission::AccountsWrite)?;
            addresses::create_alias(tx, operator, &wanted.address, &wanted.target)?;
            Ok::<_, ControlError>(())
        })
        .await?;
    Ok((StatusCode::CREATED, Json(alias)))
}

/// Which aliases.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// Only those in this domain.
    #[param(value_type = Option<String>)]
    domain: Option<Domain>,
    /// Where the page begins: `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500)]
    limit: Limit,
}

/// Lists aliases by address.
#[utoipa::path(
    get, path = "/api/v1/aliases", tag = "aliases", operation_id = "alias_list",
    params(Query),
    responses(
        (status = 200, description = "A page", body = Page<Alias>),
        (status = 404, description = "`no_such_domain`"),
    ),
)]
pub(super) async fn list(
    State(services): State<Services>,
    Caller(actor): Caller,
    QueryOf(query): QueryOf<Query>,
) -> Result<Json<Page<Alias>>, Problem> {
    let list = ListName::of("aliases", &query.domain);
    let after: Option<EmailAddress> = list.open(query.cursor.as_ref())?;
    let limit = query.limit;
    let items = services
        .db
        .read(move |tx| {
            let operator = actor.on_platform(Permission::AccountsRead)?;
            let domain = match &query.domain {
                Some(name) => Some(domains::find(tx, operator, name)?),
                None => None,
            };
            let what = AliasQuery {
                domain: domain.as_ref(),
                after: after.as_ref(),
                limit: limit.and_one(),
            };
            Ok::<_, ControlError>(addresses::list_aliases(tx, operator, what)?)
        })
        .await?
        .into_iter()
        .map(|found| Alias {
            address: found.address,
            target: found.target,
        })
        .collect();
    Ok(Json(Page::cut(items, limit, |last: &Alias| {
        list.seal(&last.address)
    })))
}

/// What was deleted.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AliasDeleted {
    #[schema(value_type = String)]
    deleted: EmailAddress,
}

/// Deletes an alias.
#[utoipa::path(
    delete, path = "/api/v1/aliases/{address}", tag = "aliases", operation_id = "alias_delete",
    params(("address" = String, Path, description = "The alias")),
    responses(
        (status = 200, description = "It is gone", body = AliasDeleted),
        (status = 404, description = "`no_such_alias`"),
    ),
)]
pub(super) async fn delete(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(address): PathOf<EmailAddress>,
) -> Result<Json<AliasDeleted>, Problem> {
    let gone = address.clone();
    services
        .db
        .write(Lane::Background, move |tx| {
            let operator = actor.on_platform(Permission::AccountsWrite)?;
            addresses::delete_alias(tx, operator, &gone)?;
            Ok::<_, ControlError>(())
        })
        .await?;
    Ok(Json(AliasDeleted { deleted: address }))
}

//! `/api/v1/aliases`

use axum::{Json, extract::State, http::StatusCode};
use hikyaku_db::Lane;
use hikyaku_directory::{
    DirectoryError, PlatformScope,
    addresses::{self, AliasQuery},
    domains,
};
use hikyaku_types::{Domain, EmailAddress};
use serde::{Deserialize, Serialize};

use super::{Body, PathOf, QueryOf};
use crate::{
    page::{PAGE, Page},
    problem::Problem,
    services::Services,
};

/// An alias in requests and answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Alias {
    address: EmailAddress,
    target: EmailAddress,
}

pub(super) async fn create(
    State(services): State<Services>,
    Body(alias): Body<Alias>,
) -> Result<(StatusCode, Json<Alias>), Problem> {
    let wanted = alias.clone();
    services
        .db
        .write(Lane::Background, move |tx| {
            let operator = PlatformScope::operator();
            addresses::create_alias(tx, operator, &wanted.address, &wanted.target)
        })
        .await
        .map_err(|error: DirectoryError| Problem::from(error))?;
    Ok((StatusCode::CREATED, Json(alias)))
}

/// Which aliases.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Query {
    domain: Option<Domain>,
    cursor: Option<EmailAddress>,
}

pub(super) async fn list(
    State(services): State<Services>,
    QueryOf(query): QueryOf<Query>,
) -> Result<Json<Page<Alias>>, Problem> {
    let items = services
        .db
        .read(move |tx| {
            let operator = PlatformScope::operator();
            let domain = match &query.domain {
                Some(name) => Some(domains::find(tx, operator, name)?),
                None => None,
            };
            let what = AliasQuery {
                domain: domain.as_ref(),
                after: query.cursor.as_ref(),
                limit: PAGE,
            };
            addresses::list_aliases(tx, operator, what)
        })
        .await
        .map_err(|error: DirectoryError| Problem::from(error))?
        .into_iter()
        .map(|found| Alias {
            address: found.address,
            target: found.target,
        })
        .collect();
    Ok(Json(Page::new(items, |last: &Alias| {
        last.address.to_string()
    })))
}

pub(super) async fn delete(
    State(services): State<Services>,
    PathOf(address): PathOf<EmailAddress>,
) -> Result<Json<serde_json::Value>, Problem> {
    let gone = address.clone();
    services
        .db
        .write(Lane::Background, move |tx| {
            addresses::delete_alias(tx, PlatformScope::operator(), &gone)
        })
        .await
        .map_err(|error: DirectoryError| Problem::from(error))?;
    Ok(Json(serde_json::json!({ "deleted": address })))
}

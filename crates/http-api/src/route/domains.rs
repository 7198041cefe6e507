//! `/api/v1/domains`

use axum::{Json, extract::State, http::StatusCode};
use hikyaku_db::{Lane, Tx};
use hikyaku_directory::{
    DirectoryError, PlatformScope, accounts,
    domains::{self, HostedDomain},
    tenants,
};
use hikyaku_types::{Domain, DomainId, EmailAddress};
use serde::{Deserialize, Serialize};

use super::{Body, PathOf, QueryOf};
use crate::{
    page::{PAGE, Page},
    problem::Problem,
    services::Services,
};

/// A domain in answers.
#[derive(Debug, Serialize)]
pub(super) struct DomainView {
    id: DomainId,
    name: Domain,
    tenant: String,
    catch_all: Option<EmailAddress>,
}

fn view(tx: &Tx<'_>, domain: HostedDomain) -> Result<DomainView, DirectoryError> {
    let catch_all = match domain.catch_all {
        Some(account) => {
            Some(accounts::find_by_id(tx, PlatformScope::operator(), account.account)?.address)
        }
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
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Create {
    name: String,
    tenant: String,
}

pub(super) async fn create(
    State(services): State<Services>,
    Body(create): Body<Create>,
) -> Result<(StatusCode, Json<DomainView>), Problem> {
    let name: Domain = create
        .name
        .parse()
        .map_err(|error| Problem::bad_field("name", error))?;
    let made = services
        .db
        .write(Lane::Background, move |tx| {
            let operator = PlatformScope::operator();
            let tenant = tenants::find_by_name(tx, operator, &create.tenant)?;
            domains::create(tx, operator, tenant.scope, &name)?;
            view(tx, domains::find(tx, operator, &name)?)
        })
        .await
        .map_err(|error: DirectoryError| Problem::from(error))?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Where a page begins.
#[derive(Debug, Deserialize)]
pub(super) struct Cursor {
    cursor: Option<Domain>,
}

pub(super) async fn list(
    State(services): State<Services>,
    QueryOf(Cursor { cursor }): QueryOf<Cursor>,
) -> Result<Json<Page<DomainView>>, Problem> {
    let items = services
        .db
        .read(move |tx| {
            let found = domains::list(tx, PlatformScope::operator(), cursor.as_ref(), PAGE)?;
            found
                .into_iter()
                .map(|domain| view(tx, domain))
                .collect::<Result<Vec<_>, _>>()
        })
        .await
        .map_err(|error: DirectoryError| Problem::from(error))?;
    Ok(Json(Page::new(items, |last: &DomainView| {
        last.name.to_string()
    })))
}

/// What to change of a domain.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    /// The account that gets mail to unknown addresses; null: such mail is refused (T-036).
    catch_all: Option<EmailAddress>,
}

pub(super) async fn change(
    State(services): State<Services>,
    PathOf(name): PathOf<String>,
    Body(change): Body<Change>,
) -> Result<Json<DomainView>, Problem> {
    let name: Domain = name
        .parse()
        .map_err(|error| Problem::bad_field("name", error))?;
    let changed = services
        .db
        .write(Lane::Background, move |tx| {
            let operator = PlatformScope::operator();
            let target = match &change.catch_all {
                Some(address) => Some(accounts::find_by_address(tx, operator, address)?.scope),
                None => None,
            };
            domains::set_catch_all(tx, operator, &name, target)?;
            view(tx, domains::find(tx, operator, &name)?)
        })
        .await
        .map_err(|error: DirectoryError| Problem::from(error))?;
    Ok(Json(changed))
}

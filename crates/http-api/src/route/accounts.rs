//! `/api/v1/accounts`

mod change;
mod delete;
mod view;

use axum::{Json, extract::State, http::StatusCode};
use hikyaku_db::Lane;
use hikyaku_directory::{
    PlatformScope,
    accounts::{self, ListQuery, NewAccount},
    domains,
    password::weaknesses,
};
use hikyaku_mailstore::Quota;
use hikyaku_types::{ByteSize, Domain, EmailAddress, Secret};
use serde::Deserialize;

pub(super) use change::change;
pub(super) use delete::{delete, restore};
pub(super) use view::{AccountView, Warning};

use super::{Body, PathOf, QueryOf};
use crate::{
    page::{PAGE, Page},
    problem::Problem,
    provision::{self, ProvisionError},
    services::Services,
};

/// An account to create.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Create {
    address: EmailAddress,
    #[serde(default)]
    name: String,
    #[serde(default)]
    quota_bytes: ByteSize,
    #[serde(default)]
    quota_messages: u64,
    password: String,
}

pub(super) async fn create(
    State(services): State<Services>,
    Body(create): Body<Create>,
) -> Result<(StatusCode, Json<AccountView>), Problem> {
    let password = Secret::from(create.password);
    let warnings = Warning::all(&weaknesses(&password, &create.address));
    let hash = services
        .hashing
        .hash(password)
        .await
        .map_err(|error| Problem::bad_field("password", error))?;
    let quota = Quota {
        bytes: create.quota_bytes,
        messages: create.quota_messages,
    };
    let mail = services.mail_settings(quota);
    let new = NewAccount::person(create.address)
        .named(create.name)
        .with_password(hash);
    let mut made = services
        .db
        .write(Lane::Background, move |tx| {
            let scope = provision::create(tx, PlatformScope::operator(), &new, mail)?;
            AccountView::load(tx, scope)
        })
        .await?;
    made.warnings = warnings;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Which accounts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Query {
    domain: Option<Domain>,
    cursor: Option<EmailAddress>,
}

pub(super) async fn list(
    State(services): State<Services>,
    QueryOf(query): QueryOf<Query>,
) -> Result<Json<Page<AccountView>>, Problem> {
    let items = services
        .db
        .read(move |tx| {
            let operator = PlatformScope::operator();
            let domain = match &query.domain {
                Some(name) => Some(domains::find(tx, operator, name)?),
                None => None,
            };
            let what = ListQuery {
                domain: domain.as_ref(),
                prefix: "",
                after: query.cursor.as_ref(),
                limit: PAGE,
            };
            let found = accounts::list(tx, operator, &what)?;
            found
                .into_iter()
                .map(|account| AccountView::of(tx, account))
                .collect::<Result<Vec<_>, ProvisionError>>()
        })
        .await?;
    Ok(Json(Page::new(items, |last: &AccountView| {
        last.address.to_string()
    })))
}

pub(super) async fn show(
    State(services): State<Services>,
    PathOf(address): PathOf<EmailAddress>,
) -> Result<Json<AccountView>, Problem> {
    let found = services
        .db
        .read(move |tx| {
            let account = accounts::find_by_address(tx, PlatformScope::operator(), &address)?;
            AccountView::load(tx, account.scope)
        })
        .await?;
    Ok(Json(found))
}

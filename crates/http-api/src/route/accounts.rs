//! `/api/v1/accounts`

mod change;
mod delete;
mod view;

use axum::{Json, extract::State, http::StatusCode};
use hikyaku_control::AccountRef;
use hikyaku_db::Lane;
use hikyaku_directory::{
    accounts::{self, ListQuery, NewAccount},
    domains,
    password::weaknesses,
};
use hikyaku_mailstore::Quota;
use hikyaku_types::{ByteSize, Domain, EmailAddress, Permission, Secret};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) use view::{AccountView, Warning};

use super::{Body, PathOf, QueryOf};
use crate::{
    caller::Caller,
    page::{Cursor, Limit, ListName, Page},
    problem::Problem,
    provision::{self, ProvisionError},
    schema,
    services::Services,
};

/// The routes of this folder.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(list, create))
        .routes(routes!(show, change::change, delete::delete))
        .routes(routes!(delete::restore))
}

/// An account to create.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AccountCreate)]
pub(super) struct Create {
    #[schema(value_type = String)]
    address: EmailAddress,
    #[serde(default)]
    name: String,
    #[serde(default)]
    #[schema(value_type = schema::Size)]
    quota_bytes: ByteSize,
    #[serde(default)]
    quota_messages: u64,
    password: String,
}

/// Creates an account.
#[utoipa::path(
    post, path = "/api/v1/accounts", tag = "accounts", operation_id = "account_create",
    request_body = Create,
    responses(
        (status = 201, description = "The account", body = AccountView),
        (status = 404, description = "`no_such_domain`"),
        (status = 409, description = "`address_taken`"),
    ),
)]
pub(super) async fn create(
    State(services): State<Services>,
    Caller(actor): Caller,
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
            let operator = actor.on_platform(Permission::AccountsWrite)?;
            let scope = provision::create(tx, operator, &new, mail)?;
            AccountView::load(tx, scope)
        })
        .await?;
    made.warnings = warnings;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Which accounts.
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

/// Lists accounts by address.
#[utoipa::path(
    get, path = "/api/v1/accounts", tag = "accounts", operation_id = "account_list",
    params(Query),
    responses(
        (status = 200, description = "A page", body = Page<AccountView>),
        (status = 404, description = "`no_such_domain`"),
    ),
)]
pub(super) async fn list(
    State(services): State<Services>,
    Caller(actor): Caller,
    QueryOf(query): QueryOf<Query>,
) -> Result<Json<Page<AccountView>>, Problem> {
    let list = ListName::of("accounts", &query.domain);
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
            let what = ListQuery {
                domain: domain.as_ref(),
                prefix: "",
                after: after.as_ref(),
                limit: limit.and_one(),
            };
            let found = accounts::list(tx, operator, &what)?;
            found
                .into_iter()
                .map(|account| AccountView::of(tx, account))
                .collect::<Result<Vec<_>, ProvisionError>>()
        })
        .await?;
    Ok(Json(Page::cut(items, limit, |last: &AccountView| {
        list.seal(&last.address)
    })))
}

/// Shows an account.
#[utoipa::path(
    get, path = "/api/v1/accounts/{account}", tag = "accounts", operation_id = "account_show",
    params(("account" = String, Path, description = "Its id or address")),
    responses(
        (status = 200, description = "The account", body = AccountView),
        (status = 404, description = "`no_such_account`"),
    ),
)]
pub(super) async fn show(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(account): PathOf<AccountRef>,
) -> Result<Json<AccountView>, Problem> {
    let found = services
        .db
        .read(move |tx| {
            let account = account.find(tx, &actor, Permission::AccountsRead)?;
            AccountView::load(tx, account.scope)
        })
        .await?;
    Ok(Json(found))
}

//! `/api/v1/me/sign-ins`, `/api/v1/accounts/{account}/sign-ins`: the history of 90 days (US-07)

use axum::{Json, extract::State};
use hikyaku_access::history::{After, Event, Query as HistoryQuery};
use hikyaku_control::{AccountRef, credentials};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{PathOf, QueryOf};
use crate::{
    caller::Caller,
    page::{Cursor, Limit, ListName, Page},
    problem::Problem,
    services::Services,
    timestamps,
};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(list_own))
        .routes(routes!(list))
}

/// One or several sign-ins, or tries, that were alike: the same protocol, address, client, result
/// and password, within a day (successes) or an hour.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SignIn)]
pub(super) struct SignInView {
    first_at: String,
    last_at: String,
    count: u64,
    /// `imap`, `pop3`, `smtp`, `web`.
    protocol: String,
    address: String,
    /// What the client calls itself; may be empty.
    client: String,
    /// `success`, `wrong_password`, `locked`, `not_allowed`, `must_change`, `app_password_needed`,
    /// `throttled`.
    result: &'static str,
    /// The label of the app password, when it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    app_password: Option<String>,
}

impl From<Event> for SignInView {
    fn from(event: Event) -> Self {
        Self {
            first_at: timestamps::show(event.first_at),
            last_at: timestamps::show(event.last_at),
            count: event.count,
            protocol: event.protocol,
            address: event.address,
            client: event.client,
            result: event.outcome.word(),
            app_password: event.app_password,
        }
    }
}

/// Which of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct SignInsQuery {
    /// Where the page begins: `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500)]
    limit: Limit,
}

/// Lists one's own sign-ins, the latest first.
#[utoipa::path(
    get, path = "/api/v1/me/sign-ins", tag = "me", operation_id = "own_sign_in_list",
    params(SignInsQuery),
    responses((status = 200, description = "A page", body = Page<SignInView>)),
)]
pub(super) async fn list_own(
    State(services): State<Services>,
    Caller(actor): Caller,
    QueryOf(query): QueryOf<SignInsQuery>,
) -> Result<Json<Page<SignInView>>, Problem> {
    let (list, wanted) = read(&query, "own")?;
    let found = services
        .db
        .read(move |tx| credentials::own_sign_ins(tx, &actor, wanted))
        .await?;
    Ok(page(found, query.limit, list))
}

/// Lists the sign-ins of an account, the latest first.
#[utoipa::path(
    get, path = "/api/v1/accounts/{account}/sign-ins", tag = "accounts",
    operation_id = "sign_in_list", params(("account" = String, Path), SignInsQuery),
    responses(
        (status = 200, description = "A page", body = Page<SignInView>),
        (status = 404, description = "`no_such_account`"),
    ),
)]
pub(super) async fn list(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(account): PathOf<AccountRef>,
    QueryOf(query): QueryOf<SignInsQuery>,
) -> Result<Json<Page<SignInView>>, Problem> {
    let (list, wanted) = read(&query, &account.to_string())?;
    let found = services
        .db
        .read(move |tx| credentials::sign_ins_of(tx, &actor, &account, wanted))
        .await?;
    Ok(page(found, query.limit, list))
}

fn read(query: &SignInsQuery, whose: &str) -> Result<(ListName, HistoryQuery), Problem> {
    let list = ListName::of("sign_ins", &whose);
    let after: Option<String> = list.open(query.cursor.as_ref())?;
    let wanted = HistoryQuery {
        after: after.as_deref().and_then(After::from_cursor),
        limit: query.limit.and_one(),
    };
    Ok((list, wanted))
}

fn page(found: Vec<Event>, limit: Limit, list: ListName) -> Json<Page<SignInView>> {
    let page = Page::cut(found, limit, |last| list.seal(&last.after().to_cursor()));
    Json(page.map(SignInView::from))
}

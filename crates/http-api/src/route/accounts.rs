//! `/api/v1/accounts`

mod change;
mod create;
mod delete;
mod deleted;
mod fields;
mod rename;
mod view;

use axum::{Json, extract::State};
use hikyaku_control::{
    AccountRef, DomainRef, TenantRef,
    accounts::{self, AccountFilter, AccountSort, AfterAccount, AliveStatus as Alive, Descending},
};
use hikyaku_directory::AccountKind;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) use view::{AccountView, Warning};

use super::{PathOf, QueryOf};
use crate::{
    caller::Caller,
    etag::Tagged,
    page::{Cursor, Direction, Limit, ListName, Page, Sort},
    problem::Problem,
    services::Services,
};

/// The routes of this folder.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(list, create::create))
        .routes(routes!(show, change::change, delete::delete))
        .routes(routes!(delete::restore))
        .routes(routes!(delete::erase))
        .routes(routes!(rename::rename))
        .routes(routes!(deleted::list))
        .routes(routes!(deleted::messages))
        .routes(routes!(deleted::restore_messages))
}

/// The state of an account.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AccountState)]
enum Condition {
    /// Nothing is suspended.
    Active,
    /// May not sign in.
    Suspended,
    /// Takes no mail.
    ReceivingSuspended,
    /// May not send.
    SendingSuspended,
}

/// Which accounts, in which order.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// A fragment of a name, its kana, an address, a department, a title, a telephone or an
    /// employee number. Case, width, kana and blanks do not matter.
    q: Option<String>,
    /// Only those of this tenant: an id or a name.
    #[param(value_type = Option<String>)]
    tenant: Option<TenantRef>,
    /// Only those in this domain: an id or a name.
    #[param(value_type = Option<String>)]
    domain: Option<DomainRef>,
    /// Only those in this state.
    #[param(value_type = Option<Condition>, inline)]
    status: Option<Alive>,
    /// Only of this kind: `person`, `shared`, `system`.
    #[param(value_type = Option<create::Kind>)]
    kind: Option<create::Kind>,
    /// Only of this department, whole.
    department: Option<String>,
    /// Only made of this template, by id or name; needs a tenant or a domain.
    template: Option<String>,
    /// Only those whose mailbox is at 80 % of its limit or more.
    #[serde(default)]
    near_quota: bool,
    /// `address`, `name`, `created_at`, and with a tenant or a domain `used` and `last_sign_in`; a
    /// minus before it goes backwards.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    sort: Sort<AccountSort>,
    /// Where the page begins: `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500)]
    limit: Limit,
}

/// Lists accounts.
///
/// A page may have fewer items than were asked for and still a next one, when many accounts had to
/// be looked at to find few.
#[utoipa::path(
    get, path = "/api/v1/accounts", tag = "accounts", operation_id = "account_list",
    params(Query),
    responses(
        (status = 200, description = "A page", body = Page<AccountView>),
        (status = 404, description = "`no_such_tenant`, `no_such_domain`"),
    ),
)]
pub(super) async fn list(
    State(services): State<Services>,
    Caller(actor): Caller,
    QueryOf(query): QueryOf<Query>,
) -> Result<Json<Page<AccountView>>, Problem> {
    let named = [
        query.tenant.as_ref().map(ToString::to_string),
        query.domain.as_ref().map(ToString::to_string),
        query.q.clone(),
        query.department.clone(),
        query.template.clone(),
    ];
    let kind = query.kind.map(AccountKind::from);
    let kind_word = kind.map(|kind| kind.to_string());
    let further = (query.status, kind_word, query.near_quota, &query.sort);
    let list = ListName::of("accounts", &(named, further));
    let after: Option<AfterAccount> = list.open(query.cursor.as_ref())?;
    let filter = AccountFilter {
        q: query.q,
        tenant: query.tenant,
        domain: query.domain,
        status: query.status,
        kind,
        department: query.department,
        template: query.template,
        near_quota: query.near_quota,
    };
    let descending = match query.sort.direction {
        Direction::Up => Descending::No,
        Direction::Down => Descending::Yes,
    };
    let (order, limit) = ((query.sort.by, descending), query.limit.items());
    let page = services
        .db
        .read(move |tx| accounts::list(tx, &actor, &filter, order, (after.as_ref(), limit)))
        .await?;
    Ok(Json(Page {
        items: page.items.into_iter().map(AccountView::from).collect(),
        next: page.next.map(|place| list.seal(&place)),
    }))
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
) -> Result<Tagged<AccountView>, Problem> {
    let found = services
        .db
        .read(move |tx| accounts::show(tx, &actor, &account))
        .await?;
    let view = AccountView::from(found);
    let representation = view.representation();
    Ok(Tagged::new(view, &representation))
}

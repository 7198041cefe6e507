//! `/api/v1/usage/accounts`: mailboxes by their size.

use axum::{Json, extract::State};
use hikyaku_control::{
    DomainRef, TenantRef,
    usage::{self, Accounts},
};
use hikyaku_mailstore::usage::{AccountUsage, Cursor as After, Order};
use hikyaku_types::AccountId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::view::MailboxUsageView;
use crate::{
    caller::Caller,
    page::{Cursor, Limit, ListName, Page},
    problem::Problem,
    route::QueryOf,
    services::Services,
};

/// By what mailboxes are sorted, the largest first.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = UsageOrder)]
enum OrderName {
    /// By what they hold.
    #[default]
    #[serde(rename = "-used")]
    Used,
    /// By how full they are.
    #[serde(rename = "-ratio")]
    Ratio,
}

impl From<OrderName> for Order {
    fn from(name: OrderName) -> Self {
        match name {
            OrderName::Used => Self::Used,
            OrderName::Ratio => Self::Ratio,
        }
    }
}

/// Which mailboxes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// Of this tenant; who administers one need not name it.
    #[param(value_type = Option<String>)]
    tenant: Option<TenantRef>,
    /// Of this domain.
    #[param(value_type = Option<String>)]
    domain: Option<DomainRef>,
    /// The largest first.
    #[serde(default)]
    #[param(inline, value_type = Option<OrderName>)]
    sort: OrderName,
    /// Where the page begins: `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500)]
    limit: Limit,
}

/// One mailbox, as it was measured last.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccountUsage)]
pub(super) struct AccountView {
    account: String,
    address: String,
    name: String,
    #[serde(flatten)]
    usage: MailboxUsageView,
    /// Tenths of a percent of the limit that is nearer; 0 without one.
    permille: u64,
}

impl From<AccountUsage> for AccountView {
    fn from(found: AccountUsage) -> Self {
        Self {
            account: found.scope.account.to_string(),
            address: found.address.to_string(),
            name: found.name,
            usage: found.usage.into(),
            permille: found.permille,
        }
    }
}

/// Lists mailboxes, the largest first.
#[utoipa::path(
    get, path = "/api/v1/usage/accounts", tag = "usage", operation_id = "usage_accounts",
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
    let of = (
        query.tenant.as_ref().map(ToString::to_string),
        query.domain.as_ref().map(ToString::to_string),
    );
    let list = ListName::of("usage_accounts", &(of, query.sort));
    let after: Option<(u64, AccountId)> = list.open(query.cursor.as_ref())?;
    let (order, limit) = (Order::from(query.sort), query.limit);
    let found = services
        .db
        .read(move |tx| {
            let wanted = Accounts {
                tenant: query.tenant.as_ref(),
                domain: query.domain.as_ref(),
                order,
                after: after.map(|(value, account)| After { value, account }),
                limit: limit.and_one(),
            };
            usage::accounts(tx, &actor, &wanted)
        })
        .await?;
    let page = Page::cut(found, limit, |last| {
        let cursor = last.cursor(order);
        list.seal(&(cursor.value, cursor.account))
    });
    Ok(Json(page.map(AccountView::from)))
}

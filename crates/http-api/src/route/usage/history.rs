//! `/api/v1/usage/history`: charts.

use axum::{Json, extract::State};
use hikyaku_control::{
    DomainRef, TenantRef,
    usage::{self, Span},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{caller::Caller, problem::Problem, route::QueryOf, services::Services, timestamps};

/// How far back a chart goes.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[schema(as = UsageSpan)]
enum SpanName {
    /// 24 hours, by hours.
    #[serde(rename = "24h")]
    Day,
    /// 7 days.
    #[serde(rename = "7d")]
    Week,
    /// 30 days.
    #[default]
    #[serde(rename = "30d")]
    Month,
    /// 12 months, by days.
    #[serde(rename = "12m")]
    Year,
}

impl From<SpanName> for Span {
    fn from(name: SpanName) -> Self {
        match name {
            SpanName::Day => Self::Day,
            SpanName::Week => Self::Week,
            SpanName::Month => Self::Month,
            SpanName::Year => Self::Year,
        }
    }
}

/// Which chart.
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
    #[serde(default)]
    #[param(inline, value_type = Option<SpanName>)]
    span: SpanName,
}

/// A chart.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsageHistory)]
pub(super) struct History {
    /// Ascending.
    points: Vec<Point>,
    /// The day of `top`.
    #[serde(skip_serializing_if = "Option::is_none")]
    top_at: Option<String>,
    /// The largest mailboxes of the newest day, of a tenant's chart.
    top: Vec<Top>,
}

/// One hour or day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsagePoint)]
struct Point {
    /// Its beginning; of days, in the tenant's time zone.
    at: String,
    /// At its end.
    used_bytes: u64,
    /// The most within it.
    peak_bytes: u64,
    messages: u64,
    accounts: u64,
    /// Null without a limit.
    limit_bytes: Option<u64>,
}

/// One of the largest mailboxes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsageTop)]
struct Top {
    /// From 1.
    place: u32,
    /// The account; it may be gone.
    account: String,
    /// The address it had.
    address: String,
    used_bytes: u64,
    messages: u64,
    /// Null without a limit.
    quota_bytes: Option<u64>,
}

/// Shows how usage went.
#[utoipa::path(
    get, path = "/api/v1/usage/history", tag = "usage", operation_id = "usage_history",
    params(Query),
    responses(
        (status = 200, description = "The points", body = History),
        (status = 404, description = "`no_such_tenant`, `no_such_domain`"),
    ),
)]
pub(super) async fn history(
    State(services): State<Services>,
    Caller(actor): Caller,
    QueryOf(query): QueryOf<Query>,
) -> Result<Json<History>, Problem> {
    let found = services
        .db
        .read(move |tx| {
            let of = (query.tenant.as_ref(), query.domain.as_ref());
            usage::history(tx, &actor, of, query.span.into())
        })
        .await?;
    let limit = |limit: u64| Some(limit).filter(|limit| *limit > 0);
    let points = found.points.iter().map(|point| Point {
        at: timestamps::show(point.at),
        used_bytes: point.used.bytes(),
        peak_bytes: point.peak.bytes(),
        messages: point.messages,
        accounts: point.accounts,
        limit_bytes: limit(point.limit.bytes()),
    });
    let (top_at, top) = found.top.unzip();
    let top = top.unwrap_or_default().into_iter().map(|one| Top {
        place: one.place,
        account: one.account.to_string(),
        address: one.address,
        used_bytes: one.used.bytes(),
        messages: one.messages,
        quota_bytes: limit(one.quota.bytes()),
    });
    Ok(Json(History {
        points: points.collect(),
        top_at: top_at.map(timestamps::show),
        top: top.collect(),
    }))
}

//! `/api/v1/trace`

use axum::{Json, extract::State};
use hikyaku_control::{ControlError, TenantRef};
use hikyaku_transport::trace::{self, Search, TraceRow};
use hikyaku_types::{Permission, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::QueryOf;
use crate::{caller::Caller, problem::Problem, schema, services::Services, timestamps};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default().routes(routes!(search))
}

/// What to look for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// Whose mail: a tenant's id or name.
    #[param(value_type = String)]
    tenant: TenantRef,
    /// From this instant on (RFC 3339).
    since: Option<String>,
    address: Option<String>,
    message_id: Option<String>,
    #[serde(default = "default_limit")]
    #[param(minimum = 1, maximum = 1000)]
    limit: usize,
}

const fn default_limit() -> usize {
    50
}

/// A trace row in answers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TraceRowView)]
pub(super) struct RowView {
    #[serde(flatten)]
    #[schema(value_type = schema::TraceRow)]
    row: TraceRow,
    /// The instant again, as people read it.
    time: String,
}

/// Rows, newest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TraceRows)]
pub(super) struct Rows {
    items: Vec<RowView>,
}

/// Searches what happened to messages.
#[utoipa::path(
    get, path = "/api/v1/trace", tag = "queue", operation_id = "trace_search", params(Query),
    responses(
        (status = 200, description = "Newest first", body = Rows),
        (status = 404, description = "`no_such_tenant`"),
    ),
)]
pub(super) async fn search(
    State(services): State<Services>,
    Caller(actor): Caller,
    QueryOf(query): QueryOf<Query>,
) -> Result<Json<Rows>, Problem> {
    let since: Option<Timestamp> = match &query.since {
        Some(text) => {
            Some(timestamps::parse(text).map_err(|e| Problem::bad_parameter("since", e))?)
        }
        None => None,
    };
    let rows = services
        .db
        .read(move |tx| {
            let tenant = query.tenant.find(tx, &actor, Permission::TraceRead)?;
            let what = Search {
                since,
                address: query.address.clone(),
                message_id: query.message_id.clone(),
                limit: query.limit,
            };
            Ok::<_, ControlError>(trace::search(tx, tenant.scope.tenant, &what)?)
        })
        .await?;
    let items = rows
        .into_iter()
        .map(|row| RowView {
            time: timestamps::show(row.at),
            row,
        })
        .collect();
    Ok(Json(Rows { items }))
}

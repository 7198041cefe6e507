//! `/api/v1/trace`

use axum::{Json, extract::State};
use hikyaku_directory::{DirectoryError, PlatformScope, tenants};
use hikyaku_transport::trace::{self, Search, TraceRow};
use hikyaku_types::Timestamp;
use serde::{Deserialize, Serialize};

use super::QueryOf;
use crate::{problem::Problem, services::Services, timestamps};

/// What to look for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Query {
    tenant: String,
    since: Option<String>,
    address: Option<String>,
    message_id: Option<String>,
    #[serde(default = "default_limit")]
    limit: usize,
}

const fn default_limit() -> usize {
    50
}

/// A trace row in answers.
#[derive(Debug, Serialize)]
pub(super) struct RowView {
    #[serde(flatten)]
    row: TraceRow,
    /// The instant again, as people read it.
    time: String,
}

/// Rows, newest first.
#[derive(Debug, Serialize)]
pub(super) struct Rows {
    items: Vec<RowView>,
}

pub(super) async fn search(
    State(services): State<Services>,
    QueryOf(query): QueryOf<Query>,
) -> Result<Json<Rows>, Problem> {
    let since: Option<Timestamp> = match &query.since {
        Some(text) => Some(timestamps::parse(text).map_err(|e| Problem::bad_field("since", e))?),
        None => None,
    };
    let rows = services
        .db
        .read(move |tx| {
            let tenant = tenants::find_by_name(tx, PlatformScope::operator(), &query.tenant)?;
            let what = Search {
                since,
                address: query.address.clone(),
                message_id: query.message_id.clone(),
                limit: query.limit,
            };
            Ok(trace::search(tx, tenant.scope.tenant, &what)?)
        })
        .await
        .map_err(|error: DirectoryError| Problem::from(error))?;
    let items = rows
        .into_iter()
        .map(|row| RowView {
            time: timestamps::show(row.at),
            row,
        })
        .collect();
    Ok(Json(Rows { items }))
}

//! `/api/v1/accounts/bulk`: one change for many accounts (F-42).

use axum::{Json, extract::State, http::StatusCode};
use hikyaku_control::{
    bulk::{
        Selection,
        change::{self, Change, Chosen},
    },
    jobs,
};
use hikyaku_db::Lane;
use hikyaku_types::AccountId;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Body, jobs::JobView};
use crate::{caller::Caller, problem::Problem, services::Services};

/// The routes of bulk changes.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default().routes(routes!(create))
}

/// Which accounts, and what is done to each.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AccountBulkChange)]
struct BulkRequest {
    /// All that a filter finds: `q`, `tenant`, `domain`, `status`, `department`, `template`.
    #[schema(value_type = Option<Object>)]
    filter: Option<Selection>,
    /// Or these.
    #[schema(value_type = Option<Vec<String>>)]
    ids: Option<Vec<AccountId>>,
    /// `{"type": "suspend"}`; also `resume`, `set_quota` (`quota_bytes`), `apply_template`
    /// (`template`), `force_password_change`, `sign_out`, `delete`.
    #[schema(value_type = Object)]
    action: Change,
    /// How many accounts it is to change.
    confirm: u64,
}

/// Changes many accounts alike. The accounts are chosen and counted now; a job changes them, and
/// its result `result.csv` has a line for each.
#[utoipa::path(
    post, path = "/api/v1/accounts/bulk", tag = "jobs", operation_id = "account_bulk_change",
    request_body = BulkRequest,
    responses(
        (status = 202, body = JobView),
        (status = 400, description = "`bad_field`: the count is another one"),
        (status = 409, description = "`too_many_jobs`")
    )
)]
async fn create(
    State(services): State<Services>,
    Caller(actor): Caller,
    Body(request): Body<BulkRequest>,
) -> Result<(StatusCode, Json<JobView>), Problem> {
    let chosen = match (request.filter, request.ids) {
        (Some(filter), None) => Chosen::Filter(filter),
        (None, Some(ids)) => Chosen::Ids(ids),
        _ => return Err(Problem::bad_field("filter", "give either filter or ids")),
    };
    let (change, confirm) = (request.action, request.confirm);
    let submitted = services.db.write(Lane::Mail, move |tx| {
        let job = change::submit(tx, &actor, (&chosen, &change), confirm)?;
        jobs::find(tx, &actor, job)
    });
    let (job, files) = submitted.await?;
    Ok((StatusCode::ACCEPTED, Json(JobView::new(&job, files))))
}

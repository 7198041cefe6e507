//! `/api/v1/jobs`: background work.

mod results;
mod view;

use axum::{Json, extract::State};
use hikyaku_control::{ControlError, jobs};
use hikyaku_db::Lane;
use hikyaku_jobs::{Job, JobState};
use hikyaku_types::{JobId, TenantId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) use self::view::JobView;
use super::{PathOf, QueryOf};
use crate::{
    caller::Caller,
    page::{Cursor, Limit, ListName, Page},
    problem::Problem,
    services::Services,
};

/// The routes of jobs.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(list))
        .routes(routes!(show, delete))
        .routes(routes!(cancel))
        .routes(routes!(results::download))
}

/// A state of jobs, as the filter takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = JobStateWord)]
enum StateWord {
    Waiting,
    Running,
    Done,
    DoneWithErrors,
    Failed,
    Cancelled,
}

impl From<StateWord> for JobState {
    fn from(word: StateWord) -> Self {
        match word {
            StateWord::Waiting => Self::Waiting,
            StateWord::Running => Self::Running,
            StateWord::Done => Self::Done,
            StateWord::DoneWithErrors => Self::DoneWithErrors,
            StateWord::Failed => Self::Failed,
            StateWord::Cancelled => Self::Cancelled,
        }
    }
}

/// Which jobs to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct JobQuery {
    /// Where the page begins: `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// Jobs of a page.
    #[serde(default)]
    #[param(value_type = Option<u32>, maximum = 500)]
    limit: Limit,
    /// Only in this state.
    #[param(inline)]
    state: Option<StateWord>,
    /// Only of this kind.
    kind: Option<String>,
    /// Only of this tenant.
    #[param(value_type = Option<String>)]
    tenant: Option<TenantId>,
    /// Only those that the caller asked for.
    #[serde(default)]
    mine: bool,
}

/// Jobs that the caller may see, newest first.
#[utoipa::path(
    get, path = "/api/v1/jobs", tag = "jobs", operation_id = "job_list", params(JobQuery),
    responses((status = 200, body = Page<JobView>))
)]
async fn list(
    State(services): State<Services>,
    Caller(actor): Caller,
    QueryOf(query): QueryOf<JobQuery>,
) -> Result<Json<Page<JobView>>, Problem> {
    let filters = (query.state, &query.kind, query.tenant, query.mine);
    let name = ListName::of("jobs", &filters);
    let filter = jobs::Filter {
        state: query.state.map(JobState::from),
        kind: query.kind.clone(),
        tenant: query.tenant,
        mine: query.mine,
        before: name.open(query.cursor.as_ref())?,
        limit: query.limit.and_one(),
    };
    let found: Vec<Job> = services
        .db
        .read(move |tx| jobs::list(tx, &actor, &filter))
        .await?;
    let page = Page::cut(found, query.limit, |last| name.seal(&last.id));
    Ok(Json(page.map(|job| JobView::new(&job, Vec::new()))))
}

/// A job with its results.
#[utoipa::path(
    get, path = "/api/v1/jobs/{job}", tag = "jobs", operation_id = "job_show",
    params(("job" = String, Path, description = "The id of the job")),
    responses((status = 200, body = JobView), (status = 404, description = "`no_such_job`"))
)]
async fn show(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(job): PathOf<String>,
) -> Result<Json<JobView>, Problem> {
    let id = parse(&job)?;
    let found = services.db.read(move |tx| jobs::find(tx, &actor, id));
    let (job, files) = found.await?;
    Ok(Json(JobView::new(&job, files)))
}

/// Asks for the end of a job. One that waits ends at once, one that runs at its next step; what is
/// done stays done.
#[utoipa::path(
    post, path = "/api/v1/jobs/{job}/cancel", tag = "jobs", operation_id = "job_cancel",
    params(("job" = String, Path, description = "The id of the job")),
    responses((status = 200, body = JobView), (status = 404, description = "`no_such_job`"))
)]
async fn cancel(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(job): PathOf<String>,
) -> Result<Json<JobView>, Problem> {
    let id = parse(&job)?;
    let cancelled = services
        .db
        .write(Lane::Mail, move |tx| jobs::cancel(tx, &actor, id));
    Ok(Json(JobView::new(&cancelled.await?, Vec::new())))
}

/// Forgets a job that has ended, with its results.
#[utoipa::path(
    delete, path = "/api/v1/jobs/{job}", tag = "jobs", operation_id = "job_delete",
    params(("job" = String, Path, description = "The id of the job")),
    responses(
        (status = 204, description = "It is forgotten"),
        (status = 404, description = "`no_such_job`"),
        (status = 409, description = "`job_not_ended`")
    )
)]
async fn delete(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(job): PathOf<String>,
) -> Result<axum::http::StatusCode, Problem> {
    let id = parse(&job)?;
    let deleted = services
        .db
        .write(Lane::Mail, move |tx| jobs::delete(tx, &actor, id));
    deleted.await?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}

/// The id of a path; what is none is no job.
fn parse(text: &str) -> Result<JobId, Problem> {
    let none = ControlError::NotFound { kind: "job" };
    text.parse().map_err(|_| Problem::from(none))
}

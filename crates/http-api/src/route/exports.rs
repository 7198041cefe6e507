//! `/api/v1/exports`: tables of accounts (T-030, AD-06).

use axum::{Json, extract::State, http::StatusCode};
use hikyaku_control::{
    bulk::{
        Selection,
        columns::Column,
        export::{self, ExportOptions, Headings},
        sheet::Encoding,
    },
    jobs,
};
use hikyaku_db::Lane;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Body, jobs::JobView};
use crate::{caller::Caller, problem::Problem, services::Services};

/// The routes of exports.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default().routes(routes!(create))
}

/// Which accounts, and how they are written.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = AccountExport)]
struct ExportRequest {
    /// Which accounts; without anything all.
    #[schema(value_type = Object)]
    filter: Selection,
    /// Which columns, in this order; without it all.
    #[schema(value_type = Option<Vec<String>>)]
    columns: Option<Vec<Column>>,
    /// `utf-8-bom` (the default, for Excel), `utf-8` or `shift_jis`.
    #[schema(value_type = Option<String>)]
    encoding: Option<Encoding>,
    /// The language of the first row: `en` (the default) or `ja`.
    #[schema(value_type = Option<String>)]
    headings: Headings,
}

/// Writes a table of accounts. Secrets have no column; cells that a spreadsheet would run are made
/// safe; an import reads it back unchanged. A job does it; its result is `accounts.csv`.
#[utoipa::path(
    post, path = "/api/v1/exports", tag = "jobs", operation_id = "export_create",
    request_body = ExportRequest,
    responses((status = 202, body = JobView), (status = 409, description = "`too_many_jobs`"))
)]
async fn create(
    State(services): State<Services>,
    Caller(actor): Caller,
    Body(request): Body<ExportRequest>,
) -> Result<(StatusCode, Json<JobView>), Problem> {
    let options = ExportOptions {
        filter: request.filter,
        columns: request.columns,
        encoding: request.encoding,
        headings: request.headings,
    };
    let submitted = services.db.write(Lane::Mail, move |tx| {
        let job = export::submit(tx, &actor, &options)?;
        jobs::find(tx, &actor, job)
    });
    let (job, files) = submitted.await?;
    Ok((StatusCode::ACCEPTED, Json(JobView::new(&job, files))))
}

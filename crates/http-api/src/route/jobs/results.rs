//! `/api/v1/jobs/{job}/results/{name}`: what came of a job.

use axum::{
    body::Body,
    extract::State,
    http::{
        HeaderName, HeaderValue, Method,
        header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE},
    },
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use futures_util::stream;
use hikyaku_control::jobs;
use hikyaku_db::{Database, Lane};
use hikyaku_jobs::{FileRole, JobFile, JobsError, read_part};
use hikyaku_types::JobId;

use super::{PathOf, parse};
use crate::{caller::Caller, problem::Problem, services::Services};

/// Downloads a result. One with secrets is given once, to whoever asked for the job, and deleted
/// with that.
#[utoipa::path(
    get, path = "/api/v1/jobs/{job}/results/{name}", tag = "jobs", operation_id = "job_result",
    params(
        ("job" = String, Path, description = "The id of the job"),
        ("name" = String, Path, description = "The name of the result")
    ),
    responses(
        (status = 200, description = "The file", content_type = "text/csv", body = Vec<u8>),
        (status = 404, description = "`no_such_job`, `no_such_result`")
    )
)]
pub(super) async fn download(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf((job, name)): PathOf<(String, String)>,
    method: Method,
) -> Result<Response, Problem> {
    let id = parse(&job)?;
    let (asks, wanted) = (actor.clone(), name.clone());
    let file = services
        .db
        .read(move |tx| jobs::result(tx, &asks, id, &wanted))
        .await?;
    // HEAD comes here too, and must not take what is given once.
    let body = match file.role {
        _ if method == Method::HEAD => Body::empty(),
        FileRole::OnceOnly => {
            let taken = services
                .db
                .write(Lane::Mail, move |tx| jobs::take(tx, &actor, id, &name));
            Body::from(taken.await?)
        }
        _ => parts(services.db.clone(), id, name),
    };
    Ok((headers(&file), body).into_response())
}

/// The bytes of a file, piece by piece as the client takes them.
fn parts(db: Database, id: JobId, name: String) -> Body {
    let pieces = stream::try_unfold((db, name, 0_u32), move |(db, name, part)| async move {
        let wanted = name.clone();
        let piece = db.read(move |tx| read_part(tx, id, &wanted, part)).await?;
        Ok::<_, JobsError>(piece.map(|piece| (Bytes::from(piece), (db, name, part + 1))))
    });
    Body::from_stream(pieces)
}

fn headers(file: &JobFile) -> [(HeaderName, HeaderValue); 4] {
    let value = |text: String| {
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("application/octet-stream"))
    };
    [
        (CONTENT_TYPE, value(file.media_type.clone())),
        (
            CONTENT_DISPOSITION,
            value(format!("attachment; filename=\"{}\"", file.name)),
        ),
        (CONTENT_LENGTH, HeaderValue::from(file.size)),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ]
}

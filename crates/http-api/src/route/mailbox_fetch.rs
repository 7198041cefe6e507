//! `/api/v1/mailboxes/fetch`: mail from a mailbox on another host (O-046).
//!
//! Only the operator reaches this, so any host may be named, also one inside the operator's own
//! network.

mod answer;
mod wanted;

use axum::{extract::State, http::StatusCode, response::Response};
use hikyaku_collector::{CollectError, Collector, Limits, Progress};
use serde::Serialize;
use serde_json::json;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Body,
    mailbox_transfer::{account_of, log},
};
use crate::{
    caller::Caller,
    ndjson,
    problem::{Problem, chain},
    services::Services,
};
use wanted::Fetch;

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default().routes(routes!(fetch))
}

/// How far a run is.
#[derive(Debug, Serialize)]
struct Told {
    folder: String,
    position: usize,
    folders: usize,
    messages: u64,
    messages_total: u64,
    bytes: u64,
    bytes_total: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds_left: Option<u64>,
}

/// Takes mail over from another host.
///
/// A run that was cut goes on where it stood; nothing comes in twice. The run ends when the one who
/// asked goes away.
#[utoipa::path(
    post, path = "/api/v1/mailboxes/fetch", tag = "mailboxes",
    operation_id = "mailbox_fetch", request_body = Fetch,
    responses(
        (status = 200, description = "Lines: progress, then what was done",
            body = String, content_type = "application/x-ndjson"),
        (status = 400, description = "`source_tls`, `source_sign_in`, `source_refused`"),
        (status = 404, description = "`no_such_account`"),
        (status = 503, description = "`source_unavailable`, `interrupted`"),
    ),
)]
pub(super) async fn fetch(
    State(services): State<Services>,
    Caller(actor): Caller,
    Body(wanted): Body<Fetch>,
) -> Result<Response, Problem> {
    let account = account_of(&services, &actor, wanted.account.clone()).await?;
    let details = json!({ "from": wanted.source() });
    let job = wanted.into_job(account.scope)?;
    log(&services, &actor, &account, "mailbox.fetch", details).await?;
    Ok(ndjson::answer(&actor, move |lines| async move {
        let collector = Collector::new(services.mailstore.clone(), Limits::default());
        let tell = |progress: Progress| lines.progress(told(progress));
        let report = tokio::select! {
            // Dropped between two batches, of which each is whole.
            report = collector.run(&job, tell) => report?,
            () = lines.unread() => return Err(gone()),
        };
        Ok(answer::of(&job, report))
    }))
}

fn told(progress: Progress) -> Told {
    Told {
        folder: progress.folder,
        position: progress.position,
        folders: progress.folders,
        messages: progress.messages,
        messages_total: progress.messages_total,
        bytes: progress.bytes,
        bytes_total: progress.bytes_total,
        seconds_left: progress.seconds_left,
    }
}

fn gone() -> Problem {
    let detail = "the run ended because nobody waits for it any more";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "interrupted", detail)
}

impl From<CollectError> for Problem {
    fn from(error: CollectError) -> Self {
        use CollectError as E;
        let (status, code) = match error {
            E::Mail(error) => return error.into(),
            E::Db(error) => return error.into(),
            E::Tls { .. } | E::TlsSetup(_) | E::NoTls | E::Injected => {
                (StatusCode::BAD_REQUEST, "source_tls")
            }
            E::SignIn(_) | E::NoMechanism { .. } => (StatusCode::BAD_REQUEST, "source_sign_in"),
            ref error if error.is_temporary() => {
                (StatusCode::SERVICE_UNAVAILABLE, "source_unavailable")
            }
            _ => (StatusCode::BAD_REQUEST, "source_refused"),
        };
        Self::new(status, code, chain(&error))
    }
}

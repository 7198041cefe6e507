//! A job in answers.

use hikyaku_jobs::{FileRole, Job, JobFile, Owner};
use serde::Serialize;
use utoipa::ToSchema;

use crate::timestamps;

/// A job.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Job)]
pub(crate) struct JobView {
    /// Its id.
    id: String,
    /// What kind of work it is: `account_import` …
    kind: String,
    /// What it is, for people.
    title: String,
    /// The tenant whose work it is; null for the platform's.
    tenant: Option<String>,
    /// Who asked for it: `house`, `console`, `account`, `api_key`.
    owner_kind: &'static str,
    /// The account or the key that asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    /// `waiting`, `running`, `done`, `done_with_errors`, `failed`, `cancelled`.
    state: &'static str,
    /// Whether somebody asked for its end.
    cancel_requested: bool,
    /// Units of work that are done.
    done: u64,
    /// Units of work altogether; null while that is not known.
    total: Option<u64>,
    /// Units that could not be done.
    errors: u64,
    /// Units per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<f64>,
    /// How long it will still take at that rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining_seconds: Option<u64>,
    /// Why it failed, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// When it was asked for.
    created_at: String,
    /// When its newest attempt began.
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
    /// When it is forgotten.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    /// What came of it; in lists empty.
    results: Vec<ResultView>,
}

/// A file that a job made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobResult)]
pub(crate) struct ResultView {
    /// Its name, for `/api/v1/jobs/{job}/results/{name}`.
    name: String,
    /// Its media type.
    media_type: String,
    /// Bytes.
    size: u64,
    /// Whether it holds secrets, and is deleted when it is downloaded.
    once: bool,
    /// When it goes, if before the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
}

impl JobView {
    pub(crate) fn new(job: &Job, files: Vec<JobFile>) -> Self {
        let (owner_kind, owner) = match job.owner {
            Owner::House => ("house", None),
            Owner::Console => ("console", None),
            Owner::Account(account) => ("account", Some(account.to_string())),
            Owner::ApiKey(key) => ("api_key", Some(key.to_string())),
        };
        Self {
            id: job.id.to_string(),
            kind: job.kind.clone(),
            title: job.title.clone(),
            tenant: job.tenant.map(|tenant| tenant.to_string()),
            owner_kind,
            owner,
            state: job.state.word(),
            cancel_requested: job.cancel_requested,
            done: job.done,
            total: job.total,
            errors: job.errors,
            rate: job.rate(),
            remaining_seconds: job.remaining_seconds(),
            reason: job.reason.clone(),
            created_at: timestamps::show(job.created_at),
            started_at: job.started_at.map(timestamps::show),
            ended_at: job.ended_at.map(timestamps::show),
            expires_at: job.expires_at.map(timestamps::show),
            results: files.into_iter().map(ResultView::new).collect(),
        }
    }
}

impl ResultView {
    fn new(file: JobFile) -> Self {
        Self {
            name: file.name,
            media_type: file.media_type,
            size: file.size,
            once: file.role == FileRole::OnceOnly,
            expires_at: file.expires_at.map(timestamps::show),
        }
    }
}

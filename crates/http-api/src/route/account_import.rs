//! `/api/v1/accounts/import`

use std::{ops::ControlFlow, sync::Arc};

use axum::{
    extract::{DefaultBodyLimit, State},
    response::Response,
};
use hikyaku_control::{Actor, ControlError};
use hikyaku_db::{DbError, Lane};
use hikyaku_directory::{
    Language,
    bulk::{self, BulkError, ImportRow, PreparedRow, RowError},
};
use hikyaku_mailstore::{MailError, Quota};
use hikyaku_types::Permission;
use serde::Serialize;
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouterExt as _},
    routes,
};

use crate::{
    accounts_csv,
    caller::Caller,
    extract::Upload,
    ndjson::{self, Lines},
    problem::{Entry, Problem, chain},
    provision,
    services::Services,
};

/// What is wrong with rows, named at most so often; wrong rows are counted all.
const MAX_NAMED: usize = 200;
/// Hashed passwords between two lines of progress.
const PROGRESS_STEP: usize = 50;

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    let limit = DefaultBodyLimit::max(accounts_csv::MAX_BYTES);
    OpenApiRouter::default().routes(routes!(import).layer(limit))
}

/// What an import did.
#[derive(Debug, Serialize)]
struct Report {
    created: usize,
    warnings: Vec<RowWarning>,
}

/// A weak password, which the operator may give.
#[derive(Debug, Serialize)]
struct RowWarning {
    row: u64,
    code: &'static str,
    detail: &'static str,
}

/// How far the hashing is.
#[derive(Debug, Serialize)]
struct Progress {
    done: usize,
    total: usize,
}

/// Creates the accounts of a CSV file.
///
/// Checks all rows, hashes all passwords on all processors, then creates all accounts or none.
#[utoipa::path(
    post, path = "/api/v1/accounts/import", tag = "accounts", operation_id = "account_import",
    request_body(content = String, content_type = "text/csv"),
    responses(
        (status = 200, description = "Lines: progress, then what was done",
            body = String, content_type = "application/x-ndjson"),
        (status = 400, description = "`rows_rejected`"),
    ),
)]
pub(super) async fn import(
    State(services): State<Services>,
    Caller(actor): Caller,
    Upload(file): Upload,
) -> Result<Response, Problem> {
    let rows = accounts_csv::read(&file)?;
    let operator = actor.on_platform(Permission::AccountsWrite)?;
    let (rows, errors) = services
        .db
        .read(move |tx| {
            let errors = bulk::check(tx, operator, &rows)?;
            Ok::<_, BulkError>((rows.clone(), errors))
        })
        .await?;
    if !errors.is_empty() {
        return Err(BulkError::Rows(errors).into());
    }
    let creator = Arc::clone(&actor);
    Ok(ndjson::answer(&actor, move |lines| {
        run(services, creator, rows, lines)
    }))
}

async fn run(
    services: Services,
    actor: Arc<Actor>,
    rows: Vec<ImportRow>,
    lines: Lines,
) -> Result<Report, Problem> {
    let warnings = bulk::warnings(&rows)
        .into_iter()
        .flat_map(|(row, weaknesses)| {
            weaknesses.into_iter().map(move |weakness| RowWarning {
                row,
                code: weakness.code(),
                detail: weakness.text(Language::En),
            })
        });
    let warnings = warnings.collect();
    let params = services.hashing.params();
    let total = rows.len();
    let prepared = tokio::task::spawn_blocking(move || {
        bulk::prepare(&rows, params, &|done| {
            if done.is_multiple_of(PROGRESS_STEP) || done == total {
                lines.progress(Progress { done, total });
            }
            ControlFlow::Continue(())
        })
    })
    .await
    .map_err(|_| Problem::from(BulkError::Cancelled))??;
    let created = create(&services, actor, prepared).await?;
    Ok(Report { created, warnings })
}

async fn create(
    services: &Services,
    actor: Arc<Actor>,
    rows: Vec<PreparedRow>,
) -> Result<usize, Problem> {
    let mail = services.mail_settings(Quota::UNLIMITED);
    services
        .db
        .write(Lane::Background, move |tx| {
            let operator = actor.on_platform(Permission::AccountsWrite)?;
            let scopes = bulk::create_many(tx, operator, &rows)?;
            for scope in &scopes {
                provision::create_mail(tx, *scope, mail)?;
            }
            Ok::<_, ImportError>(scopes.len())
        })
        .await
        .map_err(|error| match error {
            ImportError::Directory(error) => error.into(),
            ImportError::Mail(error) => error.into(),
            ImportError::Control(error) => error.into(),
        })
}

/// Why nothing was created after all.
enum ImportError {
    Control(ControlError),
    Directory(BulkError),
    Mail(MailError),
}

impl From<BulkError> for ImportError {
    fn from(error: BulkError) -> Self {
        Self::Directory(error)
    }
}

impl From<ControlError> for ImportError {
    fn from(error: ControlError) -> Self {
        Self::Control(error)
    }
}

impl From<MailError> for ImportError {
    fn from(error: MailError) -> Self {
        Self::Mail(error)
    }
}

impl From<DbError> for ImportError {
    fn from(error: DbError) -> Self {
        Self::Directory(error.into())
    }
}

impl From<BulkError> for Problem {
    fn from(error: BulkError) -> Self {
        match error {
            BulkError::Rows(errors) => rejected(&errors),
            BulkError::Db(error) => error.into(),
            other => Self::bad_request(other.to_string()),
        }
    }
}

/// The problem that names the wrong rows; nothing was created.
fn rejected(errors: &[RowError]) -> Problem {
    let mut rows: Vec<u64> = errors.iter().map(|error| error.row).collect();
    rows.sort_unstable();
    rows.dedup();
    let mut problem = Problem::bad_request(match rows.len() {
        1 => "1 row is wrong; no account was created".to_owned(),
        n => format!("{n} rows are wrong; no account was created"),
    });
    problem.code = "rows_rejected".into();
    problem.errors = errors
        .iter()
        .take(MAX_NAMED)
        .map(|error| Entry {
            row: Some(error.row),
            detail: chain(&error.problem),
            ..Entry::default()
        })
        .collect();
    problem
}

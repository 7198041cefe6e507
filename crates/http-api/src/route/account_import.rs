//! `/api/v1/accounts/import`

use std::ops::ControlFlow;

use axum::{body::Bytes, extract::State, response::Response};
use hikyaku_db::{DbError, Lane};
use hikyaku_directory::{
    Language, PlatformScope,
    bulk::{self, BulkError, ImportRow, PreparedRow, RowError},
};
use hikyaku_mailstore::{MailError, Quota};
use serde::Serialize;

use crate::{
    accounts_csv,
    ndjson::{self, Lines},
    problem::{Entry, Problem, chain},
    provision,
    services::Services,
};

/// What is wrong with rows, named at most so often; wrong rows are counted all.
const MAX_NAMED: usize = 200;
/// Hashed passwords between two lines of progress.
const PROGRESS_STEP: usize = 50;

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

/// Checks all rows, hashes all passwords on all processors, then creates all accounts or none.
pub(super) async fn import(
    State(services): State<Services>,
    file: Bytes,
) -> Result<Response, Problem> {
    let rows = accounts_csv::read(&file)?;
    let (rows, errors) = services
        .db
        .read(move |tx| {
            let errors = bulk::check(tx, PlatformScope::operator(), &rows)?;
            Ok::<_, BulkError>((rows.clone(), errors))
        })
        .await?;
    if !errors.is_empty() {
        return Err(BulkError::Rows(errors).into());
    }
    Ok(ndjson::answer(move |lines| run(services, rows, lines)))
}

async fn run(services: Services, rows: Vec<ImportRow>, lines: Lines) -> Result<Report, Problem> {
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
    let created = create(&services, prepared).await?;
    Ok(Report { created, warnings })
}

async fn create(services: &Services, rows: Vec<PreparedRow>) -> Result<usize, Problem> {
    let mail = services.mail_settings(Quota::UNLIMITED);
    services
        .db
        .write(Lane::Background, move |tx| {
            let scopes = bulk::create_many(tx, PlatformScope::operator(), &rows)?;
            for scope in &scopes {
                provision::create_mail(tx, *scope, mail)?;
            }
            Ok::<_, ImportError>(scopes.len())
        })
        .await
        .map_err(|error| match error {
            ImportError::Directory(error) => error.into(),
            ImportError::Mail(error) => error.into(),
        })
}

/// Why nothing was created after all.
enum ImportError {
    Directory(BulkError),
    Mail(MailError),
}

impl From<BulkError> for ImportError {
    fn from(error: BulkError) -> Self {
        Self::Directory(error)
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
    problem.code = "rows_rejected";
    problem.errors = errors
        .iter()
        .take(MAX_NAMED)
        .map(|error| Entry {
            row: Some(error.row),
            field: None,
            detail: chain(&error.problem),
        })
        .collect();
    problem
}

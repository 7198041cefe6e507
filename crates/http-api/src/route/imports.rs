//! `/api/v1/imports`: tables of accounts (T-029, AD-05).

use axum::{
    Json,
    extract::{DefaultBodyLimit, State},
    http::StatusCode,
};
use hikyaku_control::{
    bulk::{
        EmptyCells,
        columns::Column,
        import::{self, ImportError, Inspected},
        options::{Atomicity, ImportOptions, Mode, Passwords, Trial},
        sheet::{EncodingChoice, SeparatorChoice},
    },
    jobs,
};
use hikyaku_db::Lane;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouterExt as _},
    routes,
};

use super::{QueryOf, jobs::JobView};
use crate::{
    caller::Caller,
    extract::Upload,
    problem::{Entry, Problem},
    services::Services,
};

/// The routes of imports.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default().routes(routes!(create).layer(DefaultBodyLimit::max(import::MAX_BYTES)))
}

/// How to read a file and what to do with its rows.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ImportQuery {
    /// The name of the file, for people.
    file: Option<String>,
    /// `auto`, `utf-8` or `shift_jis`.
    #[param(value_type = Option<String>)]
    encoding: Option<String>,
    /// `auto`, `comma` or `tab`.
    #[param(value_type = Option<String>)]
    separator: Option<String>,
    /// `add`, `update`, `both` or `delete`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    mode: Mode,
    /// Try everything and keep nothing.
    #[serde(default)]
    dry_run: bool,
    /// Carry out all rows or none.
    #[serde(default)]
    all_or_nothing: bool,
    /// `given`, or `generate` for accounts whose row has none.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    passwords: Passwords,
    /// What an empty cell means for an account that exists: `keep` or `clear`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    empty: EmptyCells,
    /// What each column is, with commas between (`address,name,-,department`), where the first
    /// row does not say it; `-` is passed over.
    columns: Option<String>,
    /// The template of new accounts, by id or name.
    template: Option<String>,
    /// How many rows are to be deleted: the mode `delete` asks for it.
    confirm: Option<u64>,
}

/// An import that was taken: the job, and what was found in the file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccountImport)]
struct Taken {
    /// The job; its results are `result.csv` with a line per row, and `passwords.csv`, given out
    /// once, when passwords were made up.
    job: JobView,
    /// `utf-8`, `utf-8-bom` or `shift_jis`.
    #[schema(value_type = String)]
    encoding: hikyaku_control::bulk::sheet::Encoding,
    /// `comma` or `tab`.
    #[schema(value_type = String)]
    separator: hikyaku_control::bulk::sheet::Separator,
    /// What each column was taken for; null for those that are passed over.
    columns: Vec<Option<&'static str>>,
    /// Rows, the headings apart.
    rows: usize,
}

/// Takes a table of accounts: CSV with commas or tabs, in UTF-8 or Shift_JIS, up to 32 MiB. The
/// rows are carried out by a job.
#[utoipa::path(
    post, path = "/api/v1/imports", tag = "jobs", operation_id = "import_create",
    params(ImportQuery),
    request_body(content = Vec<u8>, content_type = "text/csv", description = "The file as it is"),
    responses(
        (status = 202, body = Taken),
        (status = 400, description = "`bad_table` with the row, `bad_field`"),
        (status = 409, description = "`too_many_jobs`"),
        (status = 413, description = "`too_large`")
    )
)]
async fn create(
    State(services): State<Services>,
    Caller(actor): Caller,
    QueryOf(query): QueryOf<ImportQuery>,
    Upload(bytes): Upload,
) -> Result<(StatusCode, Json<Taken>), Problem> {
    let options = options(query)?;
    let (file, asked) = (bytes.clone(), options.clone());
    let inspected = tokio::task::spawn_blocking(move || import::inspect(&file, &asked));
    let inspected = inspected
        .await
        .map_err(|_| Problem::bad_request("the file cannot be read"))?;
    let inspected = inspected.map_err(|error| bad_table(&error))?;
    let found = inspected.clone();
    let submitted = services.db.write(Lane::Mail, move |tx| {
        let job = import::submit(tx, &actor, &options, (&bytes, &found))?;
        jobs::find(tx, &actor, job)
    });
    let (job, files) = submitted.await?;
    Ok((
        StatusCode::ACCEPTED,
        Json(taken(JobView::new(&job, files), inspected)),
    ))
}

fn taken(job: JobView, inspected: Inspected) -> Taken {
    let columns = inspected.columns.into_iter();
    Taken {
        job,
        encoding: inspected.encoding,
        separator: inspected.separator,
        columns: columns.map(|column| column.map(Column::word)).collect(),
        rows: inspected.rows,
    }
}

fn options(query: ImportQuery) -> Result<ImportOptions, Problem> {
    let encoding = match query.encoding {
        Some(text) => text
            .parse()
            .map_err(|e: String| Problem::bad_parameter("encoding", e))?,
        None => EncodingChoice::default(),
    };
    let separator = match query.separator {
        Some(text) => text
            .parse()
            .map_err(|e: String| Problem::bad_parameter("separator", e))?,
        None => SeparatorChoice::default(),
    };
    Ok(ImportOptions {
        file: query.file.unwrap_or_else(|| "accounts.csv".to_owned()),
        encoding,
        separator,
        mode: query.mode,
        trial: if query.dry_run {
            Trial::DryRun
        } else {
            Trial::ForReal
        },
        atomicity: if query.all_or_nothing {
            Atomicity::All
        } else {
            Atomicity::Rows
        },
        passwords: query.passwords,
        empty: query.empty,
        columns: query.columns.as_deref().map(columns).transpose()?,
        template: query.template,
        confirm: query.confirm,
    })
}

fn columns(text: &str) -> Result<Vec<Option<Column>>, Problem> {
    let words = text.split(',').map(|word| match word.trim() {
        "-" | "" => Ok(None),
        word => Column::parse(word).map(Some).ok_or_else(|| {
            let detail = format!("there is no column \"{word}\"");
            Problem::bad_parameter("columns", detail)
        }),
    });
    words.collect()
}

/// The file is no table of accounts.
fn bad_table(error: &ImportError) -> Problem {
    let detail = error.to_string();
    let mut problem = Problem::new(StatusCode::BAD_REQUEST, "bad_table", detail.clone());
    problem.errors.push(Entry {
        row: error.row(),
        detail,
        ..Entry::default()
    });
    problem
}

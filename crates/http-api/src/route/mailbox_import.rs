//! `/api/v1/mailboxes/import`: old mail from files on the server's machine, and the list of such
//! imports at `/api/v1/mailboxes/imports`.

use std::path::{Path, PathBuf};

use axum::{Json, extract::State, http::StatusCode, response::Response};
use hikyaku_control::AccountRef;
use hikyaku_directory::AccountScope;
use hikyaku_mailstore::{
    INBOX, MailboxPath,
    transfer::{
        Counts, Ended, FolderNames, Gone, ImportOptions, ImportReport, ImportRun, MaildirSource,
        MboxSource, RunState, Source, SourceUnit, Start, TransferError, WhenFull,
    },
};
use hikyaku_types::ImportRunId;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Body, QueryOf,
    mailbox_transfer::{Format, account_of, check_path, folder_of, log},
};
use crate::{
    caller::Caller,
    ndjson::{self, Lines},
    problem::Problem,
    services::Services,
    timestamps,
};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(import))
        .routes(routes!(list))
}

/// What to read in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MailboxImport)]
pub(super) struct Wanted {
    /// Its id or address.
    #[schema(value_type = String)]
    account: AccountRef,
    format: Format,
    /// Where an mbox file goes (INBOX).
    folder: Option<String>,
    /// Absolute, on the server's machine.
    #[schema(value_type = String)]
    path: PathBuf,
    /// Reads the source from its beginning.
    #[serde(default)]
    restart: bool,
    /// Brings back what was imported before and deleted since.
    #[serde(default)]
    again: bool,
    /// What happens when a message finds no room.
    #[serde(default)]
    when_full: Full,
    /// Leaves usual names (`送信済み`) as they are.
    #[serde(default)]
    keep_names: bool,
}

/// What happens when a message finds no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = WhenFull)]
enum Full {
    #[default]
    Stop,
    Skip,
}

impl Wanted {
    fn options(&self) -> ImportOptions {
        ImportOptions {
            start: if self.restart {
                Start::Over
            } else {
                Start::Continue
            },
            gone: if self.again {
                Gone::BringBack
            } else {
                Gone::LeaveOut
            },
            when_full: match self.when_full {
                Full::Stop => WhenFull::Stop,
                Full::Skip => WhenFull::PassOver,
            },
            names: if self.keep_names {
                FolderNames::Kept
            } else {
                FolderNames::Mapped
            },
        }
    }
}

/// How far an import is.
#[derive(Debug, Serialize)]
struct Progress<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<&'a str>,
    #[serde(flatten)]
    counts: CountsView,
    /// How much of the source is read, in `unit`.
    read: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<u64>,
    unit: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    percent: Option<u8>,
}

/// Messages counted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportCounts)]
struct CountsView {
    found: u64,
    imported: u64,
    present: u64,
    skipped: u64,
    dropped: u64,
    bytes: u64,
}

impl From<Counts> for CountsView {
    fn from(counts: Counts) -> Self {
        Self {
            found: counts.found,
            imported: counts.imported,
            present: counts.present,
            skipped: counts.skipped,
            dropped: counts.dropped,
            bytes: counts.bytes,
        }
    }
}

/// What an import did.
#[derive(Debug, Serialize)]
struct Imported {
    #[serde(flatten)]
    counts: CountsView,
    /// False when the mailbox is full: run it again when there is room.
    complete: bool,
    folders: Vec<FolderView>,
    skips: Vec<SkipView>,
}

/// The messages of one folder.
#[derive(Debug, Serialize)]
struct FolderView {
    /// What it is called in the source.
    folder: String,
    /// Where its messages went.
    mailbox: String,
    #[serde(flatten)]
    counts: CountsView,
}

/// A message that was not imported.
#[derive(Debug, Serialize)]
struct SkipView {
    folder: String,
    file: String,
    /// The byte at which it begins in an mbox.
    offset: Option<u64>,
    code: &'static str,
    reason: String,
}

/// Reads mail in from the server's disk.
///
/// A run that was cut goes on where it stood; nothing comes in twice.
#[utoipa::path(
    post, path = "/api/v1/mailboxes/import", tag = "mailboxes",
    operation_id = "mailbox_import", request_body = Wanted,
    responses(
        (status = 200, description = "Lines: progress, then what was done",
            body = String, content_type = "application/x-ndjson"),
        (status = 404, description = "`no_such_account`"),
        (status = 500, description = "`interrupted`"),
    ),
)]
pub(super) async fn import(
    State(services): State<Services>,
    Caller(actor): Caller,
    Body(wanted): Body<Wanted>,
) -> Result<Response, Problem> {
    let path = check_path(&wanted.path)?;
    let folder = folder_of(wanted.folder.as_ref())?;
    let options = wanted.options();
    let format = wanted.format;
    if format == Format::Maildir && folder.is_some() {
        return Err(Problem::bad_field(
            "folder",
            "a Maildir names its folders itself",
        ));
    }
    let account = account_of(&services, &actor, wanted.account).await?;
    let scope = account.scope;
    let details = json!({ "path": wanted.path, "folder": wanted.folder });
    let open = move || open_source(format, &path, folder);
    let opened = tokio::task::spawn_blocking(open)
        .await
        .map_err(|_| interrupted())?;
    let source = opened?;
    log(&services, &actor, &account, "mailbox.import", details).await?;
    Ok(ndjson::answer(&actor, move |lines| async move {
        let mail = Importing {
            services: &services,
            scope,
            options,
            lines: &lines,
        };
        let report = match source {
            AnySource::Mbox(source) => mail.run(*source).await?,
            AnySource::Maildir(source) => mail.run(*source).await?,
        };
        Ok(imported(report))
    }))
}

enum AnySource {
    Mbox(Box<MboxSource>),
    Maildir(Box<MaildirSource>),
}

fn open_source(
    format: Format,
    path: &Path,
    folder: Option<MailboxPath>,
) -> Result<AnySource, TransferError> {
    Ok(match format {
        Format::Maildir => AnySource::Maildir(Box::new(MaildirSource::open(path)?)),
        Format::Mbox if path.is_dir() => AnySource::Mbox(Box::new(MboxSource::folder(path)?)),
        Format::Mbox => {
            let inbox = || INBOX.parse().expect("invariant: INBOX is a mailbox name");
            let source = MboxSource::file(path, folder.unwrap_or_else(inbox))?;
            AnySource::Mbox(Box::new(source))
        }
    })
}

struct Importing<'a> {
    services: &'a Services,
    scope: AccountScope,
    options: ImportOptions,
    lines: &'a Lines,
}

impl Importing<'_> {
    async fn run(
        &self,
        source: impl Source + Send + 'static,
    ) -> Result<ImportReport, TransferError> {
        let tell = |report: &ImportReport| {
            self.lines.progress(Progress {
                folder: report.current.as_ref().map(MailboxPath::as_str),
                counts: report.counts.into(),
                read: report.source_done,
                of: report.source_total,
                unit: match report.source_unit {
                    SourceUnit::Bytes => "bytes",
                    SourceUnit::Files => "files",
                },
                percent: report.percent(),
            });
        };
        let mail = &self.services.mailstore;
        mail.import(self.scope, source, self.options, tell).await
    }
}

fn imported(report: ImportReport) -> Imported {
    let skip = |skip: hikyaku_mailstore::transfer::Skip| SkipView {
        folder: skip.folder.to_string(),
        file: skip.place.file,
        offset: skip.place.offset,
        code: skip.reason.code(),
        reason: skip.reason.to_string(),
    };
    let folders = report.folders.into_iter();
    Imported {
        counts: report.counts.into(),
        complete: report.ended == Ended::Complete,
        skips: report.skips.into_iter().map(skip).collect(),
        folders: folders
            .map(|(folder, report)| FolderView {
                folder: folder.to_string(),
                mailbox: report.mailbox.to_string(),
                counts: report.counts.into(),
            })
            .collect(),
    }
}

/// Whose imports to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Whose {
    /// Its id or address.
    #[param(value_type = String)]
    account: AccountRef,
}

/// An import in the list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportRun)]
struct RunView {
    #[schema(value_type = String)]
    id: ImportRunId,
    source: String,
    started: String,
    changed: String,
    state: &'static str,
    #[serde(flatten)]
    counts: CountsView,
}

/// Imports, newest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportRuns)]
pub(super) struct Runs {
    items: Vec<RunView>,
}

/// Lists the imports of an account.
#[utoipa::path(
    get, path = "/api/v1/mailboxes/imports", tag = "mailboxes",
    operation_id = "mailbox_import_list", params(Whose),
    responses(
        (status = 200, description = "Newest first", body = Runs),
        (status = 404, description = "`no_such_account`"),
    ),
)]
pub(super) async fn list(
    State(services): State<Services>,
    Caller(actor): Caller,
    QueryOf(whose): QueryOf<Whose>,
) -> Result<Json<Runs>, Problem> {
    let account = account_of(&services, &actor, whose.account).await?;
    let runs = services.mailstore.import_runs(account.scope).await?;
    let view = |run: ImportRun| RunView {
        id: run.id,
        source: run.source,
        started: timestamps::show(run.started_at),
        changed: timestamps::show(run.changed_at),
        state: match run.state {
            RunState::Unfinished => "unfinished",
            RunState::Complete => "complete",
            RunState::Full => "full",
        },
        counts: run.counts.into(),
    };
    let items = runs.into_iter().map(view).collect();
    Ok(Json(Runs { items }))
}

fn interrupted() -> Problem {
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "interrupted",
        "the work was interrupted",
    )
}

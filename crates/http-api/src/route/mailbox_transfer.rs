//! `/api/v1/mailboxes/import` and `/export`: mail from and to files on the server's machine.

use std::path::PathBuf;

use axum::{extract::State, http::StatusCode, response::Response};
use hikyaku_directory::{AccountScope, DirectoryError, PlatformScope, accounts};
use hikyaku_mailstore::{
    INBOX, MailError, MailboxPath,
    transfer::{
        Ended, ExportFormat, ImportReport, MaildirSource, MboxSource, Source, TransferError,
    },
};
use hikyaku_types::EmailAddress;
use serde::{Deserialize, Serialize};

use super::Body;
use crate::{
    ndjson::{self, Lines},
    problem::{Problem, chain},
    services::Services,
};

/// Messages that failed and are named one by one at most; the rest is counted.
const MAX_NAMED: usize = 100;

/// A form in which mail is kept in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    Mbox,
    Maildir,
}

/// What to move.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Transfer {
    account: EmailAddress,
    format: Format,
    /// Import: where an mbox file goes (INBOX). Export: only this folder.
    folder: Option<String>,
    /// Absolute, on the server's machine.
    path: PathBuf,
}

impl Transfer {
    fn folder(&self) -> Result<Option<MailboxPath>, Problem> {
        let parse = |name: &String| {
            name.parse()
                .map_err(|error| Problem::bad_field("folder", chain(&error)))
        };
        self.folder.as_ref().map(parse).transpose()
    }

    async fn scope(&self, services: &Services) -> Result<AccountScope, DirectoryError> {
        let address = self.account.clone();
        let operator = PlatformScope::operator();
        services
            .db
            .read(move |tx| accounts::find_by_address(tx, operator, &address))
            .await
            .map(|account| account.scope)
    }

    fn check(&self) -> Result<(), Problem> {
        if self.path.is_absolute() {
            return Ok(());
        }
        Err(Problem::bad_field("path", "the path must be absolute"))
    }
}

/// How far a transfer is.
#[derive(Debug, Serialize)]
struct Progress {
    done: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    percent: Option<u8>,
}

/// What an import did.
#[derive(Debug, Serialize)]
#[expect(
    clippy::struct_field_names,
    reason = "the names of the answer's fields"
)]
struct Imported {
    imported: u64,
    skipped: u64,
    failed: u64,
    bytes: u64,
    /// False when the mailbox is full: run it again when there is room.
    complete: bool,
    folders: Vec<FolderCount>,
    failures: Vec<Failed>,
}

/// Messages imported into one folder.
#[derive(Debug, Serialize)]
struct FolderCount {
    folder: String,
    imported: u64,
}

/// A message that was not imported.
#[derive(Debug, Serialize)]
struct Failed {
    place: String,
    reason: String,
}

/// What an export did.
#[derive(Debug, Serialize)]
#[expect(
    clippy::struct_field_names,
    reason = "the names of the answer's fields"
)]
struct Exported {
    exported: u64,
    skipped: u64,
    /// Messages that are damaged in the store; the server's log names them.
    damaged: u64,
    folders: u64,
    bytes: u64,
}

/// Reads mail in. A run that was cut goes on where it stood; nothing comes in twice.
pub(super) async fn import(
    State(services): State<Services>,
    Body(wanted): Body<Transfer>,
) -> Result<Response, Problem> {
    wanted.check()?;
    let folder = wanted.folder()?;
    let scope = wanted.scope(&services).await?;
    let (format, path) = (wanted.format, wanted.path);
    if format == Format::Maildir && folder.is_some() {
        return Err(Problem::bad_field(
            "folder",
            "a Maildir names its folders itself",
        ));
    }
    let open = move || open_source(format, &path, folder);
    let opened = tokio::task::spawn_blocking(open)
        .await
        .map_err(|_| interrupted())?;
    let source = opened?;
    Ok(ndjson::answer(move |lines| async move {
        let report = match source {
            AnySource::Mbox(source) => run_import(&services, scope, source, &lines).await?,
            AnySource::Maildir(source) => run_import(&services, scope, source, &lines).await?,
        };
        Ok(imported(report))
    }))
}

enum AnySource {
    Mbox(MboxSource),
    Maildir(MaildirSource),
}

fn open_source(
    format: Format,
    path: &std::path::Path,
    folder: Option<MailboxPath>,
) -> Result<AnySource, TransferError> {
    Ok(match format {
        Format::Maildir => AnySource::Maildir(MaildirSource::open(path)?),
        Format::Mbox if path.is_dir() => AnySource::Mbox(MboxSource::folder(path)?),
        Format::Mbox => {
            let inbox = || INBOX.parse().expect("invariant: INBOX is a mailbox name");
            AnySource::Mbox(MboxSource::file(path, folder.unwrap_or_else(inbox))?)
        }
    })
}

async fn run_import(
    services: &Services,
    scope: AccountScope,
    source: impl Source + Send + 'static,
    lines: &Lines,
) -> Result<ImportReport, TransferError> {
    let tell = |report: &ImportReport| {
        lines.progress(Progress {
            done: report.done(),
            percent: report.percent(),
        });
    };
    services.mailstore.import(scope, source, tell).await
}

fn imported(report: ImportReport) -> Imported {
    let named = report.failures.iter().take(MAX_NAMED);
    Imported {
        imported: report.imported,
        skipped: report.skipped,
        failed: report.failed,
        bytes: report.bytes,
        complete: report.ended == Ended::Complete,
        failures: named
            .map(|failure| Failed {
                place: failure.place.clone(),
                reason: failure.reason.to_string(),
            })
            .collect(),
        folders: report
            .folders
            .into_iter()
            .map(|(folder, imported)| FolderCount {
                folder: folder.to_string(),
                imported,
            })
            .collect(),
    }
}

/// Writes mail out. A run that was cut goes on where it stood.
pub(super) async fn export(
    State(services): State<Services>,
    Body(wanted): Body<Transfer>,
) -> Result<Response, Problem> {
    wanted.check()?;
    let folder = wanted.folder()?;
    let scope = wanted.scope(&services).await?;
    let format = match wanted.format {
        Format::Mbox => ExportFormat::Mbox,
        Format::Maildir => ExportFormat::Maildir,
    };
    Ok(ndjson::answer(move |lines| async move {
        let tell = |report: &hikyaku_mailstore::transfer::ExportReport| {
            let done = report.exported + report.skipped;
            lines.progress(Progress {
                done,
                percent: report.percent(),
            });
        };
        let mail = &services.mailstore;
        let report = mail
            .export(scope, folder.as_ref(), format, &wanted.path, tell)
            .await
            .map_err(|error| of_folder(error, folder.as_ref()))?;
        Ok(Exported {
            exported: report.exported,
            skipped: report.skipped,
            damaged: report.damaged,
            folders: report.folders,
            bytes: report.bytes,
        })
    }))
}

/// Names the folder that is not there.
fn of_folder(error: TransferError, folder: Option<&MailboxPath>) -> Problem {
    let is_missing = matches!(error, TransferError::Mail(MailError::NoSuchMailbox));
    let mut problem = Problem::from(error);
    if let Some(folder) = folder.filter(|_| is_missing) {
        problem.detail = format!("the account has no folder \"{folder}\"");
    }
    problem
}

fn interrupted() -> Problem {
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "interrupted",
        "the work was interrupted",
    )
}

impl From<TransferError> for Problem {
    fn from(error: TransferError) -> Self {
        let code = match &error {
            TransferError::NotMbox { .. } => "not_mbox",
            TransferError::NotMaildir { .. } => "not_maildir",
            TransferError::File { .. } => "file",
            _ => {
                return match error {
                    TransferError::Mail(error) => error.into(),
                    other => Self::bad_request(chain(&other)),
                };
            }
        };
        Self::new(StatusCode::BAD_REQUEST, code, chain(&error))
    }
}

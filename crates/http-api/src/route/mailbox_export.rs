//! `/api/v1/mailboxes/export`: mail to files on the server's machine.

use std::path::PathBuf;

use axum::{extract::State, response::Response};
use hikyaku_control::AccountRef;
use hikyaku_mailstore::{
    MailError, MailboxPath,
    transfer::{ExportFormat, ExportOptions, ExportReport, NameEncoding, TransferError},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Body,
    mailbox_transfer::{Format, account_of, check_path, folder_of, log},
};
use crate::{caller::Caller, ndjson, problem::Problem, services::Services};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default().routes(routes!(export))
}

/// What to write out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MailboxExport)]
pub(super) struct Wanted {
    /// Its id or address.
    #[schema(value_type = String)]
    account: AccountRef,
    format: Format,
    /// Only this folder.
    folder: Option<String>,
    /// Absolute, on the server's machine.
    #[schema(value_type = String)]
    path: PathBuf,
    /// How folders of a Maildir are named.
    #[serde(default)]
    names: Names,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[schema(as = MaildirNames)]
enum Names {
    #[default]
    #[serde(rename = "utf-7")]
    Utf7,
    #[serde(rename = "utf-8")]
    Utf8,
}

/// How far an export is.
#[derive(Debug, Serialize)]
struct Progress<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<&'a str>,
    done: u64,
    total: u64,
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    percent: Option<u8>,
}

/// What an export did.
#[derive(Debug, Serialize)]
#[expect(
    clippy::struct_field_names,
    reason = "the names of the answer's fields"
)]
struct Exported {
    exported: u64,
    present: u64,
    /// Messages that are damaged in the store; the server's log names them.
    damaged: u64,
    lost_keywords: u64,
    folders: u64,
    bytes: u64,
}

/// Writes mail out to the server's disk.
///
/// A run that was cut goes on where it stood.
#[utoipa::path(
    post, path = "/api/v1/mailboxes/export", tag = "mailboxes",
    operation_id = "mailbox_export", request_body = Wanted,
    responses(
        (status = 200, description = "Lines: progress, then what was done",
            body = String, content_type = "application/x-ndjson"),
        (status = 404, description = "`no_such_account`, `no_such_mailbox`"),
    ),
)]
pub(super) async fn export(
    State(services): State<Services>,
    Caller(actor): Caller,
    Body(wanted): Body<Wanted>,
) -> Result<Response, Problem> {
    let path = check_path(&wanted.path)?;
    let folder = folder_of(wanted.folder.as_ref())?;
    let options = ExportOptions {
        format: match wanted.format {
            Format::Mbox => ExportFormat::Mbox,
            Format::Maildir => ExportFormat::Maildir,
        },
        names: match wanted.names {
            Names::Utf7 => NameEncoding::Utf7,
            Names::Utf8 => NameEncoding::Utf8,
        },
    };
    let account = account_of(&services, &actor, wanted.account).await?;
    let scope = account.scope;
    let details = json!({ "path": wanted.path, "folder": wanted.folder });
    log(&services, &actor, &account, "mailbox.export", details).await?;
    Ok(ndjson::answer(&actor, move |lines| async move {
        let tell = |report: &ExportReport| {
            lines.progress(Progress {
                folder: report.current.as_ref().map(MailboxPath::as_str),
                done: report.exported + report.skipped,
                total: report.total,
                bytes: report.bytes,
                percent: report.percent(),
            });
        };
        let mail = &services.mailstore;
        let report = mail
            .export(scope, folder.as_ref(), options, &path, tell)
            .await
            .map_err(|error| of_folder(error, folder.as_ref()))?;
        Ok(Exported {
            exported: report.exported,
            present: report.skipped,
            damaged: report.damaged,
            lost_keywords: report.lost_keywords,
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

//! What a run did, as it is told.

use hikyaku_collector::{Ended, FolderReport, Job, Report, Secrecy};
use serde::Serialize;

use crate::problem::chain;

/// What a run did.
#[derive(Debug, Serialize)]
pub(super) struct Fetched {
    found: u64,
    imported: u64,
    already: u64,
    skipped: u64,
    remaining: u64,
    flags_changed: u64,
    bytes: u64,
    reconnects: u64,
    dry_run: bool,
    /// Whether all folders were read to their ends and nothing remains.
    complete: bool,
    /// Why it ended early.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<String>,
    folders: Vec<Folder>,
    passed: Vec<Passed>,
    /// What the operator should know about the connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<&'static str>,
}

/// What was done with one folder.
#[derive(Debug, Serialize)]
#[expect(
    clippy::struct_field_names,
    reason = "the names of the answer's fields"
)]
struct Folder {
    folder: String,
    into: Option<String>,
    found: u64,
    imported: u64,
    already: u64,
    skipped: u64,
    remaining: u64,
    flags_changed: u64,
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<String>,
    skipped_messages: Vec<Skipped>,
}

/// A message that was not taken.
#[derive(Debug, Serialize)]
struct Skipped {
    number: u32,
    reason: String,
}

/// A folder that was passed over.
#[derive(Debug, Serialize)]
struct Passed {
    folder: String,
    reason: &'static str,
}

/// The answer for a report.
pub(super) fn of(job: &Job, report: Report) -> Fetched {
    let sum = |part: fn(&FolderReport) -> u64| report.folders.iter().map(part).sum();
    let ended = match &report.ended {
        Ended::Complete => None,
        Ended::OverQuota(_) => Some(
            "the mailbox is full: raise the quota or make room, then run this again".to_owned(),
        ),
        Ended::Early(error) => Some(chain(error)),
    };
    let all_read = report.folders.iter().all(|folder| folder.failed.is_none());
    Fetched {
        found: sum(|folder| folder.found),
        imported: sum(|folder| folder.imported),
        already: sum(|folder| folder.already),
        skipped: sum(|folder| folder.skipped),
        remaining: sum(|folder| folder.remaining),
        flags_changed: sum(|folder| folder.flags_changed),
        bytes: sum(|folder| folder.bytes),
        reconnects: report.reconnects,
        dry_run: job.dry_run,
        complete: ended.is_none() && all_read,
        ended,
        folders: report.folders.into_iter().map(folder).collect(),
        passed: report
            .passed
            .into_iter()
            .map(|passed| Passed {
                folder: passed.folder,
                reason: passed.reason,
            })
            .collect(),
        warning: match job.secrecy {
            Secrecy::Verified(_) => None,
            Secrecy::AnyCertificate => Some("the server did not have to prove who it is"),
            Secrecy::Plaintext => Some("the connection may have been readable for everybody"),
        },
    }
}

fn folder(report: FolderReport) -> Folder {
    Folder {
        folder: report.folder,
        into: report.into.map(|path| path.to_string()),
        found: report.found,
        imported: report.imported,
        already: report.already,
        skipped: report.skipped,
        remaining: report.remaining,
        flags_changed: report.flags_changed,
        bytes: report.bytes,
        failed: report.failed,
        skipped_messages: report
            .listed
            .into_iter()
            .map(|skipped| Skipped {
                number: skipped.number,
                reason: skipped.reason.to_string(),
            })
            .collect(),
    }
}

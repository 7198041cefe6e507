//! `hikyaku mailbox import`

use std::{fmt::Write as _, process::ExitCode};

use anyhow::Context as _;
use serde_json::{Value, json};

use super::{super::Session, transfer};
use crate::{
    cli::{Import, WhenFull},
    failure::{Failure, NEEDS_A_LOOK},
    output::{counted, size_text, text_of},
};

/// Skipped messages that are named to people; `--json` names up to 10,000.
const NAMED: usize = 20;

pub(super) async fn run(session: &mut Session, options: Import) -> Result<ExitCode, Failure> {
    // The server may stand in another folder than we do.
    let absolute = std::path::absolute(&options.path).context("cannot resolve the path")?;
    let body = json!({
        "account": options.account,
        "format": options.format.as_str(),
        "folder": options.folder,
        "path": absolute,
        "restart": options.restart,
        "again": options.again,
        "when_full": match options.when_full {
            WhenFull::Stop => "stop",
            WhenFull::Skip => "skip",
        },
        "keep_names": options.keep_names,
    });
    let report = transfer::run(session, "/api/v1/mailboxes/import", body, progress).await?;
    session.output.result(&report, || describe(&report));
    let skipped = report["skipped"].as_u64().unwrap_or(0);
    let is_complete = report["complete"].as_bool().unwrap_or(false);
    Ok(if skipped == 0 && is_complete {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(NEEDS_A_LOOK)
    })
}

fn progress(progress: &Value) -> String {
    let mut line = counted(progress["found"].as_u64().unwrap_or(0), "message");
    // Writing to a String cannot fail.
    let _ = match (progress["unit"].as_str(), progress["of"].as_u64()) {
        (Some("bytes"), Some(of)) => {
            let read = progress["read"].as_u64().unwrap_or(0);
            write!(line, ", {} of {}", size_text(read), size_text(of))
        }
        (_, Some(of)) => write!(line, ", {} of {of} files", text_of(progress, "read")),
        (_, None) => Ok(()),
    };
    if let Some(percent) = progress["percent"].as_u64() {
        let _ = write!(line, " ({percent} %)");
    }
    if progress["folder"].is_string() {
        let _ = write!(line, ", now in {}", text_of(progress, "folder"));
    }
    line
}

/// The report for people: a line per folder, all together, and what was left out.
fn describe(report: &Value) -> String {
    let items = |field: &str| {
        report[field]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default()
    };
    let mut text = String::new();
    for folder in items("folders") {
        let (name, mailbox) = (text_of(folder, "folder"), text_of(folder, "mailbox"));
        let to = if name == mailbox {
            name
        } else {
            format!("{name} (into {mailbox})")
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{to}: {}", counts(folder));
    }
    let bytes = report["bytes"].as_u64().unwrap_or(0);
    let _ = write!(
        text,
        "all: {}, {} taken in",
        counts(report),
        size_text(bytes)
    );
    if report["complete"] == Value::Bool(false) {
        text.push_str(
            "\nthe mailbox is full, and what comes after was not read: raise the quota or make \
             room, then run this again",
        );
    }
    for skip in items("skips").iter().take(NAMED) {
        let place = match skip["offset"].as_u64() {
            Some(offset) => format!("{}, byte {offset}", text_of(skip, "file")),
            None => text_of(skip, "file"),
        };
        let _ = write!(text, "\n  skipped {place}: {}", text_of(skip, "reason"));
    }
    let skipped = report["skipped"].as_u64().unwrap_or(0);
    let unnamed = skipped.saturating_sub(NAMED as u64);
    if unnamed > 0 {
        let _ = write!(text, "\n  and {unnamed} more; --json lists them");
    }
    text
}

fn counts(report: &Value) -> String {
    let number = |field: &str| report[field].as_u64().unwrap_or(0);
    let mut text = format!(
        "{} found, {} imported, {} there already, {} skipped",
        counted(number("found"), "message"),
        number("imported"),
        number("present"),
        number("skipped")
    );
    if number("dropped") > 0 {
        // Writing to a String cannot fail.
        let _ = write!(text, " ({} deleted by its mail program)", number("dropped"));
    }
    text
}

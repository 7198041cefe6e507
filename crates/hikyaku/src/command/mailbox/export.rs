//! `hikyaku mailbox export`

use std::{fmt::Write as _, process::ExitCode};

use anyhow::Context as _;
use serde_json::{Value, json};

use super::{super::Session, transfer};
use crate::{
    cli::Export,
    failure::{Failure, NEEDS_A_LOOK},
    output::{counted, size_text, text_of},
};

pub(super) async fn run(session: &mut Session, options: Export) -> Result<ExitCode, Failure> {
    // The server may stand in another folder than we do.
    let absolute = std::path::absolute(&options.path).context("cannot resolve the path")?;
    let body = json!({
        "account": options.account,
        "format": options.format.as_str(),
        "folder": options.folder,
        "path": absolute,
        "names": if options.utf8_names { "utf-8" } else { "utf-7" },
    });
    let report = transfer::run(session, "/api/v1/mailboxes/export", body, progress).await?;
    session.output.result(&report, || {
        let path = options.path.display().to_string();
        describe(&report, &path)
    });
    let number = |field: &str| report[field].as_u64().unwrap_or(0);
    Ok(if number("damaged") + number("lost_keywords") == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(NEEDS_A_LOOK)
    })
}

fn progress(progress: &Value) -> String {
    let mut line = format!(
        "{} of {}",
        text_of(progress, "done"),
        counted(progress["total"].as_u64().unwrap_or(0), "message")
    );
    if let Some(percent) = progress["percent"].as_u64() {
        // Writing to a String cannot fail.
        let _ = write!(line, " ({percent} %)");
    }
    if progress["folder"].is_string() {
        let _ = write!(line, ", now in {}", text_of(progress, "folder"));
    }
    line
}

fn describe(report: &Value, path: &str) -> String {
    let number = |field: &str| report[field].as_u64().unwrap_or(0);
    let mut text = format!(
        "{} of {} written to {path}, {}",
        counted(number("exported"), "message"),
        counted(number("folders"), "folder"),
        size_text(number("bytes"))
    );
    // Writing to a String cannot fail.
    if number("present") > 0 {
        let _ = write!(text, "; {} were there already", number("present"));
    }
    if number("damaged") > 0 {
        let _ = write!(
            text,
            "; left out, because damaged in the store: {}, see the server's log",
            counted(number("damaged"), "message")
        );
    }
    if number("lost_keywords") > 0 {
        let _ = write!(
            text,
            "; {} left away: a folder of a Maildir has room for 26",
            counted(number("lost_keywords"), "keyword")
        );
    }
    text
}

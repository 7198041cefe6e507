//! `hikyaku mailbox`

mod fetch;

use std::{fmt::Write as _, process::ExitCode};

use anyhow::Context as _;
use hyper::Method;
use serde_json::{Value, json};

use super::Session;
use crate::{
    cli::{Mailbox, Restore, Transfer},
    client::Payload,
    failure::{Failure, NEEDS_A_LOOK},
    output::{Output, text_of},
};

pub(crate) async fn run(session: &mut Session, command: Mailbox) -> Result<ExitCode, Failure> {
    match command {
        Mailbox::Import(options) => import(session, options).await,
        Mailbox::Export(options) => export(session, options).await,
        Mailbox::Fetch(options) => fetch::run(session, *options).await,
        Mailbox::Restore(options) => restore(session, options).await,
    }
}

async fn import(session: &mut Session, options: Transfer) -> Result<ExitCode, Failure> {
    let report = transfer(session, "/api/v1/mailboxes/import", &options).await?;
    session.output.result(&report, || describe_import(&report));
    let failed = report["failed"].as_u64().unwrap_or(0);
    let complete = report["complete"].as_bool().unwrap_or(false);
    Ok(if failed == 0 && complete {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(NEEDS_A_LOOK)
    })
}

async fn export(session: &mut Session, options: Transfer) -> Result<ExitCode, Failure> {
    let report = transfer(session, "/api/v1/mailboxes/export", &options).await?;
    let damaged = report["damaged"].as_u64().unwrap_or(0);
    session.output.result(&report, || {
        let written = format!(
            "{} messages of {} folders written to {}",
            text_of(&report, "exported"),
            text_of(&report, "folders"),
            options.path.display()
        );
        match damaged {
            0 => written,
            n => format!("{written}; {n} are damaged in the store, see the server's log"),
        }
    });
    Ok(if damaged == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(NEEDS_A_LOOK)
    })
}

async fn restore(session: &mut Session, options: Restore) -> Result<ExitCode, Failure> {
    let body = Payload::Json(json!({
        "account": options.account,
        "folder": options.folder,
        "since": options.since,
    }));
    let report = session
        .client
        .call(Method::POST, "/api/v1/mailboxes/restore", body)
        .await?;
    session.output.result(&report, || {
        let mut text = format!("{} messages brought back", text_of(&report, "restored"));
        if report["over_quota"].as_u64().unwrap_or(0) > 0 {
            // Writing to a String cannot fail.
            let _ = write!(
                text,
                "; {} did not fit: raise the quota or make room, then run this again",
                text_of(&report, "over_quota")
            );
        }
        text
    });
    Ok(ExitCode::SUCCESS)
}

/// Runs a long transfer, showing progress on standard error, and returns its report.
async fn transfer(session: &mut Session, path: &str, options: &Transfer) -> Result<Value, Failure> {
    // The server may stand in another folder than we do.
    let absolute = std::path::absolute(&options.path).context("cannot resolve the path")?;
    let body = Payload::Json(json!({
        "account": options.account,
        "format": options.format.as_str(),
        "folder": options.folder,
        "path": absolute,
    }));
    let output = session.output;
    let mut report = Value::Null;
    let mut last = String::new();
    session
        .client
        .stream(Method::POST, path, body, |line| {
            match line.get("progress") {
                Some(progress) if output == Output::Text => show(progress, &mut last),
                Some(_) => {}
                None => report = line,
            }
        })
        .await?;
    Ok(report)
}

/// A progress line, when it says something new.
fn show(progress: &Value, last: &mut String) {
    let done = text_of(progress, "done");
    let line = match progress["percent"].as_u64() {
        Some(percent) => format!("{done} messages ({percent} %)"),
        None => format!("{done} messages"),
    };
    if line != *last {
        eprintln!("{line}");
        *last = line;
    }
}

fn describe_import(report: &Value) -> String {
    let mut text = format!(
        "{} messages imported, {} were there already, {} failed",
        text_of(report, "imported"),
        text_of(report, "skipped"),
        text_of(report, "failed")
    );
    if report["complete"] == Value::Bool(false) {
        text.push_str("; the mailbox is full: raise the quota or make room, then run this again");
    }
    for failure in report["failures"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
    {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\n  {}: {}",
            text_of(failure, "place"),
            text_of(failure, "reason")
        );
    }
    text
}

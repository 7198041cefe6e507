//! `mailbox fetch`: mail from a mailbox on another host.

use std::{
    fmt::Write as _,
    fs::File,
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::ExitCode,
};

use anyhow::Context as _;
use hyper::Method;
use serde_json::{Value, json};

use super::super::Session;
use crate::{
    cli::Fetch,
    client::Payload,
    failure::{Failure, NEEDS_A_LOOK},
    output::{Output, text_of},
};

/// Bytes of a password or token at most (64 KiB): tokens are long.
const SECRET_BYTES_MAX: u64 = 64 << 10;

pub(super) async fn run(session: &mut Session, options: Fetch) -> Result<ExitCode, Failure> {
    let body = Payload::Json(request(&options)?);
    let output = session.output;
    let (mut report, mut last) = (Value::Null, String::new());
    session
        .client
        .stream(
            Method::POST,
            "/api/v1/mailboxes/fetch",
            body,
            |line| match line.get("progress") {
                Some(progress) if output == Output::Text => show(progress, &mut last),
                Some(_) => {}
                None => report = line,
            },
        )
        .await?;
    session.output.result(&report, || describe(&report));
    let is_whole = report["complete"] == Value::Bool(true) && report["skipped"] == 0;
    Ok(if is_whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(NEEDS_A_LOOK)
    })
}

fn request(options: &Fetch) -> Result<Value, Failure> {
    let secret_of = |path: &Option<std::path::PathBuf>| path.as_deref().map(secret).transpose();
    // The server may stand in another folder than we do.
    let ca = options.ca.as_ref().map(std::path::absolute).transpose();
    let security = match (options.insecure, options.allow_plaintext) {
        (true, _) => "insecure",
        (false, true) => "plaintext",
        (false, false) => "verified",
    };
    let map = options
        .map
        .iter()
        .map(|(from, to)| json!({"from": from, "to": to}));
    Ok(json!({
        "account": options.account,
        "from": options.from,
        "user": options.user,
        "password": secret_of(&options.password_file)?,
        "token": secret_of(&options.xoauth2_token_file)?,
        "security": security,
        "ca": ca.context("cannot resolve the path of --ca")?,
        "folders": options.folder,
        "exclude": options.exclude,
        "map": map.collect::<Vec<_>>(),
        "into": options.into,
        "since": options.since,
        "flags": options.flags,
        "dry_run": options.dry_run,
    }))
}

/// The first line of a file, without its end.
fn secret(path: &Path) -> Result<String, Failure> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("cannot read {shown}"))?;
    let mut line = String::new();
    BufReader::new(file.take(SECRET_BYTES_MAX + 2))
        .read_line(&mut line)
        .with_context(|| format!("cannot read {shown}"))?;
    let secret = line.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err(Failure::Usage(format!(
            "the first line of {shown} is empty"
        )));
    }
    if secret.len() as u64 > SECRET_BYTES_MAX {
        let text = format!("the first line of {shown} has more than {SECRET_BYTES_MAX} bytes");
        return Err(Failure::Usage(text));
    }
    Ok(secret.to_owned())
}

/// A progress line, when it says something new.
fn show(progress: &Value, last: &mut String) {
    let mut line = format!(
        "{} ({}/{}): {} of {} messages, {} of {}",
        text_of(progress, "folder"),
        text_of(progress, "position"),
        text_of(progress, "folders"),
        text_of(progress, "messages"),
        text_of(progress, "messages_total"),
        size(progress, "bytes"),
        size(progress, "bytes_total"),
    );
    if let Some(seconds) = progress["seconds_left"].as_u64() {
        // Writing to a String cannot fail.
        let _ = write!(line, ", about {} left", duration(seconds));
    }
    if line != *last {
        eprintln!("{line}");
        *last = line;
    }
}

fn size(item: &Value, field: &str) -> String {
    let bytes = item[field].as_u64().unwrap_or(0);
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3_600),
    }
}

fn describe(report: &Value) -> String {
    let mut text = String::new();
    let items = |field: &str| {
        report[field]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default()
    };
    // Writing to a String cannot fail, here and below.
    for folder in items("folders") {
        let _ = writeln!(
            text,
            "{} -> {}: {}",
            text_of(folder, "folder"),
            text_of(folder, "into"),
            counts(folder)
        );
        if folder["failed"].is_string() {
            let _ = writeln!(text, "  not read to its end: {}", text_of(folder, "failed"));
        }
        for skipped in folder["skipped_messages"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default()
        {
            let (number, reason) = (text_of(skipped, "number"), text_of(skipped, "reason"));
            let _ = writeln!(text, "  message {number}: {reason}");
        }
    }
    for passed in items("passed") {
        let (folder, reason) = (text_of(passed, "folder"), text_of(passed, "reason"));
        let _ = writeln!(text, "{folder}: passed over, {reason}");
    }
    if report["warning"].is_string() {
        let _ = writeln!(text, "warning: {}", text_of(report, "warning"));
    }
    if report["ended"].is_string() {
        let _ = writeln!(text, "ended early: {}", text_of(report, "ended"));
    }
    let kind = if report["dry_run"] == Value::Bool(true) {
        "nothing was written; "
    } else {
        ""
    };
    let _ = write!(text, "{kind}in all {}", counts(report));
    text
}

fn counts(item: &Value) -> String {
    let mut text = format!(
        "{} found, {} imported, {} were there already, {} skipped",
        text_of(item, "found"),
        text_of(item, "imported"),
        text_of(item, "already"),
        text_of(item, "skipped"),
    );
    for (field, words) in [
        ("remaining", "still to come"),
        ("flags_changed", "with new flags"),
    ] {
        if item[field].as_u64().unwrap_or(0) > 0 {
            // Writing to a String cannot fail.
            let _ = write!(text, ", {} {words}", text_of(item, field));
        }
    }
    text
}

//! `hikyaku doctor`

use std::process::ExitCode;

use hikyaku_types::ByteSize;
use hyper::Method;
use serde_json::{Value, json};

use super::Session;
use crate::{
    cli::Doctor,
    client::Payload,
    failure::{Failure, NEEDS_A_LOOK},
    output::{Output, counted, text_of},
};

pub(crate) async fn run(session: &mut Session, options: Doctor) -> Result<ExitCode, Failure> {
    let body = Payload::Json(json!({
        "account": options.account,
        "repair": options.repair,
        "contents": options.contents,
        "rate": options.rate,
    }));
    let output = session.output;
    let mut report = Value::Null;
    session
        .client
        .stream(Method::POST, "/api/v1/doctor", body, |line| {
            match line.get("progress") {
                Some(progress) if output == Output::Text => {
                    eprintln!("{}", describe_progress(progress));
                }
                Some(_) => {}
                None => report = line,
            }
        })
        .await?;
    output.result(&report, || describe(&report));
    let found = report["found"].as_u64().unwrap_or(0);
    Ok(if found == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(NEEDS_A_LOOK)
    })
}

fn describe_progress(progress: &Value) -> String {
    if progress.get("contents").is_none() {
        let done = progress["done"].as_u64().unwrap_or(0);
        return format!("checked {}", counted(done, "account"));
    }
    let bytes = ByteSize(progress["bytes"].as_u64().unwrap_or(0));
    format!("read {} contents, {bytes}", text_of(progress, "contents"))
}

fn describe_contents(contents: &Value) -> String {
    let bytes = ByteSize(contents["bytes"].as_u64().unwrap_or(0));
    let of = |field| text_of(contents, field);
    format!(
        "read {} contents ({bytes}; {} of them objects): {} missing, {} damaged; {} of {} stored \
         objects are unused",
        of("read"),
        of("objects"),
        of("missing"),
        of("damaged"),
        of("unused_objects"),
        of("stored_objects"),
    )
}

fn describe(report: &Value) -> String {
    let mut lines: Vec<String> = report["inconsistencies"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
        .map(|item| format!("{}: {}", text_of(item, "where"), text_of(item, "what")))
        .collect();
    lines.extend(report.get("contents").map(describe_contents));
    lines.push(match report["found"].as_u64().unwrap_or(0) {
        0 => {
            let accounts = report["accounts"].as_u64().unwrap_or(0);
            format!("all well: {} checked", counted(accounts, "account"))
        }
        n => {
            let word = if n == 1 {
                "inconsistency"
            } else {
                "inconsistencies"
            };
            format!("{n} {word} found, {} repaired", text_of(report, "repaired"))
        }
    });
    lines.join("\n")
}

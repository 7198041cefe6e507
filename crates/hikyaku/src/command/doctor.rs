//! `hikyaku doctor`

use std::process::ExitCode;

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
    let body = Payload::Json(json!({ "account": options.account, "repair": options.repair }));
    let output = session.output;
    let mut report = Value::Null;
    session
        .client
        .stream(Method::POST, "/api/v1/doctor", body, |line| {
            match line.get("progress") {
                Some(progress) if output == Output::Text => {
                    let done = progress["done"].as_u64().unwrap_or(0);
                    eprintln!("checked {}", counted(done, "account"));
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

fn describe(report: &Value) -> String {
    let mut lines: Vec<String> = report["inconsistencies"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
        .map(|item| format!("{}: {}", text_of(item, "where"), text_of(item, "what")))
        .collect();
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

//! `hikyaku account import`

use std::{path::Path, process::ExitCode};

use anyhow::Context as _;
use hyper::Method;
use serde_json::Value;

use super::super::Session;
use crate::{
    client::Payload,
    failure::Failure,
    output::{Output, counted, text_of},
};

pub(crate) async fn run(session: &mut Session, file: &Path) -> Result<ExitCode, Failure> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let output = session.output;
    let mut report = Value::Null;
    session
        .client
        .stream(
            Method::POST,
            "/api/v1/accounts/import",
            Payload::Csv(bytes),
            |line| match line.get("progress") {
                Some(progress) if output == Output::Text => eprintln!(
                    "{} of {} hashed",
                    text_of(progress, "done"),
                    counted(progress["total"].as_u64().unwrap_or(0), "password")
                ),
                Some(_) => {}
                None => report = line,
            },
        )
        .await?;
    for warning in report["warnings"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
    {
        eprintln!(
            "warning: row {}: {}",
            text_of(warning, "row"),
            text_of(warning, "detail")
        );
    }
    output.result(&report, || {
        let created = report["created"].as_u64().unwrap_or(0);
        format!("{} created", counted(created, "account"))
    });
    Ok(ExitCode::SUCCESS)
}

//! `hikyaku mailbox restore`

use std::{fmt::Write as _, process::ExitCode};

use hyper::Method;
use serde_json::json;

use super::super::Session;
use crate::{cli::Restore, client::Payload, failure::Failure, output::counted};

pub(super) async fn run(session: &mut Session, options: Restore) -> Result<ExitCode, Failure> {
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
        let number = |field: &str| report[field].as_u64().unwrap_or(0);
        let mut text = format!("{} brought back", counted(number("restored"), "message"));
        if number("over_quota") > 0 {
            // Writing to a String cannot fail.
            let _ = write!(
                text,
                "; {} did not fit: raise the quota or make room, then run this again",
                number("over_quota")
            );
        }
        text
    });
    Ok(ExitCode::SUCCESS)
}

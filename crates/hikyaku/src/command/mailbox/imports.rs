//! `hikyaku mailbox imports`

use std::process::ExitCode;

use super::super::{Session, encode};
use crate::{cli::Imports, failure::Failure};

pub(super) async fn run(session: &mut Session, options: Imports) -> Result<ExitCode, Failure> {
    let account = encode(&options.account.to_string());
    let path = format!("/api/v1/mailboxes/imports?account={account}");
    let items = session.read(&path).await?["items"].take();
    session.output.table(
        &items,
        &[
            ("started", "STARTED"),
            ("state", "STATE"),
            ("found", "FOUND"),
            ("imported", "IMPORTED"),
            ("present", "THERE"),
            ("skipped", "SKIPPED"),
            ("source", "SOURCE"),
        ],
        "no imports",
    );
    Ok(ExitCode::SUCCESS)
}

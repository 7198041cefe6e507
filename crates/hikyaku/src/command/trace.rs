//! `hikyaku trace`

use std::{fmt::Write as _, process::ExitCode};

use super::{Session, encode};
use crate::{cli::Trace, failure::Failure};

pub(crate) async fn run(session: &mut Session, options: Trace) -> Result<ExitCode, Failure> {
    let mut path = format!(
        "/api/v1/trace?tenant={}&limit={}",
        encode(&options.tenant),
        options.limit
    );
    for (name, value) in [
        ("address", &options.address),
        ("message_id", &options.message_id),
    ] {
        if let Some(value) = value {
            // Writing to a String cannot fail.
            let _ = write!(path, "&{name}={}", encode(value));
        }
    }
    let page = session.read(&path).await?;
    let columns = [
        ("time", "TIME"),
        ("sender", "FROM"),
        ("recipient", "TO"),
        ("size", "BYTES"),
        ("outcome", "OUTCOME"),
        ("transaction", "ID"),
        ("detail", "DETAIL"),
    ];
    session
        .output
        .table(&page["items"], &columns, "no messages found");
    Ok(ExitCode::SUCCESS)
}

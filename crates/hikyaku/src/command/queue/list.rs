//! `hikyaku queue list`

use std::process::ExitCode;

use super::super::{Session, encode};
use crate::{
    cli::{QueueList, QueueState},
    failure::Failure,
};

pub(super) async fn run(session: &mut Session, options: QueueList) -> Result<ExitCode, Failure> {
    let state = options.state.map(QueueState::as_str).map(str::to_owned);
    let conditions: Vec<String> = [
        ("tenant", options.tenant),
        ("sender", options.sender),
        ("domain", options.domain),
        ("state", state),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some(format!("{name}={}", encode(&value?))))
    .collect();
    let path = if conditions.is_empty() {
        "/api/v1/queue".to_owned()
    } else {
        format!("/api/v1/queue?{}", conditions.join("&"))
    };
    let items = session.read_all(&path).await?;
    let columns = [
        ("message", "ID"),
        ("sender", "FROM"),
        ("recipient", "TO"),
        ("state", "STATE"),
        ("attempts", "ATTEMPTS"),
        ("due", "NEXT"),
        ("trouble/kind", "TROUBLE"),
        ("trouble/reply", "ANSWER"),
    ];
    session.output.table(&items, &columns, "the queue is empty");
    Ok(ExitCode::SUCCESS)
}

//! `hikyaku queue retry`, `hold`, `release` and `cancel`

use std::process::ExitCode;

use hyper::Method;
use serde_json::{Value, json};

use super::super::Session;
use crate::{
    cli::{QueueCancel, QueueWhich},
    client::Payload,
    failure::{Failure, NEEDS_A_LOOK},
    output::counted,
};

/// Changes what is named; `verb` is the route's and the one for people. Whoever cancels learns by
/// the exit code when something could not be taken out.
pub(super) async fn run(
    session: &mut Session,
    (route, verb): (&str, &str),
    which: QueueWhich,
    notify: Option<bool>,
) -> Result<ExitCode, Failure> {
    let mut body = match (which.id, which.domain) {
        (Some(id), _) => json!({ "message": id }),
        (None, Some(domain)) => json!({ "domain": domain }),
        (None, None) => json!({ "all": true }),
    };
    if let Some(notify) = notify {
        body["notify"] = Value::Bool(notify);
    }
    let path = format!("/api/v1/queue/{route}");
    let changed = session
        .client
        .call(Method::POST, &path, Payload::Json(body))
        .await?;
    let count = |field: &str| changed[field].as_u64().unwrap_or(0);
    let sending = count("sending");
    session.output.result(&changed, || {
        let done = format!("{} {verb}", counted(count("recipients"), "recipient"));
        match sending {
            0 => done,
            n => format!("{done}; {} being sent, left alone", counted(n, "recipient")),
        }
    });
    Ok(match sending {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::from(NEEDS_A_LOOK),
    })
}

/// Takes out, and tells the senders unless told not to.
pub(super) async fn cancel(
    session: &mut Session,
    options: QueueCancel,
) -> Result<ExitCode, Failure> {
    let notify = Some(!options.silent);
    run(session, ("cancel", "taken out"), options.which, notify).await
}

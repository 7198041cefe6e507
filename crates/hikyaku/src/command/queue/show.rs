//! `hikyaku queue show`

use std::{fmt::Write as _, process::ExitCode};

use serde_json::Value;

use super::super::{Session, encode};
use crate::{failure::Failure, output::text_of};

pub(super) async fn run(session: &mut Session, id: &str) -> Result<ExitCode, Failure> {
    let path = format!("/api/v1/queue/{}", encode(id));
    let message = session.read(&path).await?;
    session.output.result(&message, || describe(&message));
    Ok(ExitCode::SUCCESS)
}

fn describe(message: &Value) -> String {
    let recipients = message["recipients"].as_array();
    let recipients = recipients.map(Vec::as_slice).unwrap_or_default();
    let mut text = format!("message      {}\n", text_of(message, "id"));
    if let Some(first) = recipients.first() {
        for (name, field) in [
            ("transaction", "transaction"),
            ("from", "sender"),
            ("bytes", "size"),
            ("accepted", "accepted"),
            ("given up", "expires"),
        ] {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{name:<12} {}", text_of(first, field));
        }
    }
    let _ = write!(text, "message-id   {}", text_of(message, "message_id"));
    for recipient in recipients {
        let _ = write!(
            text,
            "\n\n{}\n  {}, attempts {}, next {}",
            text_of(recipient, "recipient"),
            text_of(recipient, "state"),
            text_of(recipient, "attempts"),
            text_of(recipient, "due"),
        );
        if !recipient["trouble"].is_null() {
            let _ = write!(
                text,
                "\n  {} {} {}: {}",
                text_of(recipient, "trouble/kind"),
                text_of(recipient, "trouble/status"),
                text_of(recipient, "trouble/host"),
                text_of(recipient, "trouble/reply"),
            );
        }
    }
    text
}

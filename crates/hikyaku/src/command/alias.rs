//! `hikyaku alias`

use std::process::ExitCode;

use hyper::Method;
use serde_json::json;

use super::{Session, encode};
use crate::{cli::Alias, client::Payload, failure::Failure};

pub(crate) async fn run(session: &mut Session, command: Alias) -> Result<ExitCode, Failure> {
    match command {
        Alias::Create { alias, target } => {
            let body = Payload::Json(json!({ "address": alias, "target": target }));
            let made = session
                .client
                .call(Method::POST, "/api/v1/aliases", body)
                .await?;
            session
                .output
                .result(&made, || format!("mail to {alias} goes to {target}"));
        }
        Alias::List { domain } => {
            let path = match &domain {
                Some(name) => format!("/api/v1/aliases?domain={}", encode(name)),
                None => "/api/v1/aliases".to_owned(),
            };
            let items = session.read_all(&path).await?;
            session.output.table(
                &items,
                &[("address", "ALIAS"), ("target", "TARGET")],
                "no aliases",
            );
        }
        Alias::Delete { alias } => {
            let path = format!("/api/v1/aliases/{}", encode(&alias.to_string()));
            let gone = session
                .client
                .call(Method::DELETE, &path, Payload::Empty)
                .await?;
            session
                .output
                .result(&gone, || format!("alias {alias} removed"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

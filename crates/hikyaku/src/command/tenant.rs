//! `hikyaku tenant`

use std::process::ExitCode;

use hyper::Method;
use serde_json::json;

use super::Session;
use crate::{cli::Tenant, client::Payload, failure::Failure};

pub(crate) async fn run(session: &mut Session, command: Tenant) -> Result<ExitCode, Failure> {
    match command {
        Tenant::Create { name } => {
            let body = Payload::Json(json!({ "name": name }));
            let made = session
                .client
                .call(Method::POST, "/api/v1/tenants", body)
                .await?;
            session
                .output
                .result(&made, || format!("tenant {name} created"));
        }
        Tenant::List => {
            let items = session.read_all("/api/v1/tenants").await?;
            let columns = [("name", "NAME"), ("status", "STATUS"), ("id", "ID")];
            session.output.table(
                &items,
                &columns,
                "no tenants yet: hikyaku tenant create NAME",
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}

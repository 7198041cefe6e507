//! `hikyaku domain`

use std::process::ExitCode;

use hyper::Method;
use serde_json::json;

use super::{Session, encode};
use crate::{
    cli::{Domain, DomainSet},
    client::Payload,
    failure::Failure,
};

pub(crate) async fn run(session: &mut Session, command: Domain) -> Result<ExitCode, Failure> {
    match command {
        Domain::Create { name, tenant } => {
            let body = Payload::Json(json!({ "name": name, "tenant": tenant }));
            let made = session
                .client
                .call(Method::POST, "/api/v1/domains", body)
                .await?;
            session
                .output
                .result(&made, || format!("domain {name} created for {tenant}"));
        }
        Domain::List => {
            let items = session.read_all("/api/v1/domains").await?;
            let columns = [
                ("name", "NAME"),
                ("tenant", "TENANT"),
                ("catch_all", "CATCH-ALL"),
            ];
            let empty = "no domains yet: hikyaku domain create NAME --tenant TENANT";
            session.output.table(&items, &columns, empty);
        }
        Domain::Set(change) => set(session, change).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn set(session: &mut Session, change: DomainSet) -> Result<(), Failure> {
    let catch_all = change.catch_all.as_ref().map(ToString::to_string);
    let path = format!("/api/v1/domains/{}", encode(&change.name));
    let body = Payload::Json(json!({ "catch_all": catch_all }));
    let changed = session.client.call(Method::PATCH, &path, body).await?;
    session.output.result(&changed, || match &catch_all {
        Some(target) => format!("unknown addresses of {} go to {target}", change.name),
        None => format!("unknown addresses of {} are refused", change.name),
    });
    Ok(())
}

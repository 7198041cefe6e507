//! `hikyaku account`

mod import;
mod password;
mod set;

use std::{io::Write as _, process::ExitCode};

use anyhow::Context as _;
use hikyaku_types::EmailAddress;
use hyper::Method;
use serde_json::{Value, json};

use super::{Session, encode};
use crate::{
    cli::{Account, AccountCreate},
    client::Payload,
    failure::Failure,
    output::text_of,
};

pub(crate) async fn run(session: &mut Session, command: Account) -> Result<ExitCode, Failure> {
    match command {
        Account::Create(options) => create(session, options).await?,
        Account::Import { file } => return import::run(session, &file).await,
        Account::List { domain } => list(session, domain.as_deref()).await?,
        Account::Show { address } => show(session, &address).await?,
        Account::Set(change) => set::run(session, change).await?,
        Account::Delete {
            address,
            erase,
            yes,
        } => {
            if !yes {
                confirm(&address, erase)?;
            }
            delete(session, &address, erase).await?;
        }
        Account::Restore { address } => restore(session, &address).await?,
    }
    Ok(ExitCode::SUCCESS)
}

fn path_of(address: &EmailAddress) -> String {
    format!("/api/v1/accounts/{}", encode(&address.to_string()))
}

async fn create(session: &mut Session, options: AccountCreate) -> Result<(), Failure> {
    let (password, generated) = if options.generate_password {
        let password = hikyaku_server::random_password();
        (password.clone(), Some(password))
    } else {
        (password::from_stdin()?, None)
    };
    let body = Payload::Json(json!({
        "address": options.address,
        "name": options.name,
        "quota_bytes": options.quota,
        "quota_messages": options.message_limit,
        "password": password,
    }));
    let mut made = session
        .client
        .call(Method::POST, "/api/v1/accounts", body)
        .await?;
    if let (Some(password), Some(object)) = (&generated, made.as_object_mut()) {
        object.insert(
            "generated_password".to_owned(),
            Value::String(password.clone()),
        );
    }
    warn(&made);
    session.output.result(&made, || match &generated {
        Some(password) => format!("account {} created, password {password}", options.address),
        None => format!("account {} created", options.address),
    });
    Ok(())
}

/// Weak passwords are accepted from the operator, with a warning (issue: "any password").
fn warn(answer: &Value) {
    for warning in answer["warnings"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
    {
        eprintln!("warning: {}", text_of(warning, "detail"));
    }
}

async fn list(session: &mut Session, domain: Option<&str>) -> Result<(), Failure> {
    let path = match domain {
        Some(name) => format!("/api/v1/accounts?domain={}", encode(name)),
        None => "/api/v1/accounts".to_owned(),
    };
    let items = session.read_all(&path).await?;
    let columns = [
        ("address", "ADDRESS"),
        ("name", "NAME"),
        ("status", "STATUS"),
        ("used_bytes", "USED"),
        ("quota_bytes", "QUOTA"),
        ("used_messages", "MESSAGES"),
    ];
    session.output.table(
        &items,
        &columns,
        "no accounts yet: hikyaku account create ADDRESS",
    );
    Ok(())
}

async fn show(session: &mut Session, address: &EmailAddress) -> Result<(), Failure> {
    let account = session.read(&path_of(address)).await?;
    session.output.result(&account, || {
        let fields = account
            .as_object()
            .map(|object| object.keys().cloned().collect::<Vec<_>>());
        fields
            .unwrap_or_default()
            .iter()
            .map(|field| format!("{field:<16} {}", text_of(&account, field)))
            .collect::<Vec<_>>()
            .join("\n")
    });
    Ok(())
}

fn confirm(address: &EmailAddress, erase: bool) -> Result<(), Failure> {
    let what = if erase { "erases" } else { "deletes" };
    eprint!("This {what} {address} and all its mail. Type the address to go on: ");
    std::io::stderr()
        .flush()
        .context("cannot write to the terminal")?;
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .context("cannot read the answer")?;
    if line.trim().parse::<EmailAddress>().as_ref() == Ok(address) {
        Ok(())
    } else {
        Err(Failure::Usage("nothing was deleted".to_owned()))
    }
}

async fn delete(session: &mut Session, address: &EmailAddress, erase: bool) -> Result<(), Failure> {
    let path = format!("{}?erase={erase}", path_of(address));
    let gone = session
        .client
        .call(Method::DELETE, &path, Payload::Empty)
        .await?;
    session.output.result(&gone, || {
        if erase {
            format!("account {address} erased")
        } else {
            format!("account {address} deleted; `account restore` brings it back")
        }
    });
    Ok(())
}

async fn restore(session: &mut Session, address: &EmailAddress) -> Result<(), Failure> {
    let path = format!("{}/restore", path_of(address));
    let back = session
        .client
        .call(Method::POST, &path, Payload::Empty)
        .await?;
    session
        .output
        .result(&back, || format!("account {address} restored"));
    Ok(())
}

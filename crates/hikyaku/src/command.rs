//! One file per command.

mod account;
mod alias;
mod doctor;
mod domain;
mod init;
mod mailbox;
mod queue;
mod serve;
mod tenant;
mod trace;

use std::{fmt::Write as _, path::Path, process::ExitCode};

use anyhow::Context as _;
use hyper::Method;
use serde_json::Value;

use crate::{
    cli::{Cli, Command},
    client::{Client, Payload},
    failure::Failure,
    output::Output,
};

/// Runs the command that was asked for.
pub(crate) fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let output = if cli.json { Output::Json } else { Output::Text };
    match cli.command {
        Command::Init(options) => return init::run(options, output),
        Command::Serve => return serve::run(&cli.config),
        _ => {}
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(async {
        let mut session = Session::open(&cli.config, &cli.command, output).await?;
        let result = dispatch(&mut session, cli.command).await;
        session.client.close().await;
        result
    })
}

async fn dispatch(session: &mut Session, command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Tenant(command) => tenant::run(session, command).await,
        Command::Domain(command) => domain::run(session, command).await,
        Command::Account(command) => account::run(session, command).await,
        Command::Alias(command) => alias::run(session, command).await,
        Command::Mailbox(command) => mailbox::run(session, command).await,
        Command::Queue(command) => queue::run(session, command).await,
        Command::Trace(options) => trace::run(session, options).await,
        Command::Doctor(options) => doctor::run(session, options).await,
        Command::Init(_) | Command::Serve => Err(Failure::Usage("handled before".to_owned())),
    }
}

/// The services and the way to print.
pub(crate) struct Session {
    client: Client,
    output: Output,
}

impl Session {
    async fn open(config: &Path, command: &Command, output: Output) -> Result<Self, Failure> {
        let purpose = match command {
            Command::Init(_) => "init",
            Command::Serve => "serve",
            Command::Tenant(_) => "tenant",
            Command::Domain(_) => "domain",
            Command::Account(_) => "account",
            Command::Alias(_) => "alias",
            Command::Mailbox(_) => "mailbox",
            Command::Queue(_) => "queue",
            Command::Trace(_) => "trace",
            Command::Doctor(_) => "doctor",
        };
        Ok(Self {
            client: Client::open(config, purpose).await?,
            output,
        })
    }

    async fn read(&mut self, path: &str) -> Result<Value, Failure> {
        self.client.call(Method::GET, path, Payload::Empty).await
    }

    /// All items of a list that comes in pages.
    async fn read_all(&mut self, path: &str) -> Result<Value, Failure> {
        // The longest pages that the API gives.
        let mark = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{mark}limit=500");
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let page = match &cursor {
                None => self.read(&path).await?,
                Some(cursor) => {
                    self.read(&format!("{path}&cursor={}", encode(cursor)))
                        .await?
                }
            };
            items.extend(page["items"].as_array().cloned().unwrap_or_default());
            cursor = page["next"].as_str().map(str::to_owned);
            if cursor.is_none() {
                return Ok(Value::Array(items));
            }
        }
    }
}

/// Percent-encodes what stands in a path or a query.
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

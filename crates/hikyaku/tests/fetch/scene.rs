//! A host that mail is moved to, and what is looked at on both sides.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail, ensure};
use hikyaku_db::{
    Engine, Target,
    testing::{TestGuard, is_wanted, place},
};
use hikyaku_testkit::{
    host::{Host, HostDatabase, PASSWORD},
    imap::ImapClient,
    line::LineClient,
    program::{Finished, Home, finish},
};
use serde_json::Value;

/// The binary under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_hikyaku");
/// The account on both sides.
pub(crate) const TARO: &str = "taro@example.test";

/// A host with the account, and files for its commands.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) host: Host,
    pub(crate) home: Home,
    /// The database on a server; dropped after the host that uses it.
    _database: Option<TestGuard>,
}

impl Place {
    /// On the embedded database.
    pub(crate) fn new() -> Result<Self> {
        Self::on(&HostDatabase::Embedded, None)
    }

    /// On this engine; `None` where that is not wanted.
    pub(crate) fn on_engine(engine: Engine) -> Result<Option<Self>> {
        if engine == Engine::Sqlite {
            return Self::new().map(Some);
        }
        if !is_wanted(engine) {
            return Ok(None);
        }
        let guard = place(engine);
        let Target::Postgres { url } = guard.target() else {
            bail!("the place is not on PostgreSQL")
        };
        Self::on(&HostDatabase::Postgres(url), Some(guard)).map(Some)
    }

    fn on(database: &HostDatabase, guard: Option<TestGuard>) -> Result<Self> {
        let place = Self {
            host: Host::new(BINARY, database)?,
            home: Home::new()?,
            _database: guard,
        };
        place.host.account("taro")?;
        place.home.write("password", format!("{PASSWORD}\n"))?;
        Ok(place)
    }

    /// The file with the password.
    pub(crate) fn password(&self) -> PathBuf {
        self.home.join("password")
    }

    /// Runs `mailbox fetch` for the account, with its own name and password there.
    pub(crate) fn fetch(&self, from: &str, more: &[&str]) -> Result<Finished> {
        self.fetch_as(TARO, from, more)
    }

    /// The same for another name there.
    pub(crate) fn fetch_as(&self, user: &str, from: &str, more: &[&str]) -> Result<Finished> {
        let password = self.password();
        let mut arguments = vec!["--json", "mailbox", "fetch", TARO, "--from", from];
        let password = password.to_str().context("the name of the file")?;
        arguments.extend(["--user", user, "--password-file", password]);
        arguments.extend(more);
        finish(&mut self.host.command(&arguments), b"")
    }

    /// A run that must take everything; its report.
    pub(crate) fn fetched(&self, from: &str, more: &[&str]) -> Result<Value> {
        report(&self.fetch(from, more)?.succeeded()?)
    }

    /// An IMAP session of the account.
    pub(crate) fn imap(&self) -> Result<ImapClient> {
        ImapClient::sign_in(self.host.connect(143)?, TARO, PASSWORD)
    }

    /// The end: no inconsistency, no password in the log, and a server that stops in order.
    pub(crate) fn end(mut self) -> Result<()> {
        self.host.check()?;
        if self.host.server_id().is_some() {
            let log = self.host.log()?.lines().join("\n");
            ensure!(!log.contains(PASSWORD), "the password is in the log");
            let status = self.host.stop()?;
            ensure!(status.success(), "the server ended with {status}");
        }
        Ok(())
    }
}

/// The one document that a command printed.
pub(crate) fn report(finished: &Finished) -> Result<Value> {
    let found = serde_json::from_slice(&finished.stdout);
    found.with_context(|| format!("not one JSON document: {}", finished.text()))
}

/// What a report counts: found, imported, already, skipped.
pub(crate) fn counts(report: &Value) -> [u64; 4] {
    ["found", "imported", "already", "skipped"].map(|field| report[field].as_u64().unwrap_or(9999))
}

/// A message with its flags and the date of its arrival.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Shown {
    pub(crate) content: String,
    pub(crate) flags: Vec<String>,
    pub(crate) arrived: String,
}

/// All messages of a folder, in the order of their UIDs.
pub(crate) fn shown(client: &mut ImapClient, folder: &str) -> Result<Vec<Shown>> {
    client.select(folder)?;
    let mut messages = Vec::new();
    for uid in client.uids()? {
        messages.push(one(&mut client.line, uid)?);
    }
    Ok(messages)
}

fn one(line: &mut LineClient, uid: u32) -> Result<Shown> {
    line.send(&format!(
        "x UID FETCH {uid} (FLAGS INTERNALDATE BODY.PEEK[])"
    ))?;
    let (mut content, mut told) = (None, String::new());
    loop {
        let text = line.line()?;
        if text.starts_with("x ") {
            ensure!(text.starts_with("x OK"), "{text}");
            break;
        }
        told.push_str(&text);
        let size = text
            .strip_suffix('}')
            .and_then(|text| text.rsplit_once('{'));
        if let Some((_, size)) = size {
            let bytes = line.bytes(size.parse()?)?;
            content = Some(String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    let between = |start: &str, end: &str| -> Result<String> {
        let (_, rest) = told.split_once(start).context("an item is missing")?;
        let (value, _) = rest.split_once(end).context("an item has no end")?;
        Ok(value.to_owned())
    };
    let flags = between("FLAGS (", ")")?;
    let mut flags: Vec<String> = flags.split_whitespace().map(str::to_owned).collect();
    flags.retain(|flag| flag != "\\Recent");
    flags.sort_unstable();
    Ok(Shown {
        content: content.context("no content")?,
        flags,
        arrived: between("INTERNALDATE \"", "\"")?,
    })
}

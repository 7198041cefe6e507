//! A host of the real binary on either engine, and what all tests ask of it.

use std::{collections::BTreeMap, net::SocketAddr};

use anyhow::{Context as _, Result};
use hikyaku_db::{
    Engine, Target,
    testing::{TestGuard, is_wanted, place},
};
use hikyaku_testkit::{
    host::{Host, HostDatabase, PASSWORD},
    line::LineClient,
    pop3::Pop3Client,
};

/// The binary under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_hikyaku");

/// A host with a domain; on PostgreSQL with a database of its own.
#[derive(Debug)]
pub(crate) struct Scene {
    /// The host; it ends before its database is dropped.
    pub(crate) host: Host,
    _database: Option<TestGuard>,
}

impl Scene {
    /// A fresh host, not started; none where PostgreSQL is not wanted.
    pub(crate) fn new(engine: Engine) -> Result<Option<Self>> {
        if !is_wanted(engine) {
            return Ok(None);
        }
        let guard = (engine == Engine::Postgres).then(|| place(engine));
        let database = match guard.as_ref().map(TestGuard::target) {
            Some(Target::Postgres { url }) => HostDatabase::Postgres(url),
            _ => HostDatabase::Embedded,
        };
        let host = Host::new(BINARY, &database)?;
        Ok(Some(Self {
            host,
            _database: guard,
        }))
    }
}

/// Accounts of these local parts in `example.test`.
pub(crate) fn people(host: &Host, locals: &[&str]) -> Result<Vec<String>> {
    locals.iter().map(|local| host.account(local)).collect()
}

/// Signs in to POP3.
pub(crate) fn read_mail(pop3: SocketAddr, login: &str) -> Result<Pop3Client> {
    Pop3Client::sign_in(LineClient::connect(pop3)?, login, PASSWORD)
}

/// What is in the mailboxes: recipient, then the Message-IDs in order.
pub(crate) type Mailboxes = BTreeMap<String, Vec<String>>;

/// Reads all of these mailboxes.
pub(crate) fn mailboxes(pop3: SocketAddr, people: &[String]) -> Result<Mailboxes> {
    let mut found = Mailboxes::new();
    for person in people {
        let mut client = read_mail(pop3, person)?;
        let messages = client
            .message_ids()
            .with_context(|| format!("the mail of {person}"))?;
        client.quit()?;
        found.insert(person.clone(), messages);
    }
    Ok(found)
}

/// A number from the environment.
pub(crate) fn count_from(variable: &str, usual: u64) -> Result<u64> {
    match std::env::var(variable) {
        Ok(text) => text
            .parse()
            .with_context(|| format!("{variable}={text} is no number")),
        Err(_) => Ok(usual),
    }
}

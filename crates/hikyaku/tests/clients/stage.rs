//! A running host with two accounts, and a home for the client that visits it.

use anyhow::{Context as _, Result, ensure};
use hikyaku_db::{
    Engine, Target,
    testing::{TestGuard, is_wanted, place},
};
use hikyaku_testkit::{
    host::{Host, HostDatabase, PASSWORD},
    imap::ImapClient,
    program::{Finished, Home, Program, finish},
};

/// The account that mostly reads.
pub(crate) const TARO: &str = "taro@example.test";
/// The account that mostly sends.
pub(crate) const HANAKO: &str = "hanako@example.test";
/// A sender that is not one of ours.
pub(crate) const STRANGER: &str = "stranger@remote.example";

const CURL: Program = Program::named("curl");
const PYTHON: Program = Program::named("python3");

/// The stage of one test.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) host: Host,
    pub(crate) home: Home,
    /// The database on a server; dropped after the host that uses it.
    _database: Option<TestGuard>,
}

impl Stage {
    /// A running host on the embedded database.
    pub(crate) fn start() -> Result<Self> {
        Self::start_with(|text| text)
    }

    /// The same with another configuration than `init` wrote.
    pub(crate) fn start_with(change: impl FnOnce(String) -> String) -> Result<Self> {
        Self::set_up(None, change)
    }

    /// A running host on PostgreSQL; `None` where that is not wanted.
    pub(crate) fn start_on_postgres() -> Result<Option<Self>> {
        if !is_wanted(Engine::Postgres) {
            return Ok(None);
        }
        Self::set_up(Some(place(Engine::Postgres)), |text| text).map(Some)
    }

    fn set_up(database: Option<TestGuard>, change: impl FnOnce(String) -> String) -> Result<Self> {
        let engine = match database.as_ref().map(TestGuard::target) {
            Some(Target::Postgres { url }) => HostDatabase::Postgres(url),
            _ => HostDatabase::Embedded,
        };
        let mut host = Host::new(env!("CARGO_BIN_EXE_hikyaku"), &engine)?;
        host.configure(change)?;
        host.account("taro")?;
        host.account("hanako")?;
        host.start()?;
        Ok(Self {
            host,
            home: Home::new()?,
            _database: database,
        })
    }

    /// The end of every test: no inconsistency, and the server stops in order.
    pub(crate) fn end(mut self) -> Result<()> {
        self.host.check()?;
        let status = self.host.stop()?;
        ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }

    /// The path of the host's certificate, as settings of clients have it.
    pub(crate) fn certificate(&self) -> String {
        self.host.certificate().display().to_string()
    }

    /// Runs a client with these arguments.
    pub(crate) fn run(&self, program: Program, arguments: &[&str]) -> Result<Finished> {
        self.run_with(program, arguments, b"")
    }

    /// Runs a client with these arguments and something on its standard input.
    pub(crate) fn run_with(
        &self,
        program: Program,
        arguments: &[&str],
        input: &[u8],
    ) -> Result<Finished> {
        finish(self.home.command(program)?.args(arguments), input)
            .with_context(|| format!("{} {arguments:?}", program.name))
    }

    /// Runs curl, which trusts only the host's certificate.
    pub(crate) fn curl(&self, arguments: &[&str]) -> Result<Finished> {
        let certificate = self.certificate();
        let mut all = vec!["--silent", "--show-error", "--cacert", &certificate];
        all.extend_from_slice(arguments);
        self.run(CURL, &all)
    }

    /// curl's option for the password of a login name.
    pub(crate) fn user(login: &str) -> String {
        format!("{login}:{PASSWORD}")
    }

    /// Runs one of the scripts beside these tests. Its arguments are the port base, the
    /// certificate and the password, then those given here.
    pub(crate) fn python(&self, script: &str, arguments: &[&str]) -> Result<Finished> {
        let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/scripts");
        let (script, base) = (
            format!("{scripts}/{script}.py"),
            self.host.port(0).to_string(),
        );
        let certificate = self.certificate();
        // -B leaves no compiled files in the repository.
        let mut all = vec!["-B", script.as_str(), &base, &certificate, PASSWORD];
        all.extend_from_slice(arguments);
        self.run(PYTHON, &all)
    }

    /// An IMAP session of an account, to look at what a client did.
    pub(crate) fn imap(&self, address: &str) -> Result<ImapClient> {
        ImapClient::sign_in(self.host.connect_tls(993)?, address, PASSWORD)
    }

    /// The messages in an account's INBOX, byte for byte, read over POP3S.
    pub(crate) fn inbox(&self, address: &str) -> Result<Vec<Vec<u8>>> {
        let url = format!("pop3s://localhost:{}/", self.host.port(995));
        let user = Self::user(address);
        let list = self.curl(&["--user", &user, &url])?.succeeded()?;
        // curl prints an empty line for an empty list.
        let count = String::from_utf8(list.stdout)?.split_whitespace().count() / 2;
        (1..=count)
            .map(|number| {
                let url = format!("{url}{number}");
                Ok(self.curl(&["--user", &user, &url])?.succeeded()?.stdout)
            })
            .collect()
    }

    /// The only message in an account's INBOX.
    pub(crate) fn only_message(&self, address: &str) -> Result<Vec<u8>> {
        let mut messages = self.inbox(address)?;
        ensure!(
            messages.len() == 1,
            "{} messages of {address} instead of one",
            messages.len()
        );
        messages.pop().context("no message")
    }

    /// Hands in a message as another server does, with swaks' simplest form: port 25, no sign-in.
    pub(crate) fn deliver(&self, to: &str, message: &str) -> Result<()> {
        let file = self.home.write("deliver.eml", message)?;
        let url = format!("smtp://localhost:{}", self.host.port(25));
        let file = file.display().to_string();
        let arguments = [
            &url,
            "--mail-from",
            STRANGER,
            "--mail-rcpt",
            to,
            "--upload-file",
            &file,
            "--crlf",
        ];
        self.curl(&arguments)?.succeeded().map(drop)
    }
}

/// A small message with a subject and a line of text, lines ending in LF.
pub(crate) fn message(subject: &str, text: &str) -> String {
    format!(
        "From: Stranger <{STRANGER}>\nTo: {TARO}\nSubject: {subject}\n\
         Date: Sat, 21 Nov 2026 09:00:00 +0900\nMessage-ID: <{subject}@remote.example>\n\n{text}\n"
    )
}

/// Fails unless `text` contains `what`.
pub(crate) fn contains(text: &[u8], what: &str) -> Result<()> {
    let text = String::from_utf8_lossy(text);
    ensure!(text.contains(what), "{what:?} is not in {text:?}");
    Ok(())
}

//! A host whose commands are run, with a server or without.

use anyhow::{Context as _, Result, bail, ensure};
use hikyaku_db::{
    Engine, Target,
    testing::{TestGuard, is_wanted, place},
};
use hikyaku_testkit::{
    host::{Host, HostDatabase, PASSWORD},
    imap::ImapClient,
    mail::TestMail,
    pop3::Pop3Client,
    program::{Finished, Home, Program, finish},
    smtp::SmtpClient,
};
use serde_json::Value;

/// The binary under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_hikyaku");
/// The account of most tests.
pub(crate) const TARO: &str = "taro@example.test";

/// Exit codes, as `failure.rs` documents them.
pub(crate) const REFUSED: i32 = 1;
pub(crate) const USAGE: i32 = 2;
pub(crate) const NEEDS_A_LOOK: i32 = 3;
pub(crate) const NOT_NOW: i32 = 4;

/// Whether a server runs while the commands do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    Running,
    Stopped,
}

/// A host with the tenant Test and the domain `example.test`, and a folder for files.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) host: Host,
    pub(crate) home: Home,
    /// The database on a server; dropped after the host that uses it.
    _database: Option<TestGuard>,
}

impl Scene {
    pub(crate) fn new(server: Server) -> Result<Self> {
        Self::with(server, |text| text)
    }

    /// The same with another configuration than `init` wrote.
    pub(crate) fn with(server: Server, change: impl FnOnce(String) -> String) -> Result<Self> {
        let mut host = Host::new(BINARY, &HostDatabase::Embedded)?;
        host.configure(change)?;
        if server == Server::Running {
            host.start()?;
        }
        Ok(Self {
            host,
            home: Home::new()?,
            _database: None,
        })
    }

    /// A host on PostgreSQL without a server; `None` where that is not wanted.
    pub(crate) fn on_postgres() -> Result<Option<Self>> {
        if !is_wanted(Engine::Postgres) {
            return Ok(None);
        }
        let guard = place(Engine::Postgres);
        let Target::Postgres { url } = guard.target() else {
            bail!("the place is not on PostgreSQL")
        };
        Ok(Some(Self {
            host: Host::new(BINARY, &HostDatabase::Postgres(url))?,
            home: Home::new()?,
            _database: Some(guard),
        }))
    }

    /// The end of every test: no inconsistency, and a server that runs stops in order.
    pub(crate) fn end(mut self) -> Result<()> {
        self.host.check()?;
        if self.host.server_id().is_some() {
            let status = self.host.stop()?;
            ensure!(status.success(), "the server ended with {status}");
        }
        Ok(())
    }

    /// Runs a command, whatever comes of it.
    pub(crate) fn run(&self, arguments: &[&str]) -> Result<Finished> {
        self.run_with(arguments, "")
    }

    /// The same with something on standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Result<Finished> {
        finish(&mut self.host.command(arguments), input.as_bytes())
            .with_context(|| arguments.join(" "))
    }

    /// Runs a command that must succeed; returns its standard output.
    pub(crate) fn told(&self, arguments: &[&str]) -> Result<String> {
        let finished = self.run(arguments)?.succeeded();
        Ok(String::from_utf8(
            finished.with_context(|| arguments.join(" "))?.stdout,
        )?)
    }

    /// Runs a command with `--json` that must succeed; its one document.
    pub(crate) fn json(&self, arguments: &[&str]) -> Result<Value> {
        self.json_after(arguments, 0)
    }

    /// The same with another exit code.
    pub(crate) fn json_after(&self, arguments: &[&str], code: i32) -> Result<Value> {
        let all = [&["--json"], arguments].concat();
        let finished = self.run(&all)?.ended_with(code)?;
        serde_json::from_slice(&finished.stdout)
            .with_context(|| format!("{arguments:?}: not one JSON document: {}", finished.text()))
    }

    /// A command that is refused: exit code 1, nothing on standard output, the reason on standard
    /// error in words, and with `--json` as one object with this code.
    pub(crate) fn refused(&self, arguments: &[&str], code: &str, says: &str) -> Result<Value> {
        self.refused_with(arguments, "", code, says)
    }

    /// The same with something on standard input.
    pub(crate) fn refused_with(
        &self,
        arguments: &[&str],
        input: &str,
        code: &str,
        says: &str,
    ) -> Result<Value> {
        let words = self
            .run_with(arguments, input)?
            .ended_with(REFUSED)?
            .says(says)?;
        ensure!(
            words.stdout.is_empty(),
            "{arguments:?} printed {}",
            words.text()
        );
        ensure!(
            words.stderr.starts_with(b"hikyaku: "),
            "{arguments:?}: {}",
            words.text()
        );
        let all = [&["--json"], arguments].concat();
        let finished = self
            .run_with(&all, input)?
            .ended_with(REFUSED)?
            .says(&escaped(says))?;
        let problem: Value = serde_json::from_slice(&finished.stderr)
            .with_context(|| format!("{arguments:?}: not JSON: {}", finished.text()))?;
        ensure!(
            problem["code"] == code,
            "{arguments:?}: {problem} instead of {code}"
        );
        Ok(problem)
    }

    /// An account with the usual password.
    pub(crate) fn account(&self, address: &str) -> Result<()> {
        let create = ["account", "create", address, "--password-stdin"];
        self.run_with(&create, PASSWORD)?.succeeded().map(drop)
    }

    /// Hands in a message to these recipients at port 25.
    pub(crate) fn deliver(&self, to: &[&str], mail: &TestMail) -> Result<String> {
        let mut client = SmtpClient::greet(self.host.connect(25)?)?;
        client.send("sender@remote.example", to, mail)
    }

    /// A POP3 session of an account.
    pub(crate) fn pop3(&self, login: &str, password: &str) -> Result<Pop3Client> {
        Pop3Client::sign_in(self.host.connect(110)?, login, password)
    }

    /// An IMAP session of an account.
    pub(crate) fn imap(&self, login: &str) -> Result<ImapClient> {
        ImapClient::sign_in(self.host.connect(143)?, login, PASSWORD)
    }

    /// Runs one of the scripts beside these tests.
    pub(crate) fn python(&self, script: &str, arguments: &[&str]) -> Result<Finished> {
        let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/scripts");
        let script = format!("{scripts}/{script}.py");
        let mut command = self.home.command(Program::named("python3"))?;
        // -B leaves no compiled files in the repository.
        finish(command.args(["-B", &script]).args(arguments), b"")
    }
}

/// A text as it stands within JSON.
fn escaped(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted.trim_matches('"').to_owned()
}

/// Runs a test on a host whose server runs, and on one without.
pub(crate) fn in_both_modes(test: impl Fn(&Scene) -> Result<()>) -> Result<()> {
    for server in [Server::Stopped, Server::Running] {
        let scene = Scene::new(server)?;
        test(&scene).with_context(|| format!("the server is {server:?}"))?;
        scene.end()?;
    }
    Ok(())
}

/// Fails unless a text contains all of these.
pub(crate) fn contains(text: &str, wanted: &[&str]) -> Result<()> {
    for what in wanted {
        ensure!(text.contains(what), "{what:?} is not in {text:?}");
    }
    Ok(())
}

//! A host that finds remotes by a name server of the test.

use anyhow::{Context as _, Result, bail, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hikyaku_db::{
    Engine, Target,
    testing::{TestGuard, is_wanted, place},
};
use hikyaku_testkit::{
    dns::FakeDns,
    host::{Host, HostDatabase, PASSWORD},
    mail::TestMail,
    pop3::Pop3Client,
    remote::{FakeRemote, Offer},
    smtp::{SmtpClient, Verdict},
};

/// The binary under test.
const BINARY: &str = env!("CARGO_BIN_EXE_hikyaku");

/// The domain of the remote.
pub(crate) const DOMAIN: &str = "remote.example";

/// Who sends.
pub(crate) const SENDER: &str = "taro@example.test";

pub(crate) struct Scene {
    /// It ends before all it speaks with.
    pub(crate) host: Host,
    pub(crate) dns: FakeDns,
    pub(crate) remote: FakeRemote,
    database: Option<TestGuard>,
}

impl Scene {
    /// A host with the accounts `taro` and `hanako`, started, and a remote that takes the mail of
    /// [`DOMAIN`]; none where the engine is not wanted.
    pub(crate) fn new(engine: Engine) -> Result<Option<Self>> {
        Self::with(engine, Offer::default(), |_| String::new())
    }

    /// The same with more lines in `[outgoing]`.
    pub(crate) fn with(
        engine: Engine,
        offer: Offer,
        lines: impl FnOnce(&FakeRemote) -> String,
    ) -> Result<Option<Self>> {
        if !is_wanted(engine) {
            return Ok(None);
        }
        let database = (engine == Engine::Postgres).then(|| place(engine));
        let target = match database.as_ref().map(TestGuard::target) {
            Some(Target::Postgres { url }) => HostDatabase::Postgres(url),
            _ => HostDatabase::Embedded,
        };
        let (dns, remote) = (FakeDns::start()?, FakeRemote::with(offer)?);
        dns.mx(DOMAIN, &[(10, "mx1.remote.example")]);
        dns.host("mx1.remote.example", &[remote.ip()]);
        let host = Host::new(BINARY, &target)?;
        let lines = lines(&remote);
        configure(&host, &dns, remote.address().port(), &lines)?;
        for local in ["taro", "hanako"] {
            host.account(local)?;
        }
        let mut scene = Self {
            host,
            dns,
            remote,
            database,
        };
        scene.host.start()?;
        Ok(Some(scene))
    }

    /// The database of the host, where it has one outside of its folder.
    pub(crate) fn database(&self) -> Option<&TestGuard> {
        self.database.as_ref()
    }

    /// Hands in a message of [`SENDER`]'s, which must be accepted.
    pub(crate) fn submit(&self, to: &[&str]) -> Result<TestMail> {
        submit(&self.host, SENDER, to)
    }

    /// Attempts recorded so far.
    pub(crate) fn attempts(&self) -> Result<usize> {
        let lines = self.host.log()?.lines();
        Ok(lines
            .iter()
            .filter(|line| line.contains("attempt to send"))
            .count())
    }

    /// Waits until so many attempts are recorded; returns the log's line of the last one.
    pub(crate) fn wait_for_attempt(&self, number: usize) -> Result<String> {
        let log = self.host.log()?;
        let mut from = 0;
        let mut line = String::new();
        for _ in 0..number {
            line = log.wait_for("attempt to send", from)?;
            let at = log.lines().iter().skip(from).position(|one| *one == line);
            from += at.context("the log lost a line")? + 1;
        }
        Ok(line)
    }

    /// What waits, as `queue list` shows it.
    pub(crate) fn queued(&self) -> Result<String> {
        self.host.run(&["queue", "list"])
    }

    /// Everything that waits is tried now.
    pub(crate) fn retry(&self) -> Result<()> {
        // What is being sent already is told by the exit code, and no error here.
        self.host
            .try_run(&["queue", "retry", "--all"], "")
            .map(drop)
    }

    /// Tries until the queue is empty.
    pub(crate) fn drain(&self) -> Result<()> {
        for _ in 0..20 {
            let before = self.attempts()?;
            self.retry()?;
            if self.queued()?.contains("the queue is empty") {
                return Ok(());
            }
            self.wait_for_attempt(before + 1)?;
        }
        bail!("the queue does not get empty: {}", self.queued()?)
    }

    /// The messages in a mailbox, whole.
    pub(crate) fn mailbox(&self, login: &str) -> Result<Vec<String>> {
        mailbox(&self.host, login)
    }

    /// The only message in a mailbox.
    pub(crate) fn only_message(&self, login: &str) -> Result<String> {
        let mut messages = self.mailbox(login)?;
        ensure!(messages.len() == 1, "{} messages", messages.len());
        messages.pop().context("no message")
    }
}

/// Points a host to the test's name server and port.
pub(crate) fn configure(host: &Host, dns: &FakeDns, port: u16, lines: &str) -> Result<()> {
    let lines = format!(
        "[outgoing]\ndns = [\"{}\"]\nport = {port}\nallow_loopback = true\n{lines}\n",
        dns.address()
    );
    host.configure(|text| text.replace("[outgoing]\n", &lines))
}

/// A signed-in session at the submission port.
pub(crate) fn session(host: &Host, login: &str) -> Result<SmtpClient> {
    let mut client = SmtpClient::greet(host.connect(587)?)?;
    let plain = STANDARD.encode(format!("\0{login}\0{PASSWORD}"));
    let reply = client.reply(&format!("AUTH PLAIN {plain}"))?;
    ensure!(reply.starts_with("235"), "{reply}");
    Ok(client)
}

/// A message of somebody's own.
pub(crate) fn mail_of(sender: &str) -> TestMail {
    let mail = TestMail::of_size(600);
    let text = String::from_utf8_lossy(&mail.bytes);
    let text = text.replace("Sender <sender@remote.example>", sender);
    TestMail {
        id: mail.id,
        bytes: text.into_bytes(),
    }
}

/// Hands in a message, which must be accepted.
pub(crate) fn submit(host: &Host, sender: &str, to: &[&str]) -> Result<TestMail> {
    let mail = mail_of(sender);
    session(host, sender)?.send(sender, to, &mail)?;
    Ok(mail)
}

/// Hands in a message, whatever comes of it.
pub(crate) fn offer(host: &Host, sender: &str, to: &[&str]) -> Result<Verdict> {
    session(host, sender)?.offer(sender, to, &mail_of(sender))
}

/// The messages in a mailbox, whole.
pub(crate) fn mailbox(host: &Host, login: &str) -> Result<Vec<String>> {
    let mut client = Pop3Client::sign_in(host.connect(110)?, login, PASSWORD)?;
    let mut messages = Vec::new();
    for listed in client.list()? {
        messages.push(client.retrieve(listed.number)?.join("\r\n"));
    }
    client.quit()?;
    Ok(messages)
}

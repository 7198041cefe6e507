//! Large mail in an S3: while that is away only large mail waits, and what is missing is named.

use std::fs;

use anyhow::{Result, ensure};
use hikyaku_testkit::{
    host::{Host, HostDatabase, PASSWORD},
    imap::ImapClient,
    mail::TestMail,
    s3::{BUCKET, FakeS3, Fault, KEY_ID, On, SECRET},
    seed::Seed,
    smtp::{SmtpClient, Verdict},
};

use crate::{
    scene::{BINARY, read_mail},
    senders::SENDER,
};

/// As long as the test wants.
const ALWAYS: usize = usize::MAX;
/// Octets of a message that becomes an object.
const LARGE: usize = 300_000;
const SMALL: usize = 3_000;

struct Scene {
    s3: FakeS3,
    host: Host,
    alice: String,
    seed: Seed,
}

impl Scene {
    fn new() -> Result<Self> {
        let s3 = FakeS3::start()?;
        let mut host = Host::bare(BINARY, &HostDatabase::Embedded)?;
        fs::write(host.dir().join("s3.key"), format!("{KEY_ID}\n{SECRET}\n"))?;
        let endpoint = s3.endpoint();
        host.configure(|text| {
            format!(
                "{text}\n[objects]\nstore = \"s3\"\n\n[objects.s3]\nendpoint = \"{endpoint}\"\n\
                 bucket = \"{BUCKET}\"\nprefix = \"host\"\ncredentials_file = \"s3.key\"\n\
                 allow_http = true\n"
            )
        })?;
        host.add_domain()?;
        let alice = host.account("alice")?;
        host.start()?;
        let seed = Seed::of_run("objects");
        Ok(Self {
            s3,
            host,
            alice,
            seed,
        })
    }

    fn offer(&mut self, size: usize) -> Result<Verdict> {
        let mail = TestMail::incompressible(size, &mut self.seed);
        let mut client = SmtpClient::greet(self.host.connect(25)?)?;
        client.offer(SENDER, &[&self.alice], &mail)
    }

    fn is_accepted(&mut self, size: usize) -> Result<()> {
        let verdict = self.offer(size)?;
        ensure!(matches!(verdict, Verdict::Accepted(_)), "{verdict:?}");
        Ok(())
    }

    fn objects(&self) -> Result<Vec<String>> {
        let mut names = self.s3.objects()?;
        names.retain(|name| name.starts_with("host/2"));
        Ok(names)
    }

    fn imap(&self) -> Result<ImapClient> {
        let mut client = ImapClient::sign_in(self.host.connect(143)?, &self.alice, PASSWORD)?;
        client.select("INBOX")?;
        Ok(client)
    }

    /// The store neither takes nor gives anything.
    fn away(&self, fault: Fault) {
        for on in [On::Put, On::Get, On::Delete, On::List] {
            self.s3.fail(on, fault, ALWAYS);
        }
    }

    fn health(&self) -> Result<String> {
        let mut line = self.host.connect(80)?;
        line.send("GET /healthz HTTP/1.1\r\nHost: here\r\nConnection: close\r\n")?;
        line.line()
    }
}

#[test]
fn while_the_storage_is_away_only_large_mail_waits() -> Result<()> {
    let mut scene = Scene::new()?;
    scene.is_accepted(SMALL)?;
    scene.is_accepted(LARGE)?;
    ensure!(scene.objects()?.len() == 1, "{:?}", scene.objects());
    for fault in [Fault::Status(503), Fault::Cut] {
        scene.away(fault);
        let verdict = scene.offer(LARGE)?;
        ensure!(verdict.reply().starts_with("451 4.3.0"), "{verdict:?}");
        scene.is_accepted(SMALL)?;
        let mut client = scene.imap()?;
        client.command("FETCH 1 BODY.PEEK[]")?;
        let refused = client.command("FETCH 2 BODY.PEEK[]");
        let refused = format!(
            "{:#}",
            refused.err().unwrap_or_else(|| anyhow::anyhow!("OK"))
        );
        ensure!(refused.contains("NO [UNAVAILABLE]"), "{refused}");
        let mail = TestMail::incompressible(LARGE, &mut scene.seed);
        let answer = client.append("INBOX", &mail.bytes)?;
        ensure!(answer.contains(" NO [UNAVAILABLE]"), "{answer}");
        let mut client = read_mail(scene.host.address(110), &scene.alice)?;
        let refused = format!("{:?}", client.retrieve(2).err());
        ensure!(refused.contains("-ERR [SYS/TEMP]"), "{refused}");
        scene.s3.heal();
    }
    scene.is_accepted(LARGE)?;
    let mut client = scene.imap()?;
    let lines = client.command("FETCH 2 BODY.PEEK[]")?;
    ensure!(lines.len() > 1000, "{} lines", lines.len());
    scene.host.check()?;
    scene.host.stop()?;
    // Without its storage the server starts all the same, and says what is wrong.
    scene.away(Fault::Status(500));
    scene.host.start()?;
    scene.is_accepted(SMALL)?;
    let health = scene.health()?;
    ensure!(health.starts_with("HTTP/1.1 503"), "{health}");
    let log = format!("{:?}", scene.host.log()?);
    ensure!(!log.contains(SECRET), "the log has the secret");
    Ok(())
}

#[test]
fn a_missing_object_is_named_and_nothing_else_is_lost() -> Result<()> {
    let mut scene = Scene::new()?;
    for size in [SMALL, LARGE, LARGE] {
        scene.is_accepted(size)?;
    }
    let report = scene.host.run(&["doctor", "--contents"])?;
    ensure!(report.contains("read 3 contents"), "{report}");
    ensure!(
        report.contains("0 missing, 0 damaged; 0 of 2 stored"),
        "{report}"
    );
    let names = scene.objects()?;
    let file = scene.s3.bucket().join(&names[0]);
    let other = scene.s3.bucket().join(&names[1]);
    let whole = fs::read(&other)?;
    fs::remove_file(file)?;
    fs::write(
        &other,
        [&whole[..1000], b"other octets", &whole[1012..]].concat(),
    )?;
    let output = scene
        .host
        .try_run(&["--json", "doctor", "--contents"], "")?;
    ensure!(output.status.code() == Some(3), "{output:?}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let contents = &report["contents"];
    ensure!(
        contents["missing"] == 1 && contents["damaged"] == 1,
        "{report}"
    );
    let named = report["inconsistencies"].to_string();
    ensure!(
        named.contains("INBOX UID 2") && named.contains("INBOX UID 3"),
        "{named}"
    );
    ensure!(named.contains(&scene.alice), "{named}");
    // The others can be read.
    let mut client = scene.imap()?;
    let lines = client.command("FETCH 1 BODY.PEEK[]")?;
    ensure!(lines.len() > 10, "{lines:?}");
    // With the object back, all is well.
    fs::write(&other, whole)?;
    let output = scene
        .host
        .try_run(&["--json", "doctor", "--contents"], "")?;
    let report: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    ensure!(report["contents"]["damaged"] == 0, "{report}");
    Ok(())
}

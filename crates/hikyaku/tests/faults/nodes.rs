//! Several processes serve the same accounts on one PostgreSQL: what one writes the others show,
//! one is killed under load, and one is upgraded while the others serve.

use std::{
    fs::Permissions,
    os::unix::fs::PermissionsExt as _,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use hikyaku_db::{
    Engine, Target,
    testing::{TestGuard, is_wanted, place},
};
use hikyaku_testkit::{
    host::{Host, HostDatabase, PASSWORD},
    imap::ImapClient,
    line::LineClient,
    mail::TestMail,
    pop3::Pop3Client,
    s3::{BUCKET, FakeS3, KEY_ID, SECRET},
    seed::Seed,
    smtp::{SmtpClient, Verdict},
};

use crate::{
    ledger::Ledger,
    scene::{BINARY, mailboxes, people},
    senders::{Door, SENDER, send_on},
    watcher::Watcher,
};

/// Acknowledged deliveries between two events.
const BETWEEN: u64 = 40;
/// Contents above this size when compressed are objects: nearly all.
const INLINE: &str = "256";
/// Kills of a process under load.
const KILLS: u64 = 3;
/// A sender that was cut off tries again when others got through, or after this time.
const PAUSE: Duration = Duration::from_millis(20);

/// Processes with one database and one S3.
struct Nodes {
    /// They end before the database is dropped.
    hosts: Vec<Host>,
    s3: FakeS3,
    _database: TestGuard,
}

impl Nodes {
    /// So many, not started; none where PostgreSQL is not wanted.
    fn new(count: usize) -> Result<Option<Self>> {
        if !is_wanted(Engine::Postgres) {
            return Ok(None);
        }
        let guard = place(Engine::Postgres);
        let Target::Postgres { url } = guard.target() else {
            bail!("not a PostgreSQL database");
        };
        let database = HostDatabase::Postgres(url);
        let mut hosts = vec![Host::new(BINARY, &database)?];
        for _ in 1..count {
            hosts.push(Host::bare(BINARY, &database)?);
        }
        let s3 = FakeS3::start()?;
        for host in &hosts {
            share(host, &s3)?;
        }
        Ok(Some(Self {
            hosts,
            s3,
            _database: guard,
        }))
    }

    fn start(&mut self) -> Result<()> {
        self.hosts.iter_mut().try_for_each(Host::start)
    }

    fn imap(&self, node: usize, who: &str) -> Result<ImapClient> {
        ImapClient::sign_in(self.hosts[node].connect(143)?, who, PASSWORD)
    }
}

/// Lets a host keep larger contents in this S3.
fn share(host: &Host, s3: &FakeS3) -> Result<()> {
    let keys = host.dir().join("s3.key");
    std::fs::write(&keys, format!("{KEY_ID}\n{SECRET}\n"))?;
    std::fs::set_permissions(&keys, Permissions::from_mode(0o600))?;
    let section = format!(
        "[objects]\nstore = \"s3\"\ninline_limit = \"{INLINE}\"\n\n[objects.s3]\n\
         endpoint = \"{}\"\nbucket = \"{BUCKET}\"\ncredentials_file = \"{}\"\n\
         allow_http = true\n\n[limits]\n",
        s3.endpoint(),
        keys.display(),
    );
    host.configure(|text| text.replacen("[limits]\n", &section, 1))
}

fn deliver(host: &Host, to: &str) -> Result<TestMail> {
    let mail = TestMail::default();
    let mut client = SmtpClient::greet(host.connect(25)?)?;
    match client.offer(SENDER, &[to], &mail)? {
        Verdict::Accepted(_) => Ok(mail),
        Verdict::Refused(reply) => bail!("refused: {reply}"),
    }
}

/// In IDLE: reads until a line with this text comes.
fn hear(line: &mut LineClient, text: &str) -> Result<()> {
    loop {
        let said = line
            .line()
            .with_context(|| format!("waiting for {text:?}"))?;
        if said.contains(text) {
            return Ok(());
        }
    }
}

#[test]
fn what_one_writes_the_others_show() -> Result<()> {
    let Some(mut nodes) = Nodes::new(2)? else {
        return Ok(());
    };
    let alice = nodes.hosts[0].account("alice")?;
    nodes.start()?;
    let mut idle = nodes.hosts[1].connect(143)?;
    idle.expect("* OK")?;
    idle.command(&format!("a LOGIN {alice} \"{PASSWORD}\""), "a OK")?;
    idle.send("b SELECT INBOX")?;
    idle.until_tagged("b")?;
    idle.command("c IDLE", "+")?;
    deliver(&nodes.hosts[0], &alice)?;
    hear(&mut idle, "* 1 EXISTS")?;
    let mut other = nodes.imap(0, &alice)?;
    other.select("INBOX")?;
    other.command("STORE 1 +FLAGS (\\Flagged)")?;
    hear(&mut idle, "\\Flagged")?;
    other.command("STORE 1 +FLAGS (\\Deleted)")?;
    other.command("EXPUNGE")?;
    hear(&mut idle, "* 1 EXPUNGE")?;
    // An account that was created on one is known to the other, and so is its new password.
    let bob = nodes.hosts[1].account("bob")?;
    nodes.imap(0, &bob)?.log_out()?;
    let changed = ["account", "set", &bob, "--password-stdin"];
    nodes.hosts[1].run_with(&changed, "another horse 8")?;
    ensure!(nodes.imap(0, &bob).is_err(), "the old password still opens");
    // A session ends when the account is switched off elsewhere.
    nodes.hosts[0].run(&["account", "set", &alice, "--status", "suspended"])?;
    hear(&mut idle, "* BYE")?;
    for host in &mut nodes.hosts {
        host.check()?;
        ensure!(host.stop()?.success(), "a process did not end well");
    }
    Ok(())
}

#[test]
fn a_pop3_mailbox_has_one_session_among_all() -> Result<()> {
    let Some(mut nodes) = Nodes::new(2)? else {
        return Ok(());
    };
    let alice = nodes.hosts[0].account("alice")?;
    nodes.start()?;
    deliver(&nodes.hosts[1], &alice)?;
    let sign_in =
        |node: usize| Pop3Client::sign_in(nodes.hosts[node].connect(110)?, &alice, PASSWORD);
    let mut first = sign_in(0)?;
    ensure!(first.list()?.len() == 1, "the mail is not there");
    let error = sign_in(1).err().context("two sessions have one mailbox")?;
    ensure!(format!("{error:#}").contains("IN-USE"), "{error:#}");
    first.delete(1)?;
    first.quit()?;
    let mut second = sign_in(1)?;
    ensure!(second.list()?.is_empty(), "what was deleted is still there");
    second.quit()
}

#[test]
fn one_is_killed_under_load() -> Result<()> {
    let Some(mut nodes) = Nodes::new(3)? else {
        return Ok(());
    };
    let people = people(&nodes.hosts[0], &["watched", "bob", "carol", "dave"])?;
    nodes.start()?;
    let (ledger, mut watcher) = (Ledger::default(), Watcher::of(&people[0]));
    let mut seed = Seed::of_run("a node is killed");
    for round in 1..=KILLS {
        under_load(
            &mut nodes,
            (&people, &ledger),
            &mut watcher,
            &mut seed,
            |nodes| {
                nodes.hosts[2].kill()?;
                // The others go on, and the one that died comes back.
                ledger.wait_for_accepted(ledger.accepted() + BETWEEN)?;
                nodes.hosts[2].start()
            },
        )
        .with_context(|| format!("kill {round}"))?;
    }
    verify(&mut nodes, &people, &ledger, &mut watcher)
}

#[test]
fn one_is_upgraded_while_the_others_serve() -> Result<()> {
    let Some(mut nodes) = Nodes::new(3)? else {
        return Ok(());
    };
    let people = people(&nodes.hosts[0], &["watched", "bob", "carol", "dave"])?;
    nodes.start()?;
    let (ledger, mut watcher) = (Ledger::default(), Watcher::of(&people[0]));
    let mut seed = Seed::of_run("a node is upgraded");
    let new_schema = nodes.hosts[0].dir().join("next.sql");
    std::fs::write(&new_schema, NEXT_SCHEMA)?;
    let next_version = |host: &Host| {
        let mut command = host.command(&["serve"]);
        command.env("HIKYAKU_TEST_NEXT_MIGRATION", &new_schema);
        command
    };
    under_load(
        &mut nodes,
        (&people, &ledger),
        &mut watcher,
        &mut seed,
        |nodes| {
            for node in (0..nodes.hosts.len()).rev() {
                let host = &mut nodes.hosts[node];
                ensure!(host.stop()?.success(), "process {node} did not drain");
                let mut command = host.command(&["serve"]);
                command.env("HIKYAKU_TEST_NEXT_MIGRATION", &new_schema);
                host.start_as(command)?;
                ledger.wait_for_accepted(ledger.accepted() + BETWEEN)?;
            }
            Ok(())
        },
    )?;
    // There is no way back: the old program does not know the new schema, and says so.
    let host = &mut nodes.hosts[2];
    host.stop()?;
    let refused = host.try_run(&["serve"], "")?;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    ensure!(
        !refused.status.success() && said.contains("newer"),
        "{said}"
    );
    host.start_as(next_version(host))?;
    verify(&mut nodes, &people, &ledger, &mut watcher)
}

/// What a next version would add.
const NEXT_SCHEMA: &str = "ALTER TABLE mailbox ADD COLUMN colour TEXT;
CREATE TABLE next_version (id BIGINT NOT NULL PRIMARY KEY);
";

/// Senders at the doors of all processes, a watching client at the first, and an event meanwhile.
fn under_load(
    nodes: &mut Nodes,
    (people, ledger): (&[String], &Ledger),
    watcher: &mut Watcher,
    seed: &mut Seed,
    event: impl FnOnce(&mut Nodes) -> Result<()>,
) -> Result<()> {
    let stop = AtomicBool::new(false);
    let doors: Vec<Door> = nodes.hosts.iter().flat_map(Door::several).collect();
    let watching = watcher.connect(nodes.hosts[0].address(143))?;
    let nothing = Ledger::default();
    thread::scope(|scope| {
        for door in doors {
            let (seed, stop) = (seed.split(), &stop);
            scope.spawn(move || keep_sending(door, people, ledger, seed, stop));
        }
        // A hint takes its time from one process to the other, so nothing is promised to be seen
        // at once; in the end everything is.
        let watched = scope.spawn(|| watcher.watch(watching, &nothing, &stop));
        let done = ledger
            .wait_for_accepted(ledger.accepted() + BETWEEN)
            .and_then(|()| event(nodes));
        stop.store(true, Relaxed);
        let watched = watched
            .join()
            .unwrap_or_else(|_| bail!("the watcher panicked"));
        done.and(watched)
    })
}

/// Sends until told to stop; a connection that breaks is made again as soon as somebody answers.
fn keep_sending(door: Door, people: &[String], ledger: &Ledger, mut seed: Seed, stop: &AtomicBool) {
    while !stop.load(Relaxed) {
        if send_on(door, people, ledger, seed.split(), stop).is_err() {
            ledger.wait_a_moment(PAUSE);
        }
    }
}

/// Every promise is kept, whichever process is asked.
fn verify(
    nodes: &mut Nodes,
    people: &[String],
    ledger: &Ledger,
    watcher: &mut Watcher,
) -> Result<()> {
    let objects = nodes.s3.objects()?.len();
    ensure!(objects > 0, "no content is in the S3");
    eprintln!("{objects} contents are in the S3");
    for host in &nodes.hosts[..2] {
        ledger.verify(&mailboxes(host.address(110), people)?)?;
        watcher.agrees_with(host.address(143))?;
        host.check()?;
    }
    for host in &mut nodes.hosts {
        ensure!(host.stop()?.success(), "a process did not end well");
    }
    Ok(())
}

//! More connections than there can be: of one address, of all, and than the process has file
//! descriptors. Who is too much is told so; those who are in go on.

use std::{
    io::{BufRead as _, BufReader},
    net::TcpStream,
    process::Command,
};

use anyhow::{Context as _, Result, bail, ensure};
use hikyaku_db::Engine;
use hikyaku_net::raise_file_limit;
use hikyaku_testkit::{
    host::Host,
    line::{LineClient, PATIENCE},
    mail::TestMail,
    smtp::SmtpClient,
};

use crate::{
    scene::{Scene, mailboxes, people},
    senders::SENDER,
};

/// Connections of the flood.
const FLOOD: usize = 2_000;
/// File descriptors of the server meanwhile, more than one of which every connection needs.
const DESCRIPTORS: u64 = 256;
/// Descriptors that this process needs for itself.
const OURS: u64 = 100;

/// The ports that greet in plain text, with the start of a greeting and of a refusal.
const PORTS: [(u16, &str, &str); 4] = [
    (25, "220 ", "421 4.7.0 "),
    (110, "+OK ", "-ERR [SYS/TEMP] too many connections"),
    (143, "* OK ", "* BYE [UNAVAILABLE] Too many connections"),
    (24, "220 ", "421 4.7.0 "),
];

#[test]
fn a_server_without_descriptors_turns_clients_away() -> Result<()> {
    let mut scene = Scene::new(Engine::Sqlite)?.context("SQLite is always wanted")?;
    let people = people(&scene.host, &["alice"])?;
    scene.host.start_as(with_descriptors(&scene.host))?;
    let log = scene.host.log()?;
    log.wait_for("fewer files may be open than limits.max_connections", 0)?;
    let mut inside = SmtpClient::greet(scene.host.connect(25)?)?;
    let mut reading = scene.host.connect(110)?;
    reading.expect("+OK")?;

    let room = usize::try_from(raise_file_limit().saturating_sub(OURS)).unwrap_or(FLOOD);
    let count = FLOOD.min(room);
    let mut flood = Vec::with_capacity(count);
    for (_, (port, ..)) in (0..count).zip(PORTS.iter().cycle()) {
        flood.push(connect(&scene.host, *port)?);
    }
    let (mut greeted, mut refused) = (0, 0);
    for (client, (port, greeting, refusal)) in flood.iter_mut().zip(PORTS.iter().cycle()) {
        match first_line(client).with_context(|| format!("port {port}"))? {
            line if line.starts_with(greeting) => greeted += 1,
            line if line.starts_with(refusal) => refused += 1,
            line => bail!("port {port} says {line:?}"),
        }
    }
    eprintln!("{count} connections: {greeted} greeted, {refused} turned away");
    ensure!(
        greeted > 0 && refused > count / 2,
        "{greeted} greeted, {refused} turned away"
    );

    // Those who were in before can still work, and what they send is stored.
    let mails = [TestMail::default(), TestMail::of_size(300_000)];
    for mail in &mails {
        inside
            .send(SENDER, &[&people[0]], mail)
            .context("a session in the flood")?;
    }
    reading.command("CAPA", "+OK")?;

    drop(flood);
    // The server needs a moment to notice; until then it turns us away like the others.
    let mut after = until_served(&scene.host)?;
    let last = TestMail::default();
    after.send(SENDER, &[&people[0]], &last)?;
    let found = mailboxes(scene.host.address(110), &people)?;
    let sent = mails.iter().chain([&last]).map(|mail| &mail.id);
    ensure!(found.values().flatten().eq(sent), "found {found:?}");
    ensure!(scene.host.is_alive()?, "the server ended");
    scene.host.check()
}

#[test]
fn one_address_gets_its_share_and_no_more() -> Result<()> {
    let mut scene = Scene::new(Engine::Sqlite)?.context("SQLite is always wanted")?;
    let people = people(&scene.host, &["alice"])?;
    scene.host.limit("max_connections_per_address = 10")?;
    // Nobody is trusted: then this machine is a client like all others.
    scene
        .host
        .configure(|text| text.replace("closed = [\"127.0.0.0/8\", \"::1/128\"]", "closed = []"))?;
    scene.host.start()?;
    let mut inside = Vec::new();
    for _ in 0..10 {
        inside.push(SmtpClient::greet(scene.host.connect(25)?)?);
    }
    for (port, _, _) in PORTS.into_iter().take(3) {
        let line = scene.host.connect(port)?.line()?;
        let is_refusal = match port {
            25 => line.starts_with("421 4.7.0 Too many connections"),
            110 => line.starts_with("-ERR [SYS/TEMP] too many connections from your address"),
            _ => line.starts_with("* BYE [LIMIT] Too many connections from your address"),
        };
        ensure!(is_refusal, "port {port}: {line}");
    }
    let mut first = inside.remove(0);
    first.send(SENDER, &[&people[0]], &TestMail::default())?;
    first.line.command("QUIT", "221")?;
    ensure!(first.line.until_end()?.is_empty(), "more after QUIT");
    until_served(&scene.host).map(drop)
}

#[test]
fn the_whole_server_has_a_limit() -> Result<()> {
    let mut scene = Scene::new(Engine::Sqlite)?.context("SQLite is always wanted")?;
    scene.host.limit("max_connections = 20")?;
    scene.host.start()?;
    let mut inside = Vec::new();
    for (_, (port, greeting, _)) in (0..20).zip(PORTS.iter().cycle()) {
        let mut line = scene.host.connect(*port)?;
        line.expect(greeting)?;
        inside.push(line);
    }
    for (port, _, refusal) in PORTS {
        let mut line = scene.host.connect(port)?;
        line.expect(refusal)?;
        ensure!(line.until_end()?.is_empty(), "port {port} says more");
    }
    drop(inside);
    until_served(&scene.host).map(drop)
}

fn with_descriptors(host: &Host) -> Command {
    let mut command = Command::new("prlimit");
    command
        .arg(format!("--nofile={DESCRIPTORS}:{DESCRIPTORS}"))
        .arg("--");
    command
        .arg(host.binary())
        .arg("--config")
        .arg(host.config())
        .arg("serve");
    command
}

fn connect(host: &Host, port: u16) -> Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(host.address(port)).context("the kernel takes no more")?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(BufReader::new(stream))
}

fn first_line(client: &mut BufReader<TcpStream>) -> Result<String> {
    let mut line = String::new();
    client.read_line(&mut line)?;
    Ok(line)
}

/// A session on port 25, tried again for as long as we are told that there are too many.
fn until_served(host: &Host) -> Result<SmtpClient> {
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        let mut line = host.connect(25)?;
        let greeting = line.line()?;
        if greeting.starts_with("220") {
            return say_hello(line);
        }
        ensure!(greeting.starts_with("421"), "{greeting}");
        ensure!(
            std::time::Instant::now() < deadline,
            "nobody is served any more"
        );
        // The last word before the connection ends.
        line.until_end()?;
    }
}

fn say_hello(mut line: LineClient) -> Result<SmtpClient> {
    line.send("EHLO client.example")?;
    while !line.expect("250")?.starts_with("250 ") {}
    Ok(SmtpClient { line })
}

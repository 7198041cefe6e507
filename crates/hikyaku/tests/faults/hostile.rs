//! Clients that mean no good, against the running binary: lines that never end, literals and
//! messages that are far too large, nonsense without end, silence. Each of them hears a clear
//! refusal and is cut off; everybody else is served meanwhile and afterwards.

use std::{fs, thread, time::Instant};

use anyhow::{Context as _, Result, bail, ensure};
use hikyaku_db::Engine;
use hikyaku_testkit::{
    host::{Host, PASSWORD},
    imap::ImapClient,
    line::LineClient,
    mail::TestMail,
    smtp::SmtpClient,
};

use crate::{
    scene::{Scene, mailboxes, people},
    senders::SENDER,
};

/// More octets than any line may have, and than is read of one that is refused (64 KiB).
const ENDLESS: usize = 192 * 1024;
/// Commands that make no sense: more than any service bears.
const NONSENSE: usize = 300;
/// KiB of memory that the server may ever have had in use: far below what was announced to it.
const MEMORY_KIB: u64 = 512 * 1024;

/// What a hostile client does; an error says that it was borne, or refused in other words.
type Attack<'a> = Box<dyn FnOnce() -> Result<()> + Send + 'a>;

#[test]
fn hostile_clients_are_refused_and_others_served() -> Result<()> {
    let mut scene = Scene::new(Engine::Sqlite)?.context("SQLite is always wanted")?;
    let people = people(&scene.host, &["victim", "other"])?;
    scene.host.limit("message_memory = \"64MB\"")?;
    scene
        .host
        .configure(|text| text.replace("max_message = \"25MB\"", "max_message = \"1MB\""))?;
    scene.host.start()?;
    let host = &scene.host;
    thread::scope(|scope| {
        let attacks: Vec<(&str, Attack<'_>)> = vec![
            ("endless lines", Box::new(|| endless_lines(host))),
            ("endless heads", Box::new(|| endless_head(host))),
            ("no TLS", Box::new(|| no_tls(host))),
            ("nonsense", Box::new(|| nonsense(host))),
            (
                "literals before sign-in",
                Box::new(|| literals_of_strangers(host)),
            ),
            (
                "literals behind it",
                Box::new(|| literals_of_users(host, &people[0])),
            ),
            ("messages", Box::new(|| messages(host, &people[0]))),
            ("silence", Box::new(|| silence(host))),
        ];
        let running: Vec<_> = attacks
            .into_iter()
            .map(|(name, attack)| (name, scope.spawn(attack)))
            .collect();
        let served = serve_the_others(host, &people[1], || {
            running.iter().all(|(_, attack)| attack.is_finished())
        });
        for (name, attack) in running {
            attack
                .join()
                .unwrap_or_else(|_| bail!("panicked"))
                .context(name)?;
        }
        served
    })?;
    ensure!(scene.host.is_alive()?, "the server ended");
    let peak = peak_kib(&scene.host)?;
    ensure!(peak < MEMORY_KIB, "the server needed {peak} KiB of memory");
    scene.host.check()
}

/// Mail goes in and out for as long as the attacks go on.
fn serve_the_others(host: &Host, person: &str, is_over: impl Fn() -> bool) -> Result<()> {
    let mut client = SmtpClient::greet(host.connect(25)?)?;
    let (mut sent, started) = (Vec::new(), Instant::now());
    loop {
        let was_over = is_over();
        let mail = TestMail::default();
        client
            .send(SENDER, &[person], &mail)
            .context("somebody else's mail")?;
        sent.push(mail.id);
        let found = mailboxes(host.address(110), &[person.to_owned()])?;
        ensure!(
            found.get(person) == Some(&sent),
            "{} messages were sent",
            sent.len()
        );
        if was_over {
            let seconds = started.elapsed().as_secs();
            eprintln!("{} messages of others in {seconds} s", sent.len());
            return Ok(());
        }
    }
}

/// A line without end: cut off with the words of the protocol.
fn endless_lines(host: &Host) -> Result<()> {
    let endless = vec![b'a'; ENDLESS];
    for (port, greeting, last_word) in [
        (25, "220", "421 4.7.0"),
        (24, "220", "421 4.7.0"),
        (110, "+OK", "-ERR"),
        (143, "* OK", "* BYE"),
    ] {
        let mut line = host.connect(port)?;
        line.expect(greeting)?;
        line.send_bytes(&endless)?;
        let said = line.until_end().with_context(|| format!("port {port}"))?;
        let last = said
            .last()
            .with_context(|| format!("port {port} says nothing"))?;
        ensure!(last.starts_with(last_word), "port {port}: {said:?}");
    }
    Ok(())
}

/// HTTP: a head that is too large, in plain text and with TLS.
fn endless_head(host: &Host) -> Result<()> {
    for tls in [false, true] {
        let mut line = if tls {
            host.connect_tls(443)?
        } else {
            host.connect(80)?
        };
        line.send("GET /healthz HTTP/1.1\r\nHost: localhost")?;
        let field = format!("X-Endless: {}\r\n", "a".repeat(64 * 1024));
        line.send_bytes(field.as_bytes())?;
        let status = line.line()?;
        ensure!(status.starts_with("HTTP/1.1 431"), "{status}");
    }
    Ok(())
}

/// Commands that do not exist, one after the other.
fn nonsense(host: &Host) -> Result<()> {
    for (port, greeting, last_word) in [
        (25, "220", "421 4.7.0"),
        (24, "220", "421 4.7.0"),
        (110, "+OK", "-ERR"),
        (143, "* OK", "* BYE"),
    ] {
        let mut line = host.connect(port)?;
        line.expect(greeting)?;
        line.send_bytes("XYZZY plugh\r\n".repeat(NONSENSE).as_bytes())?;
        let said = line.until_end().with_context(|| format!("port {port}"))?;
        ensure!(said.len() < NONSENSE, "port {port} bears everything");
        let last = said
            .last()
            .with_context(|| format!("port {port} says nothing"))?;
        ensure!(last.starts_with(last_word), "port {port}: {last:?}");
    }
    Ok(())
}

/// What is no TLS where TLS begins, and a command that sneaks in behind STARTTLS.
fn no_tls(host: &Host) -> Result<()> {
    for port in [465, 993, 995, 443] {
        let mut line = host.connect(port)?;
        line.send_bytes(&[b'x'; 4096])?;
        // An alert perhaps, and the end. A reset is as good.
        let _ = line.until_end();
    }
    for (port, greeting, start, smuggled, answer) in [
        (25, "220", "STARTTLS", "NOOP", "250 2.0.0 OK"),
        (110, "+OK", "STLS", "CAPA", "."),
        (143, "* OK", "s STARTTLS", "x NOOP", "x OK"),
    ] {
        let mut line = host.connect(port)?;
        line.expect(greeting)?;
        if port == 25 {
            line.send("EHLO client.example")?;
            while !line.expect("250")?.starts_with("250 ") {}
        }
        line.send(&format!("{start}\r\n{smuggled}"))?;
        let said = line.until_end().unwrap_or_default();
        let is_taken = said.iter().any(|one| one.starts_with(answer));
        ensure!(
            !is_taken,
            "port {port} takes a command across {start}: {said:?}"
        );
    }
    Ok(())
}

/// Nobody has to be signed in to announce a literal.
fn literals_of_strangers(host: &Host) -> Result<()> {
    // A client that waits hears no before it sends anything, and may go on.
    let mut line = host.connect(143)?;
    line.expect("* OK")?;
    line.send("a1 LOGIN {4294967295}")?;
    ensure!(is_refused(&line.line()?, "a1"), "4 GiB of name are welcome");
    line.send("a2 NOOP")?;
    ensure!(
        line.until_tagged("a2")?
            .last()
            .is_some_and(|last| last.starts_with("a2 OK")),
        "a2"
    );
    line.send("a3 LOGIN {99999999999999999999999999}")?;
    ensure!(
        is_refused(&line.line()?, "a3"),
        "a number beyond all numbers is welcome"
    );
    // One that does not wait is not read out.
    let mut line = host.connect(143)?;
    line.expect("* OK")?;
    line.send("b1 LOGIN {4294967295+}")?;
    let said = line.until_end()?;
    ensure!(
        said.last().is_some_and(|last| last.starts_with("* BYE")),
        "{said:?}"
    );
    Ok(())
}

fn literals_of_users(host: &Host, login: &str) -> Result<()> {
    let sign_in = || ImapClient::sign_in(LineClient::connect(host.address(143))?, login, PASSWORD);
    let mut line = sign_in()?.line;
    line.send("c1 APPEND INBOX {4294967295}")?;
    let answer = line.line()?;
    ensure!(answer.starts_with("c1 NO [TOOBIG]"), "{answer}");
    line.send("c2 SEARCH SUBJECT {1073741824}")?;
    ensure!(
        is_refused(&line.line()?, "c2"),
        "1 GiB to search for is welcome"
    );
    line.send(&format!(
        "c3 SEARCH {}ALL{}",
        "(".repeat(1000),
        ")".repeat(1000)
    ))?;
    ensure!(
        is_refused(&line.line()?, "c3"),
        "a thousand brackets are welcome"
    );
    line.send("c4 NOOP")?;
    line.expect("c4 OK")?;
    let mut line = sign_in()?.line;
    line.send("d1 APPEND INBOX {4294967295+}")?;
    let said = line.until_end()?;
    let heard = said.iter().any(|one| one.starts_with("d1 NO [TOOBIG]"));
    ensure!(
        heard && said.last().is_some_and(|last| last.starts_with("* BYE")),
        "{said:?}"
    );
    Ok(())
}

/// NO or BAD, with the tag.
fn is_refused(answer: &str, tag: &str) -> bool {
    answer.starts_with(&format!("{tag} NO")) || answer.starts_with(&format!("{tag} BAD"))
}

/// Messages over the limit: announced, sent anyway, and in chunks.
fn messages(host: &Host, person: &str) -> Result<()> {
    let mut client = SmtpClient::greet(host.connect(25)?)?;
    let said = client.reply(&format!("MAIL FROM:<{SENDER}> SIZE=4294967296"))?;
    ensure!(said.starts_with("552 5.3.4"), "{said}");
    let verdict = client.offer(SENDER, &[person], &TestMail::of_size(3_000_000))?;
    ensure!(verdict.reply().starts_with("552 5.3.4"), "{verdict:?}");
    client
        .send(SENDER, &[person], &TestMail::of_size(900_000))
        .context("behind a large one")?;
    // What is too large to be read away ends the session before it comes.
    client.reply(&format!("MAIL FROM:<{SENDER}>"))?;
    client.reply(&format!("RCPT TO:<{person}>"))?;
    let said = client.reply("BDAT 1099511627776 LAST")?;
    ensure!(
        said.starts_with("552 5.3.4") || said.starts_with("421"),
        "{said}"
    );
    ensure!(client.line.until_end()?.is_empty(), "the session goes on");
    Ok(())
}

/// Who connects and says nothing where a handshake or a request comes first is cut off: within
/// [`hikyaku_testkit::line::PATIENCE`], or the read here fails. Sessions that have begun have
/// minutes; their times are tested with a clock that moves.
fn silence(host: &Host) -> Result<()> {
    let mut silent = Vec::new();
    for port in [465, 993, 995, 443, 80] {
        silent.push((port, host.connect(port)?));
    }
    let mut slow = host.connect(80)?;
    slow.send("GET /healthz HTTP/1.1")?;
    silent.push((80, slow));
    for (port, mut line) in silent {
        line.until_end()
            .with_context(|| format!("port {port} waits for ever"))?;
    }
    Ok(())
}

/// The most memory that the server ever had (VmHWM).
fn peak_kib(host: &Host) -> Result<u64> {
    let id = host.server_id().context("the server does not run")?;
    let status = fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.context("no VmHWM")?.trim().trim_end_matches(" kB");
    Ok(kib.parse()?)
}

//! Dovecot of Debian as the source, run privately by `scripts/bench-postfix.sh`.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::{Ipv4Addr, SocketAddr},
    process::{Child, Command, Stdio},
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};
use hikyaku_testkit::{
    host::repository, imap::ImapClient, line::LineClient, mail::TestMail, ports::PortBase,
    program::Home,
};

use crate::scene::{Place, Shown, counts, shown};

const USER: &str = "taro@bench.test";
/// Without spaces, which the script's file of passwords does not know.
const PASSWORD: &str = "old-secret-7";

/// The private servers; they end with this.
struct Dovecot {
    child: Child,
    ports: PortBase,
    home: Home,
}

impl Dovecot {
    fn start(place: &Place) -> Result<Self> {
        let script = repository("scripts/bench-postfix.sh");
        let fetched = Command::new(&script).arg("fetch").status()?;
        ensure!(fetched.success(), "Debian's packages cannot be had");
        let (home, ports) = (Home::new()?, PortBase::take()?);
        home.write("users", format!("{USER}\n"))?;
        home.write("password", format!("{PASSWORD}\n"))?;
        fs::copy(place.host.certificate(), home.join("certificate.pem"))?;
        fs::copy(place.host.dir().join("tls/key.pem"), home.join("key.pem"))?;
        let mut child = Command::new(&script)
            .arg("run")
            .arg(home.path())
            .arg(ports.base.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let stdout = child.stdout.take().context("no standard output")?;
        BufReader::new(stdout).read_line(&mut line)?;
        ensure!(line == "ready\n", "Dovecot does not start");
        Ok(Self { child, ports, home })
    }

    fn imap(&self) -> Result<ImapClient> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports.base + 143));
        ImapClient::sign_in(LineClient::connect(address)?, USER, PASSWORD)
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        if let Err(error) = self.child.wait() {
            eprintln!("{} stays behind: {error}", self.home.path().display());
        }
    }
}

/// Sorted, because Dovecot may store what came at once in another order.
fn sorted(mut messages: Vec<Shown>) -> Vec<Shown> {
    messages.sort_unstable();
    messages
}

#[test]
fn a_mailbox_moves_from_dovecot() {
    let run = || -> Result<()> {
        let mut new = Place::new()?;
        let old = Dovecot::start(&new)?;
        new.host.start()?;
        let password = new.home.write("dovecot", PASSWORD)?;
        let password = password.to_str().context("the name of the file")?;
        let mut there = old.imap()?;
        for folder in ["Sent Messages", "&aEhO9g-", "&aEhO9g-.a"] {
            there.command(&format!("CREATE \"{folder}\""))?;
        }
        for _ in 0..300 {
            there.append("INBOX", &TestMail::of_size(2_000).bytes)?;
        }
        there.append("INBOX", &TestMail::of_size(3_000_000).bytes)?;
        there.append("\"Sent Messages\"", &TestMail::default().bytes)?;
        there.append("\"&aEhO9g-.a\"", &TestMail::default().bytes)?;
        there.select("INBOX")?;
        there.command("STORE 1:5 FLAGS (\\Seen \\Answered)")?;
        there.command("STORE 6 FLAGS ($Forwarded \\Flagged)")?;
        let ca = new.host.certificate();
        let ca = ca.to_str().context("the name of the file")?;
        let from = |scheme: &str, port| format!("{scheme}://localhost:{}/", old.ports.base + port);
        let options = ["--user", USER, "--password-file", password, "--ca", ca];
        let fetch = |from: &str, more: &[&str]| {
            let all = [
                "--json",
                "mailbox",
                "fetch",
                crate::scene::TARO,
                "--from",
                from,
            ];
            let all = [&all[..], &options, more].concat();
            let finished = hikyaku_testkit::program::finish(&mut new.host.command(&all), b"")?;
            crate::scene::report(&finished.succeeded()?)
        };
        let began = Instant::now();
        let report = fetch(&from("imap", 143), &[])?;
        eprintln!(
            "303 messages from Dovecot in {} ms",
            began.elapsed().as_millis()
        );
        assert_eq!(counts(&report), [303, 303, 0, 0], "{report}");
        let mut here = new.imap()?;
        for (theirs, ours) in [
            ("INBOX", "INBOX"),
            ("\"Sent Messages\"", "Sent"),
            ("\"&aEhO9g-.a\"", "\"&aEhO9g-/a\""),
        ] {
            let expected = sorted(shown(&mut there, theirs)?);
            assert_eq!(sorted(shown(&mut here, ours)?), expected, "{ours}");
        }
        there.append("INBOX", &TestMail::default().bytes)?;
        let report = fetch(&from("imaps", 993), &[])?;
        assert_eq!(counts(&report), [304, 1, 303, 0], "{report}");
        let report = fetch(&from("pop3", 110), &["--into", "POP"])?;
        assert_eq!(counts(&report), [302, 302, 0, 0], "{report}");
        let report = fetch(&from("pops", 995), &["--into", "POP"])?;
        assert_eq!(counts(&report), [302, 0, 302, 0], "{report}");
        there.log_out()?;
        here.log_out()?;
        drop(old);
        new.end()
    };
    run().unwrap();
}

//! fetchmail: from POP3 and IMAP into a file, over TLS with the certificate pinned.

use anyhow::{Context as _, Result, ensure};
use hikyaku_testkit::{
    host::PASSWORD,
    program::{Finished, Program},
};

use crate::stage::{Stage, TARO, contains, message};

const FETCHMAIL: Program = Program::named("fetchmail");

/// fetchmail's exit codes.
const FETCHED: i32 = 0;
const NOTHING_NEW: i32 = 1;
const SOCKET_ERROR: i32 = 2;
const SIGN_IN_REFUSED: i32 = 3;

/// One run with this account line, its settings written anew.
fn fetch(stage: &Stage, server: &str, account: &str) -> Result<Finished> {
    let out = stage.home.join("fetched");
    let rc = format!(
        "poll localhost {server}\n  user \"{TARO}\" {account}\n  mda \"cat >> {}\"\n",
        out.display()
    );
    let rc = stage.home.write("fetchmailrc", rc)?.display().to_string();
    let path = |name: &str| stage.home.join(name).display().to_string();
    let (pid, ids) = (path("fetchmail.pid"), path("fetchmail.ids"));
    let arguments = [
        "-f",
        &rc,
        "--pidfile",
        &pid,
        "--idfile",
        &ids,
        "--nosyslog",
        "-v",
    ];
    stage.run(FETCHMAIL, &arguments)
}

/// What arrived in the file, and nothing is left of it for the next look.
fn fetched(stage: &Stage) -> Result<String> {
    let text = String::from_utf8(stage.home.read("fetched")?)?;
    std::fs::remove_file(stage.home.join("fetched"))?;
    Ok(text)
}

fn deliver_two(stage: &Stage) -> Result<()> {
    stage.deliver(TARO, &message("one", "請求書を送ります。"))?;
    stage.deliver(TARO, &message("two", "second\n.dotted"))
}

/// With `keep` a second run fetches nothing; without it everything is fetched once and deleted.
fn pop3_over(stage: &Stage, server: &str, tls: &str) -> Result<()> {
    deliver_two(stage)?;
    let keep = format!("password \"{PASSWORD}\" {tls} keep");
    fetch(stage, server, &keep)?.ended_with(FETCHED)?;
    let text = fetched(stage)?;
    for line in [
        "Subject: one",
        "請求書を送ります。",
        "Subject: two",
        "\n.dotted\n",
    ] {
        contains(text.as_bytes(), line)?;
    }
    fetch(stage, server, &keep)?.ended_with(NOTHING_NEW)?;
    stage.deliver(TARO, &message("three", "x"))?;
    fetch(stage, server, &keep)?.ended_with(FETCHED)?;
    let text = fetched(stage)?;
    ensure!(
        !text.contains("Subject: one"),
        "an old message again: {text}"
    );
    contains(text.as_bytes(), "Subject: three")?;
    let take = format!("password \"{PASSWORD}\" {tls} fetchall nokeep");
    fetch(stage, server, &take)?.ended_with(FETCHED)?;
    ensure!(
        fetched(stage)?.matches("Subject: ").count() == 3,
        "not all three were fetched"
    );
    ensure!(
        stage.inbox(TARO)?.is_empty(),
        "something stayed on the server"
    );
    fetch(stage, server, &take)?
        .ended_with(NOTHING_NEW)
        .map(drop)
}

#[test]
fn pop3_with_tls_from_the_start() -> Result<()> {
    let stage = Stage::start()?;
    let server = format!("protocol pop3 service {} uidl", stage.host.port(995));
    let tls = format!("ssl sslcertck sslcertfile \"{}\"", stage.certificate());
    pop3_over(&stage, &server, &tls)?;
    stage.end()
}

#[test]
fn pop3_with_stls() -> Result<()> {
    let stage = Stage::start()?;
    let server = format!("protocol pop3 service {} uidl", stage.host.port(110));
    let tls = format!(
        "sslproto \"TLS1.2+\" sslcertck sslcertfile \"{}\"",
        stage.certificate()
    );
    pop3_over(&stage, &server, &tls)?;
    stage.end()
}

#[test]
fn pop3_on_postgres() -> Result<()> {
    let Some(stage) = Stage::start_on_postgres()? else {
        return Ok(());
    };
    let server = format!("protocol pop3 service {} uidl", stage.host.port(995));
    let tls = format!("ssl sslcertck sslcertfile \"{}\"", stage.certificate());
    pop3_over(&stage, &server, &tls)?;
    stage.end()
}

/// The certificate's fingerprint in the form that fetchmail knows.
fn fingerprint(stage: &Stage) -> Result<String> {
    let found = stage.python("fingerprint", &[])?.succeeded()?;
    Ok(String::from_utf8(found.stdout)?.trim().to_owned())
}

#[test]
fn imap_with_a_pinned_fingerprint() -> Result<()> {
    let stage = Stage::start()?;
    deliver_two(&stage)?;
    let server = format!("protocol imap service {}", stage.host.port(993));
    let pin = fingerprint(&stage)?;
    let tls = |pin: &str| {
        format!(
            "password \"{PASSWORD}\" ssl sslcertfile \"{}\" sslfingerprint \"{pin}\"",
            stage.certificate()
        )
    };
    let other = pin.replace(|digit: char| digit.is_ascii_digit(), "A");
    fetch(&stage, &server, &format!("{} keep", tls(&other)))?.ended_with(SOCKET_ERROR)?;
    let keep = format!("{} keep", tls(&pin));
    fetch(&stage, &server, &keep)?.ended_with(FETCHED)?;
    let text = fetched(&stage)?;
    contains(text.as_bytes(), "請求書を送ります。")?;
    contains(text.as_bytes(), "Subject: two")?;
    // What was fetched is marked as read; only new mail comes next time.
    fetch(&stage, &server, &keep)?.ended_with(NOTHING_NEW)?;
    let take = format!("{} fetchall nokeep", tls(&pin));
    fetch(&stage, &server, &take)?.ended_with(FETCHED)?;
    ensure!(
        stage.inbox(TARO)?.is_empty(),
        "something stayed on the server"
    );
    stage.end()
}

#[test]
fn imap_with_starttls() -> Result<()> {
    let stage = Stage::start()?;
    deliver_two(&stage)?;
    let server = format!("protocol imap service {}", stage.host.port(143));
    let account = format!(
        "password \"{PASSWORD}\" sslproto \"TLS1.2+\" sslcertck sslcertfile \"{}\" nokeep",
        stage.certificate()
    );
    fetch(&stage, &server, &account)?.ended_with(FETCHED)?;
    let text = fetched(&stage).context("nothing was fetched")?;
    ensure!(
        text.matches("Subject: ").count() == 2,
        "not both messages: {text}"
    );
    ensure!(
        stage.inbox(TARO)?.is_empty(),
        "something stayed on the server"
    );
    stage.end()
}

#[test]
fn a_wrong_password_is_told_and_takes_nothing() -> Result<()> {
    let stage = Stage::start()?;
    deliver_two(&stage)?;
    let server = format!("protocol pop3 service {}", stage.host.port(995));
    let account = format!(
        "password \"wrong\" ssl sslcertck sslcertfile \"{}\"",
        stage.certificate()
    );
    fetch(&stage, &server, &account)?.ended_with(SIGN_IN_REFUSED)?;
    ensure!(stage.inbox(TARO)?.len() == 2, "mail was lost");
    stage.end()
}

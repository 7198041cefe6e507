//! SIGTERM: nobody new comes in, who is in the middle of a message may finish it, and what does not
//! end in time is ended.

use anyhow::{Context as _, Result, ensure};
use hikyaku_db::Engine;
use hikyaku_testkit::{
    host::{Host, PASSWORD},
    imap::ImapClient,
    line::LineClient,
    mail::TestMail,
    smtp::SmtpClient,
};

use crate::{
    scene::{Scene, mailboxes, people, read_mail},
    senders::SENDER,
};

#[test]
fn a_message_in_the_making_is_finished() -> Result<()> {
    let mut scene = Scene::new(Engine::Sqlite)?.context("SQLite is always wanted")?;
    let people = people(&scene.host, &["alice"])?;
    scene.host.start()?;
    let mail = TestMail::of_size(20_000);
    let (begun, rest) = mail.bytes.split_at(10_000);
    let mut sending = in_data(&scene.host, &people[0])?;
    sending.send_bytes(begun)?;
    let mut idle = SmtpClient::greet(scene.host.connect(25)?)?.line;
    let mut pop3 = read_mail(scene.host.address(110), &people[0])?.line;
    let line = LineClient::connect(scene.host.address(143))?;
    let mut imap = ImapClient::sign_in(line, &people[0], PASSWORD)?.line;

    scene.host.terminate()?;
    // The listeners close first, so behind the first last word there is nobody to connect to.
    idle.expect("421 4.3.2").context("an idle SMTP session")?;
    for port in [24, 25, 110, 143, 465, 587, 993, 995] {
        ensure!(
            scene.host.connect(port).is_err(),
            "port {port} still accepts"
        );
    }
    pop3.expect("-ERR [SYS/TEMP]").context("a POP3 session")?;
    imap.expect("* BYE").context("an IMAP session")?;
    sending.send_bytes(rest)?;
    sending
        .command(".", "250")
        .context("the message in the making")?;
    sending.expect("421 4.3.2").context("behind the message")?;
    for mut session in [idle, pop3, imap, sending] {
        ensure!(session.until_end()?.is_empty(), "somebody says more");
    }
    let status = scene.host.wait()?;
    ensure!(status.success(), "the server ended with {status}");

    scene.host.start()?;
    let found = mailboxes(scene.host.address(110), &people)?;
    ensure!(found.values().flatten().eq([&mail.id]), "found {found:?}");
    scene.host.check()
}

/// `limits.drain_seconds`: a client that never ends does not keep the server from ending.
#[test]
fn what_does_not_end_is_ended() -> Result<()> {
    let mut scene = Scene::new(Engine::Sqlite)?.context("SQLite is always wanted")?;
    let people = people(&scene.host, &["alice"])?;
    scene.host.limit("drain_seconds = 1")?;
    scene.host.start()?;
    let mut sending = in_data(&scene.host, &people[0])?;
    sending.send("Subject: never finished")?;
    scene.host.terminate()?;
    let status = scene.host.wait()?;
    ensure!(status.success(), "the server ended with {status}");
    ensure!(
        sending.until_end().is_ok_and(|lines| lines.is_empty()),
        "an answer to nothing"
    );
    scene.host.start()?;
    let found = mailboxes(scene.host.address(110), &people)?;
    ensure!(
        found.values().all(Vec::is_empty),
        "half a message was delivered: {found:?}"
    );
    scene.host.check()
}

/// An SMTP session that has been told to send its message.
fn in_data(host: &Host, to: &str) -> Result<LineClient> {
    let mut line = SmtpClient::greet(host.connect(25)?)?.line;
    line.command(&format!("MAIL FROM:<{SENDER}>"), "250")?;
    line.command(&format!("RCPT TO:<{to}>"), "250")?;
    line.command("DATA", "354")?;
    Ok(line)
}

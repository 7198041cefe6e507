//! `hikyaku serve`: signals, logs, and what stands in them.

use std::fs;

use anyhow::{Context as _, Result, bail, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hikyaku_testkit::{
    host::PASSWORD,
    line::LineClient,
    mail::TestMail,
    program::{Home, finish},
    smtp::SmtpClient,
};

use crate::scene::{BINARY, Scene, Server, TARO};

#[test]
fn sigterm_lets_sessions_end() -> Result<()> {
    let mut scene = Scene::new(Server::Running)?;
    scene.account(TARO)?;
    scene.deliver(&[TARO], &TestMail::default())?;
    let mut pop3 = scene.pop3(TARO, PASSWORD)?;
    pop3.delete(1)?;
    // In the middle of a message when the signal comes; it is accepted all the same.
    let mut smtp = SmtpClient::greet(scene.host.connect(25)?)?;
    smtp.line
        .command("MAIL FROM:<sender@remote.example>", "250")?;
    smtp.line.command(&format!("RCPT TO:<{TARO}>"), "250")?;
    smtp.line.command("DATA", "354")?;
    let mail = TestMail::default();
    let (first, rest) = mail.bytes.split_at(100);
    smtp.line.send_bytes(first)?;
    let log = scene.host.log()?.clone();
    scene.host.terminate()?;
    log.wait_for("stopping", 0)?;
    no_new_sessions(&scene)?;
    smtp.line.send_bytes(rest)?;
    smtp.line.command(".", "250")?;
    drop(smtp);
    drop(pop3);
    let status = scene.host.wait()?;
    ensure!(status.success(), "the server ended with {status}");
    log.wait_for("stopped", 0)?;
    scene.host.start()?;
    let mut pop3 = scene.pop3(TARO, PASSWORD)?;
    ensure!(
        pop3.message_ids()?.contains(&mail.id),
        "an acknowledged message is gone"
    );
    pop3.quit()?;
    scene.end()
}

/// Nobody is greeted any more. The listeners close a moment after the log says so.
fn no_new_sessions(scene: &Scene) -> Result<()> {
    for _ in 0..1000 {
        let greeting = scene.host.connect(25).and_then(|mut line| line.line());
        if !greeting.is_ok_and(|line| line.starts_with("220")) {
            return Ok(());
        }
    }
    bail!("new sessions are let in")
}

/// A new pair for the host's names, made by `init` elsewhere.
fn other_pair() -> Result<Home> {
    let home = Home::new()?;
    let mut init = std::process::Command::new(BINARY);
    init.current_dir(home.path());
    init.args(["init", "--dir", "other", "--hostname", "mail.example.test"]);
    finish(&mut init, b"")?.succeeded()?;
    Ok(home)
}

#[test]
fn sighup_reads_the_certificate_again() -> Result<()> {
    let scene = Scene::new(Server::Running)?;
    scene.account(TARO)?;
    let old = scene.home.join("old.pem");
    fs::copy(scene.host.certificate(), &old)?;
    let connects = |trust: &std::path::Path| {
        LineClient::connect_tls(scene.host.address(995), trust)
            .and_then(|mut line| line.expect("+OK"))
    };
    connects(&old)?;
    let log = scene.host.log()?.clone();
    // A broken file: the old certificate stays in use.
    let tls = scene.host.dir().join("tls");
    fs::write(tls.join("certificate.pem"), "broken")?;
    scene.host.reload()?;
    log.wait_for("the old certificate stays in use", 0)?;
    connects(&old)?;
    let other = other_pair()?;
    for file in ["certificate.pem", "key.pem"] {
        fs::copy(other.join("other/tls").join(file), tls.join(file))?;
    }
    scene.host.reload()?;
    log.wait_for("the certificates were read again", 0)?;
    connects(&scene.host.certificate())?;
    ensure!(
        connects(&old).is_err(),
        "the old certificate is still shown"
    );
    scene.end()
}

/// Passwords, right and wrong, in every form in which they pass by.
#[test]
fn logs_hold_no_secrets() -> Result<()> {
    let loud = |text: String| {
        text.replace("level = \"info\"", "level = \"trace\"")
            .replace("\"text\"", "\"json\"")
    };
    let mut scene = Scene::with(Server::Running, loud)?;
    scene.account(TARO)?;
    let secret = "Geheimnis Nr. 9";
    scene
        .run_with(&["account", "set", TARO, "--password-stdin"], secret)?
        .succeeded()?;
    for password in [secret, "Verraten 88"] {
        let plain = STANDARD.encode(format!("\0{TARO}\0{password}"));
        // Refused or not: what counts is what is written about it.
        let _ = scene.pop3(TARO, password);
        let mut imap = scene.host.connect(143)?;
        imap.send(&format!("a LOGIN {TARO} \"{password}\""))?;
        imap.until_tagged("a")?;
        imap.send("b AUTHENTICATE PLAIN")?;
        imap.line()?;
        imap.send(&plain)?;
        imap.line()?;
        let mut smtp = SmtpClient::greet(scene.host.connect(587)?)?;
        smtp.reply(&format!("AUTH PLAIN {plain}"))?;
        smtp.reply("RSET")?;
    }
    scene.told(&["account", "show", TARO])?;
    let log = scene.host.log()?.clone();
    scene.host.terminate()?;
    ensure!(scene.host.wait()?.success());
    let lines = log.lines();
    ensure!(lines.len() > 20, "only {} lines at trace", lines.len());
    for line in &lines {
        serde_json::from_str::<serde_json::Value>(line)
            .with_context(|| format!("a line that is not JSON: {line}"))?;
        for secret in [secret, "Verraten 88"] {
            let forms = [
                secret.to_owned(),
                STANDARD.encode(format!("\0{TARO}\0{secret}")),
                STANDARD.encode(secret),
            ];
            for form in forms {
                ensure!(!line.contains(&form), "{form} in {line}");
            }
        }
    }
    scene.end()
}

//! swaks: mail from other servers (25), from users (587, 465), from a server in front (24).

use anyhow::{Result, ensure};
use hikyaku_testkit::{
    host::PASSWORD,
    program::{Finished, Program},
};

use crate::stage::{HANAKO, STRANGER, Stage, TARO, contains, message};

/// Needs libnet-ssleay-perl for TLS, which the list of packages has too.
const SWAKS: Program = Program::named("swaks");

/// swaks ends with these when a step of the conversation is refused.
const MAIL_REFUSED: i32 = 23;
const RECIPIENT_REFUSED: i32 = 24;
const CONTENT_REFUSED: i32 = 26;
const SIGN_IN_REFUSED: i32 = 28;

fn swaks(stage: &Stage, service: u16, arguments: &[&str]) -> Result<Finished> {
    let port = stage.host.port(service).to_string();
    let mut all = vec![
        "--server",
        "localhost",
        "--port",
        &port,
        "--helo",
        "client.example",
    ];
    all.extend_from_slice(arguments);
    stage.run(SWAKS, &all)
}

/// As a signed-in user: TLS whose certificate is verified, then AUTH.
fn submit(stage: &Stage, mechanism: &str, arguments: &[&str]) -> Result<Finished> {
    let certificate = stage.certificate();
    let mut all = vec!["--tls", "--tls-verify", "--tls-ca-path", &certificate];
    all.extend([
        "--auth",
        mechanism,
        "--auth-user",
        HANAKO,
        "--auth-password",
        PASSWORD,
    ]);
    all.extend_from_slice(arguments);
    swaks(stage, 587, &all)
}

#[test]
fn a_message_from_another_server_arrives_byte_for_byte() -> Result<()> {
    let stage = Stage::start()?;
    let sent = message(
        "bytes",
        "8-bit: 請求書を送ります。\n.a line that begins with a dot\n\n..\nend",
    );
    let file = stage.home.write("sent.eml", &sent)?.display().to_string();
    let data = format!("@{file}");
    swaks(
        &stage,
        25,
        &["--from", STRANGER, "--to", TARO, "--data", &data],
    )?
    .succeeded()?;
    let arrived = String::from_utf8(stage.only_message(TARO)?)?;
    let crlf = sent.replace('\n', "\r\n");
    // swaks ends the content with a line end of its own.
    let (prefix, _) = arrived.split_once(&crlf).unwrap_or((arrived.as_str(), ""));
    ensure!(
        prefix.len() < arrived.len(),
        "the content is not what was sent: {arrived:?}"
    );
    for line in [
        format!("Return-Path: <{STRANGER}>\r\n"),
        format!("Delivered-To: {TARO}\r\n"),
        "Received: from client.example ([127.0.0.1])\r\n".to_owned(),
        format!("for <{TARO}>;\r\n"),
    ] {
        contains(prefix.as_bytes(), &line)?;
    }
    stage.end()
}

#[test]
fn pipelined_commands_are_answered_in_order() -> Result<()> {
    let stage = Stage::start()?;
    let to = format!("{TARO},{HANAKO}");
    swaks(&stage, 25, &["--pipeline", "--from", STRANGER, "--to", &to])?.succeeded()?;
    for address in [TARO, HANAKO] {
        contains(&stage.only_message(address)?, "This is a test mailing")?;
    }
    stage.end()
}

/// STARTTLS, then AUTH with both mechanisms; and TLS from the start.
fn users_send(stage: &Stage) -> Result<()> {
    for (count, mechanism) in [(1, "PLAIN"), (2, "LOGIN")] {
        let arguments = ["--from", HANAKO, "--to", TARO, "--body", mechanism];
        submit(stage, mechanism, &arguments)?
            .succeeded()?
            .says("235 2.7.0")?;
        let arrived = stage.inbox(TARO)?;
        ensure!(
            arrived.len() == count,
            "{mechanism}: {} messages",
            arrived.len()
        );
        contains(&arrived[count - 1], mechanism)?;
        contains(&arrived[count - 1], "with ESMTPSA")?;
    }
    let certificate = stage.certificate();
    let arguments = [
        "--tls-on-connect",
        "--tls-verify",
        "--tls-ca-path",
        &certificate,
        "--auth-user",
        HANAKO,
        "--auth-password",
        PASSWORD,
        "--from",
        HANAKO,
        "--to",
        TARO,
    ];
    swaks(stage, 465, &arguments)?.succeeded()?;
    ensure!(
        stage.inbox(TARO)?.len() == 3,
        "the message over TLS did not arrive"
    );
    Ok(())
}

#[test]
fn users_send_over_tls() -> Result<()> {
    let stage = Stage::start()?;
    users_send(&stage)?;
    stage.end()
}

#[test]
fn users_send_over_tls_on_postgres() -> Result<()> {
    let Some(stage) = Stage::start_on_postgres()? else {
        return Ok(());
    };
    users_send(&stage)?;
    stage.end()
}

#[test]
fn a_wrong_password_is_refused() -> Result<()> {
    let stage = Stage::start()?;
    let wrong = ["--auth-password", "wrong", "--from", HANAKO, "--to", TARO];
    for mechanism in ["PLAIN", "LOGIN"] {
        submit(&stage, mechanism, &wrong)?
            .ended_with(SIGN_IN_REFUSED)?
            .says("535 5.7.8")?;
    }
    ensure!(stage.inbox(TARO)?.is_empty(), "something arrived");
    stage.end()
}

#[test]
fn submission_is_for_those_who_signed_in() -> Result<()> {
    let stage = Stage::start()?;
    let arguments = ["--tls", "--from", HANAKO, "--to", TARO];
    swaks(&stage, 587, &arguments)?
        .ended_with(MAIL_REFUSED)?
        .says("530 5.7.0")?;
    ensure!(stage.inbox(TARO)?.is_empty(), "something arrived");
    stage.end()
}

#[test]
fn users_send_only_from_their_own_addresses() -> Result<()> {
    let stage = Stage::start()?;
    for foreign in [
        TARO,
        STRANGER,
        "hanako@remote.example",
        "nobody@example.test",
    ] {
        submit(&stage, "PLAIN", &["--from", foreign, "--to", TARO])?
            .ended_with(MAIL_REFUSED)?
            .says("553 5.7.1")?;
    }
    stage
        .host
        .run(&["alias", "create", "info@example.test", HANAKO])?;
    submit(
        &stage,
        "PLAIN",
        &["--from", "info@example.test", "--to", TARO],
    )?
    .succeeded()?;
    contains(
        &stage.only_message(TARO)?,
        "Return-Path: <info@example.test>",
    )?;
    stage.end()
}

#[test]
fn what_cannot_be_delivered_is_refused_in_the_session() -> Result<()> {
    let stage = Stage::start()?;
    let unknown = ["--from", STRANGER, "--to", "unknown@example.test"];
    swaks(&stage, 25, &unknown)?
        .ended_with(RECIPIENT_REFUSED)?
        .says("550 5.1.1")?;
    // A domain of others: this host is no relay, whoever asks.
    let relay = ["--from", STRANGER, "--to", "someone@elsewhere.example"];
    swaks(&stage, 25, &relay)?
        .ended_with(RECIPIENT_REFUSED)?
        .says("550 5.7.1")?;
    stage.end()?;
    // Nor do users send there from a host that sends nothing.
    let silent = |text: String| text.replace("[outgoing]\n", "[outgoing]\nenabled = false\n");
    let stage = Stage::start_with(silent)?;
    let relay = ["--from", HANAKO, "--to", "someone@elsewhere.example"];
    submit(&stage, "PLAIN", &relay)?
        .ended_with(RECIPIENT_REFUSED)?
        .says("550 5.3.2")?;
    stage.end()
}

#[test]
fn a_message_over_the_limit_is_refused() -> Result<()> {
    let limited = |text: String| text.replace("max_message = \"25MB\"", "max_message = \"64KB\"");
    let stage = Stage::start_with(limited)?;
    let line = "0123456789 0123456789 0123456789 0123456789 0123456789 01234567\n";
    let fits = stage
        .home
        .write("fits.eml", message("fits", &line.repeat(900)))?;
    let big = stage
        .home
        .write("big.eml", message("big", &line.repeat(1100)))?;
    let data = format!("@{}", fits.display());
    swaks(
        &stage,
        25,
        &["--from", STRANGER, "--to", TARO, "--data", &data],
    )?
    .succeeded()?;
    let data = format!("@{}", big.display());
    swaks(
        &stage,
        25,
        &["--from", STRANGER, "--to", TARO, "--data", &data],
    )?
    .ended_with(CONTENT_REFUSED)?
    .says("552 5.3.4")?;
    contains(&stage.only_message(TARO)?, "Subject: fits")?;
    stage.end()
}

#[test]
fn a_message_to_many_recipients_reaches_all_up_to_the_limit() -> Result<()> {
    let limited = |text: String| text.replace("max_recipients = 1000", "max_recipients = 100");
    let stage = Stage::start_with(limited)?;
    let to: Vec<String> = (0..101).map(|n| format!("m{n}@example.test")).collect();
    let mut rows = vec!["name,address,password".to_owned()];
    rows.extend(
        to.iter()
            .map(|address| format!("Member,{address},pass of {address}")),
    );
    let file = stage.home.write("members.csv", rows.join("\n"))?;
    stage
        .host
        .run(&["account", "import", &file.display().to_string()])?;
    // The 101st is told to come again with another message; the others get this one.
    swaks(&stage, 25, &["--from", STRANGER, "--to", &to.join(",")])?
        .succeeded()?
        .says("452 4.5.3")?;
    let list: serde_json::Value =
        serde_json::from_str(&stage.host.run(&["--json", "account", "list"])?)?;
    let count = |address: &str| {
        let mut accounts = list.as_array().into_iter().flatten();
        accounts
            .find(|account| account["address"] == address)
            .and_then(|account| account["used_messages"].as_u64())
    };
    for address in &to[..100] {
        ensure!(
            count(address) == Some(1),
            "{address} has {:?} messages",
            count(address)
        );
    }
    ensure!(count(&to[100]) == Some(0), "the 101st recipient got it too");
    stage.end()
}

#[test]
fn lmtp_answers_for_each_recipient() -> Result<()> {
    let stage = Stage::start()?;
    // The quota is decided at RCPT: full is who has reached it.
    stage.deliver(HANAKO, &message("first", "x"))?;
    stage
        .host
        .run(&["account", "set", HANAKO, "--message-limit", "1"])?;
    let to = format!("{TARO},{HANAKO},unknown@example.test");
    let arguments = [
        "--protocol",
        "LMTP",
        "--from",
        STRANGER,
        "--to",
        &to,
        "--body",
        "by LMTP",
    ];
    swaks(&stage, 24, &arguments)?
        .succeeded()?
        .says("LHLO client.example")?
        .says("552 5.2.2")?
        .says("550 5.1.1")?;
    contains(&stage.only_message(TARO)?, "by LMTP")?;
    contains(&stage.only_message(HANAKO)?, "Subject: first")?;
    stage.end()
}

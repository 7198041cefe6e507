//! getmail: mail that stays on the server is fetched once, also across a restart of the server.

use anyhow::{Result, ensure};
use hikyaku_testkit::{
    host::PASSWORD,
    program::{Finished, Program},
};

use crate::stage::{Stage, TARO, contains, message};

const GETMAIL: Program = Program::of("getmail", "getmail6");

/// Writes the settings: what is fetched is appended to a file, mail stays on the server.
fn configure(stage: &Stage, retriever: &str, port: u16, more: &str) -> Result<()> {
    let out = stage.home.join("fetched");
    let rc = format!(
        "[retriever]\ntype = {retriever}\nserver = localhost\nport = {}\nusername = {TARO}\n\
         password = {PASSWORD}\nca_certs = {}\ntimeout = 30\n{more}\n\
         [destination]\ntype = MDA_external\npath = /bin/sh\n\
         arguments = (\"-c\", \"cat >> {}\")\nallow_root_commands = true\n\
         [options]\ndelete = false\nread_all = false\ndelivered_to = false\nreceived = false\n",
        stage.host.port(port),
        stage.certificate(),
        out.display()
    );
    stage.home.write("getmail/getmailrc", rc).map(drop)
}

fn run(stage: &Stage) -> Result<Finished> {
    let folder = stage.home.join("getmail").display().to_string();
    stage
        .run(GETMAIL, &["--getmaildir", &folder, "--rcfile", "getmailrc"])?
        .succeeded()
}

/// Subjects of what was fetched so far, in order.
fn subjects(stage: &Stage) -> Result<Vec<String>> {
    let text = String::from_utf8(stage.home.read("fetched")?)?;
    Ok(text
        .lines()
        .filter_map(|line| line.strip_prefix("Subject: "))
        .map(str::to_owned)
        .collect())
}

/// Fetches what is new, and only that; the server is restarted between two runs.
fn fetches_each_message_once(stage: &mut Stage) -> Result<()> {
    stage.deliver(TARO, &message("one", "請求書を送ります。"))?;
    stage.deliver(TARO, &message("two", "x"))?;
    run(stage)?.says("2 messages")?;
    ensure!(
        subjects(stage)? == ["one", "two"],
        "fetched {:?}",
        subjects(stage)?
    );
    contains(&stage.home.read("fetched")?, "請求書を送ります。")?;
    run(stage)?.says("0 messages")?;
    stage.host.stop()?;
    stage.host.start()?;
    run(stage)?.says("0 messages")?;
    stage.deliver(TARO, &message("three", "x"))?;
    run(stage)?.says("1 message")?;
    ensure!(
        subjects(stage)? == ["one", "two", "three"],
        "fetched {:?}",
        subjects(stage)?
    );
    ensure!(
        stage.inbox(TARO)?.len() == 3,
        "mail did not stay on the server"
    );
    Ok(())
}

#[test]
fn pop3_ids_are_the_same_after_a_restart() -> Result<()> {
    let mut stage = Stage::start()?;
    configure(&stage, "SimplePOP3SSLRetriever", 995, "")?;
    fetches_each_message_once(&mut stage)?;
    stage.end()
}

#[test]
fn pop3_ids_are_the_same_after_a_restart_on_postgres() -> Result<()> {
    let Some(mut stage) = Stage::start_on_postgres()? else {
        return Ok(());
    };
    configure(&stage, "SimplePOP3SSLRetriever", 995, "")?;
    fetches_each_message_once(&mut stage)?;
    stage.end()
}

#[test]
fn imap_uids_are_the_same_after_a_restart() -> Result<()> {
    let mut stage = Stage::start()?;
    configure(
        &stage,
        "SimpleIMAPSSLRetriever",
        993,
        "mailboxes = (\"INBOX\",)",
    )?;
    fetches_each_message_once(&mut stage)?;
    stage.end()
}

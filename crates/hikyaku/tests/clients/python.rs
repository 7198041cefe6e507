//! Python's smtplib, poplib and imaplib, as scripts beside these tests.

use anyhow::{Result, ensure};

use crate::stage::{HANAKO, Stage, TARO, contains, message};

fn sends_and_reads(stage: &Stage) -> Result<()> {
    stage.python("smtp_send", &[HANAKO, TARO])?.succeeded()?;
    let arrived = stage.inbox(TARO)?;
    ensure!(arrived.len() == 2, "{} messages arrived", arrived.len());
    contains(&arrived[0], "filename*=")?;
    contains(&arrived[1], "Subject: refused")?;
    stage.deliver(TARO, &message("dots", ".\n..\n.x"))?;
    stage.python("pop3_read", &[TARO, "3"])?.succeeded()?;
    ensure!(
        stage.inbox(TARO)?.len() == 2,
        "what was deleted is still there"
    );
    Ok(())
}

#[test]
fn smtplib_and_poplib_work() -> Result<()> {
    let stage = Stage::start()?;
    sends_and_reads(&stage)?;
    stage.end()
}

#[test]
fn smtplib_and_poplib_work_on_postgres() -> Result<()> {
    let Some(stage) = Stage::start_on_postgres()? else {
        return Ok(());
    };
    sends_and_reads(&stage)?;
    stage.end()
}

#[test]
fn imaplib_works() -> Result<()> {
    let stage = Stage::start()?;
    stage.python("imap_mailbox", &[TARO])?.succeeded()?;
    stage.end()
}

#[test]
fn imaplib_works_on_postgres() -> Result<()> {
    let Some(stage) = Stage::start_on_postgres()? else {
        return Ok(());
    };
    stage.python("imap_mailbox", &[TARO])?.succeeded()?;
    stage.end()
}

#[test]
fn idle_tells_at_once() -> Result<()> {
    let stage = Stage::start()?;
    stage.python("imap_idle", &[TARO])?.succeeded()?;
    stage.end()
}

#[test]
fn idle_tells_at_once_on_postgres() -> Result<()> {
    let Some(stage) = Stage::start_on_postgres()? else {
        return Ok(());
    };
    stage.python("imap_idle", &[TARO])?.succeeded()?;
    stage.end()
}

//! offlineimap: both ways with Japanese folder names. It is good to have: releases of Debian come
//! without it, and then this says so.

use anyhow::{Result, ensure};
use hikyaku_testkit::{
    host::PASSWORD,
    program::{Finished, Program},
};

use crate::{
    maildir::{create, everything, file, only_letter},
    stage::{Stage, TARO, message},
};

const OFFLINEIMAP: Program = Program::of("offlineimap", "offlineimap3");

fn configure(stage: &Stage) -> Result<()> {
    let settings = format!(
        "[general]\naccounts = taro\nmetadata = {0}/state\nui = basic\nfsync = false\n\
         [Account taro]\nlocalrepository = Near\nremoterepository = Far\nutf8foldernames = yes\n\
         [Repository Near]\ntype = Maildir\nlocalfolders = {0}/mail\n\
         [Repository Far]\ntype = IMAP\nremotehost = localhost\nremoteport = {1}\n\
         remoteuser = {TARO}\nremotepass = {PASSWORD}\nssl = yes\nsslcacertfile = {2}\n",
        stage.home.path().display(),
        stage.host.port(993),
        stage.certificate()
    );
    stage.home.write("offlineimaprc", settings).map(drop)
}

fn sync(stage: &Stage) -> Result<Finished> {
    stage
        .run(OFFLINEIMAP, &["-c", "offlineimaprc", "-o"])?
        .succeeded()
}

#[test]
fn synchronises_both_ways() -> Result<()> {
    if OFFLINEIMAP.find().is_none() {
        eprintln!("not run: Debian's package offlineimap3 is not installed");
        return Ok(());
    }
    let stage = Stage::start()?;
    configure(&stage)?;
    stage.deliver(TARO, &message("far", "サーバーから"))?;
    let mail = stage.home.join("mail");
    let near = mail.join("見積");
    create(&near)?;
    file(&near, "cur/1.near:2,FS", &message("near", "手元から"))?;
    sync(&stage)?;
    let pulled = only_letter(&mail.join("INBOX"))?;
    ensure!(
        pulled.text.contains("サーバーから"),
        "pulled {:?}",
        pulled.text
    );
    let mut imap = stage.imap(TARO)?;
    // 見積
    imap.select("\"&iYt6TQ-\"")?;
    let pushed = imap.command("FETCH 1:* (FLAGS)")?.join("\n");
    ensure!(
        pushed.contains("\\Flagged") && pushed.contains("\\Seen"),
        "pushed {pushed}"
    );
    let before = everything(&mail)?;
    sync(&stage)?;
    ensure!(
        everything(&mail)? == before,
        "a second run changed something"
    );
    pulled.mark("S")?;
    imap.command("STORE 1 +FLAGS (\\Deleted)")?;
    imap.command("EXPUNGE")?;
    sync(&stage)?;
    ensure!(
        everything(&near)?.is_empty(),
        "a deleted message stayed at home"
    );
    imap.select("INBOX")?;
    let seen = imap.command("SEARCH SEEN")?;
    ensure!(
        seen.contains(&"* SEARCH 1".to_owned()),
        "not marked as read: {seen:?}"
    );
    imap.log_out()?;
    stage.end()
}

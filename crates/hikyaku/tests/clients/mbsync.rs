//! mbsync: both ways, with folders of Japanese names made on either side.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use hikyaku_testkit::{
    host::PASSWORD,
    imap::ImapClient,
    program::{Finished, Program},
};

use crate::{
    maildir::{Letter, create, everything, file, letters, only_letter},
    stage::{Stage, TARO, contains, message},
};

const MBSYNC: Program = Program::of("mbsync", "isync");

/// 請求書/2026年, as IMAP4rev1 and mbsync write it.
const BILLS: &str = "&istsQmb4-/2026&XnQ-";
/// 見積
const ESTIMATES: &str = "&iYt6TQ-";

/// A user's setting: everything on both sides alike.
fn configure(stage: &Stage, tls: &str) -> Result<()> {
    let near = stage.home.join("mail");
    std::fs::create_dir_all(&near)?;
    let near = near.display();
    let certificate = stage.certificate();
    let settings = format!(
        "IMAPAccount host\nHost localhost\n{tls}\nUser {TARO}\nPass \"{PASSWORD}\"\n\
         CertificateFile {certificate}\nSystemCertificates no\n\n\
         IMAPStore far\nAccount host\n\n\
         MaildirStore near\nSubFolders Verbatim\nPath {near}/\nInbox {near}/INBOX\n\n\
         Channel all\nFar :far:\nNear :near:\nPatterns *\nCreate Both\nRemove Both\n\
         Expunge Both\nSyncState *\n"
    );
    stage.home.write("mbsyncrc", settings).map(drop)
}

fn sync(stage: &Stage) -> Result<Finished> {
    stage.run(MBSYNC, &["-c", "mbsyncrc", "all"])?.succeeded()
}

/// The text without the line by which mbsync finds again what it has stored.
fn text_of(letter: &Letter) -> String {
    let lines = letter.text.split_inclusive('\n');
    lines.filter(|line| !line.starts_with("X-TUID: ")).collect()
}

fn near(stage: &Stage, folder: &str) -> PathBuf {
    stage.home.join("mail").join(folder)
}

/// The FETCH lines of a folder's flags.
fn far_flags(imap: &mut ImapClient, folder: &str) -> Result<Vec<String>> {
    imap.select(&format!("\"{folder}\""))?;
    let lines = imap.command("UID FETCH 1:* (FLAGS)")?;
    Ok(lines
        .into_iter()
        .filter(|line| line.contains("FETCH"))
        .collect())
}

/// Folders and messages made on each side appear on the other, unchanged.
fn both_sides_get_what_the_other_has(stage: &Stage, imap: &mut ImapClient) -> Result<()> {
    imap.command(&format!("CREATE \"{BILLS}\""))?;
    let far = message("far", "サーバーで作成").replace('\n', "\r\n");
    imap.append(&format!("\"{BILLS}\""), far.as_bytes())?;
    create(&near(stage, ESTIMATES))?;
    file(
        &near(stage, ESTIMATES),
        "cur/1.near:2,S",
        &message("near", "手元で作成"),
    )?;
    file(
        &near(stage, ESTIMATES),
        "new/2.near",
        &message("draft", "未読"),
    )?;
    sync(stage)?;
    let pulled = only_letter(&near(stage, BILLS))?;
    ensure!(
        text_of(&pulled) == message("far", "サーバーで作成"),
        "pulled {pulled:?}"
    );
    ensure!(pulled.flags.is_empty(), "pulled with {:?}", pulled.flags);
    let pushed = far_flags(imap, ESTIMATES)?;
    ensure!(pushed.len() == 2, "pushed {pushed:?}");
    let seen = pushed.iter().filter(|line| line.contains("\\Seen")).count();
    ensure!(seen == 1, "flags of what was pushed: {pushed:?}");
    let text = imap.command("FETCH 1:* BODY.PEEK[TEXT]")?.join("\n");
    contains(text.as_bytes(), "手元で作成")?;
    contains(text.as_bytes(), "未読")
}

/// Flags set on each side appear on the other.
fn flags_go_both_ways(stage: &Stage, imap: &mut ImapClient) -> Result<()> {
    only_letter(&near(stage, BILLS))?.mark("FS")?;
    imap.select(ESTIMATES)?;
    imap.command("STORE 1:* +FLAGS (\\Answered)")?;
    sync(stage)?;
    let flags = far_flags(imap, BILLS)?.join("\n");
    ensure!(
        flags.contains("\\Flagged") && flags.contains("\\Seen"),
        "on the server: {flags}"
    );
    for letter in letters(&near(stage, ESTIMATES))? {
        ensure!(letter.flags.contains('R'), "at home: {letter:?}");
    }
    Ok(())
}

/// A further run with nothing to do changes nothing on either side.
fn nothing_to_do_changes_nothing(stage: &Stage, imap: &mut ImapClient) -> Result<()> {
    let mut far = || -> Result<Vec<String>> {
        let mut lines = Vec::new();
        for folder in ["INBOX", BILLS, ESTIMATES] {
            let items = "(MESSAGES UIDNEXT UIDVALIDITY UNSEEN)";
            lines.extend(imap.command(&format!("STATUS \"{folder}\" {items}"))?);
            lines.extend(far_flags(imap, folder)?);
        }
        Ok(lines)
    };
    let before = (far()?, everything(&stage.home.join("mail"))?);
    ensure!(before.1.len() == 4, "at home are {:?}", before.1.keys());
    sync(stage)?;
    ensure!(
        before == (far()?, everything(&stage.home.join("mail"))?),
        "something changed"
    );
    Ok(())
}

/// What is deleted on one side goes on the other: messages, then a whole folder.
fn deletions_go_both_ways(stage: &Stage, imap: &mut ImapClient) -> Result<()> {
    only_letter(&near(stage, BILLS))?.delete()?;
    imap.select(ESTIMATES)?;
    imap.command("STORE 1 +FLAGS (\\Deleted)")?;
    imap.command("EXPUNGE")?;
    sync(stage)?;
    ensure!(
        far_flags(imap, BILLS)?.is_empty(),
        "it stayed on the server"
    );
    only_letter(&near(stage, ESTIMATES))?;
    ensure!(stage.inbox(TARO)?.len() == 1, "another folder suffered");
    imap.command("UNSELECT")?;
    imap.command(&format!("DELETE \"{BILLS}\""))?;
    sync(stage)?;
    ensure!(
        letters(&near(stage, BILLS)).is_err(),
        "a deleted folder stayed at home"
    );
    Ok(())
}

fn synchronises_both_ways(stage: &Stage) -> Result<()> {
    stage.deliver(TARO, &message("delivered", "届いたメール"))?;
    let mut imap = stage.imap(TARO)?;
    both_sides_get_what_the_other_has(stage, &mut imap)?;
    contains(
        only_letter(&near(stage, "INBOX"))?.text.as_bytes(),
        "届いたメール",
    )?;
    flags_go_both_ways(stage, &mut imap)?;
    nothing_to_do_changes_nothing(stage, &mut imap)?;
    deletions_go_both_ways(stage, &mut imap)?;
    imap.log_out()
}

#[test]
fn with_tls_from_the_start() -> Result<()> {
    let stage = Stage::start()?;
    configure(
        &stage,
        &format!("Port {}\nSSLType IMAPS", stage.host.port(993)),
    )?;
    synchronises_both_ways(&stage)?;
    stage.end()
}

#[test]
fn with_starttls_on_postgres() -> Result<()> {
    let Some(stage) = Stage::start_on_postgres()? else {
        return Ok(());
    };
    configure(
        &stage,
        &format!("Port {}\nSSLType STARTTLS", stage.host.port(143)),
    )?;
    synchronises_both_ways(&stage)?;
    stage.end()
}

/// Many messages in both directions at once, then the same home folder anew: all come back.
#[test]
fn hundreds_of_messages_are_the_same_on_both_sides() -> Result<()> {
    const COUNT: usize = 300;
    let stage = Stage::start()?;
    configure(
        &stage,
        &format!("Port {}\nSSLType IMAPS", stage.host.port(993)),
    )?;
    let folder = near(&stage, ESTIMATES);
    create(&folder)?;
    for number in 0..COUNT {
        let text = message(&format!("m{number}"), &format!("{number}通目"));
        file(&folder, &format!("cur/{number}.near:2,S"), &text)?;
    }
    sync(&stage)?;
    std::fs::remove_dir_all(stage.home.join("mail"))?;
    std::fs::create_dir_all(stage.home.join("mail"))?;
    sync(&stage)?;
    let mut texts: Vec<String> = letters(&folder)?.iter().map(text_of).collect();
    let mut sent: Vec<String> = (0..COUNT)
        .map(|n| message(&format!("m{n}"), &format!("{n}通目")))
        .collect();
    texts.sort_unstable();
    sent.sort_unstable();
    ensure!(
        texts == sent,
        "{} of {COUNT} messages came back, or some differ",
        texts.len()
    );
    stage.end()
}

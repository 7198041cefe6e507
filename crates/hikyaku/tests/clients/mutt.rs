//! mutt: writes and sends, files and reads Japanese mail over IMAP. A person's key strokes come
//! from `-e 'push …'`; `script` is the terminal.

use anyhow::{Context as _, Result, ensure};
use hikyaku_testkit::{
    host::PASSWORD,
    program::{Finished, Program},
};

use crate::stage::{HANAKO, Stage, TARO, contains, message};

const MUTT: Program = Program::named("mutt");
const SCRIPT: Program = Program::of("script", "bsdutils");

/// 保管, where mail is filed.
const ARCHIVE: &str = "&T917oQ-";

fn configure(stage: &Stage) -> Result<()> {
    let (imap, submission) = (stage.host.port(993), stage.host.port(587));
    let certificate = stage.certificate();
    let settings = format!(
        "set from=\"{TARO}\"\nset realname=\"山田 太郎\"\nset charset=utf-8\n\
         set send_charset=\"us-ascii:iso-2022-jp:utf-8\"\n\
         set smtp_url=\"smtp://{TARO}@localhost:{submission}/\"\nset smtp_pass=\"{PASSWORD}\"\n\
         set imap_user=\"{TARO}\"\nset imap_pass=\"{PASSWORD}\"\n\
         set folder=\"imaps://localhost:{imap}/\"\nset spoolfile=\"imaps://localhost:{imap}/INBOX\"\n\
         set record=\"imaps://localhost:{imap}/Sent\"\nset copy=yes\n\
         set ssl_starttls=yes\nset ssl_force_tls=yes\nset ssl_verify_host=yes\n\
         set certificate_file=\"{certificate}\"\nset ssl_ca_certificates_file=\"{certificate}\"\n\
         set confirmappend=no\nset confirmcreate=no\nset delete=yes\nset wait_key=no\n\
         set pipe_decode=yes\nset mark_old=no\nset sleep_time=0\nset header_cache=\"\"\n\
         set imap_deflate=yes\n"
    );
    stage.home.write("muttrc", settings).map(drop)
}

/// Sends a message of this text, with the text attached once more.
fn send(stage: &Stage, subject: &str, text: &str) -> Result<Finished> {
    let attached = stage.home.write("見積.txt", text)?.display().to_string();
    let arguments = ["-F", "muttrc", "-s", subject, "-a", &attached, "--", HANAKO];
    stage.run_with(MUTT, &arguments, text.as_bytes())
}

/// Opens a folder and types; the keys must end in leaving mutt.
fn type_in(stage: &Stage, folder: &str, keys: &str) -> Result<()> {
    let mutt = MUTT
        .find()
        .context("mutt is not installed (Debian's package mutt)")?;
    let command = format!(
        "{} -F muttrc -f '={folder}' -e 'push \"{keys}\"'",
        mutt.display()
    );
    stage
        .run(SCRIPT, &["-qefc", &command, "/dev/null"])?
        .succeeded()
        .map(drop)
}

fn status(stage: &Stage, folder: &str, items: &str) -> Result<String> {
    let mut imap = stage.imap(TARO)?;
    let lines = imap.command(&format!("STATUS \"{folder}\" ({items})"))?;
    imap.log_out()?;
    lines.into_iter().next().context("STATUS told nothing")
}

#[test]
fn sends_japanese_mail_and_keeps_a_copy() -> Result<()> {
    let stage = Stage::start()?;
    configure(&stage)?;
    send(
        &stage,
        "お見積もりの件",
        "三月分の見積もりをお送りします。\n",
    )?
    .succeeded()?;
    let arrived = stage.only_message(HANAKO)?;
    contains(&arrived, "Return-Path: <taro@example.test>")?;
    contains(&arrived, "with ESMTPSA")?;
    contains(&arrived, "charset=iso-2022-jp")?;
    // 三月分 in ISO-2022-JP.
    contains(&arrived, "\u{1b}$B;07nJ,")?;
    contains(&arrived, "filename*=")?;
    ensure!(
        status(&stage, "Sent", "MESSAGES")?.contains("MESSAGES 1"),
        "no copy in Sent"
    );
    stage.end()
}

#[test]
fn a_wrong_password_sends_nothing() -> Result<()> {
    let stage = Stage::start()?;
    configure(&stage)?;
    let settings = String::from_utf8(stage.home.read("muttrc")?)?;
    stage
        .home
        .write("muttrc", settings.replace(PASSWORD, "wrong"))?;
    let ended = send(&stage, "x", "x\n")?;
    ensure!(
        !ended.status.success(),
        "mutt believes it has sent: {}",
        ended.text()
    );
    ensure!(stage.inbox(HANAKO)?.is_empty(), "something arrived");
    stage.end()
}

#[test]
fn reads_searches_and_files_mail() -> Result<()> {
    let stage = Stage::start()?;
    configure(&stage)?;
    for (subject, text) in [
        ("one", "三月分の請求書"),
        ("two", "別の話"),
        ("three", "四月分の請求書"),
    ] {
        stage.deliver(TARO, &message(subject, text))?;
    }
    // The server searches (`=b`); what is found is copied to a new folder, and piped decoded.
    let read = stage.home.join("read").display().to_string();
    let keys = format!(
        "<tag-pattern>=b 請求書<enter><tag-prefix><copy-message>=保管<enter>\
         <untag-pattern>.<enter><jump>2<enter><pipe-message>cat > {read}<enter>\
         <set-flag>!<delete-pattern>~s three<enter><sync-mailbox><exit>"
    );
    type_in(&stage, "INBOX", &keys)?;
    contains(&stage.home.read("read")?, "別の話")?;
    let filed = status(&stage, ARCHIVE, "MESSAGES")?;
    ensure!(filed.contains("MESSAGES 2"), "filed: {filed}");
    let left = stage.inbox(TARO)?;
    ensure!(left.len() == 2, "{} messages are left", left.len());
    contains(&left[0], "三月分の請求書")?;
    let mut imap = stage.imap(TARO)?;
    imap.select("INBOX")?;
    let flagged = imap.command("SEARCH FLAGGED SUBJECT two")?;
    ensure!(
        flagged.contains(&"* SEARCH 2".to_owned()),
        "flagged: {flagged:?}"
    );
    imap.log_out()?;
    stage.end()
}

#[test]
fn moves_mail_to_another_folder() -> Result<()> {
    let stage = Stage::start()?;
    configure(&stage)?;
    stage.deliver(TARO, &message("moved", "動かす"))?;
    stage.deliver(TARO, &message("stays", "残す"))?;
    // A move is save: copy, mark as deleted, expunge.
    type_in(
        &stage,
        "INBOX",
        "<jump>1<enter><save-message>=保管<enter><sync-mailbox><exit>",
    )?;
    contains(&stage.only_message(TARO)?, "残す")?;
    ensure!(
        status(&stage, ARCHIVE, "MESSAGES")?.contains("MESSAGES 1"),
        "not in the folder"
    );
    stage.end()
}

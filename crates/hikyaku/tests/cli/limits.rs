//! Quotas and limits as users meet them, set from the command line.

use anyhow::{Result, ensure};
use hikyaku_testkit::{
    mail::TestMail,
    smtp::{SmtpClient, Verdict},
};

use crate::scene::{Scene, Server, TARO};

/// What SMTP says to a message for the account.
fn offer(scene: &Scene, mail: &TestMail) -> Result<Verdict> {
    let mut client = SmtpClient::greet(scene.host.connect(25)?)?;
    client.offer("sender@remote.example", &[TARO], mail)
}

fn refused_with(verdict: &Verdict, code: &str) -> Result<()> {
    ensure!(
        verdict.reply().starts_with(code),
        "{verdict:?} instead of {code}"
    );
    Ok(())
}

#[test]
fn a_full_mailbox_refuses_mail_until_there_is_room() -> Result<()> {
    let scene = Scene::new(Server::Running)?;
    scene.account(TARO)?;
    scene.account("hanako@example.test")?;
    let mail = || TestMail::of_size(10_000);
    scene.told(&["account", "set", TARO, "--quota", "15KB"])?;
    scene.deliver(&[TARO], &mail())?;
    // There is room, but not for this; it is told when the message is there.
    refused_with(&offer(&scene, &mail())?, "552 5.2.2")?;
    // With a recipient who can take it, one who passed RCPT gets it too. Then it is full.
    scene.deliver(&[TARO, "hanako@example.test"], &mail())?;
    refused_with(&offer(&scene, &TestMail::default())?, "552 5.2.2")?;
    let mut imap = scene.imap(TARO)?;
    let answer = imap.append("INBOX", &mail().bytes)?;
    ensure!(
        answer.contains(" NO ") && answer.contains("OVERQUOTA"),
        "APPEND: {answer}"
    );
    // Usage is exact, and more room helps at once.
    let shown = scene.json(&["account", "show", TARO])?;
    ensure!(shown["used_messages"] == 2, "{shown}");
    imap.select("INBOX")?;
    let sizes = imap.command("FETCH 1:2 RFC822.SIZE")?;
    let sum: u64 = sizes.iter().filter_map(|line| size_in(line)).sum();
    ensure!(shown["used_bytes"] == sum, "{shown} and {sizes:?}");
    scene.told(&["account", "set", TARO, "--quota", "1MB"])?;
    scene.deliver(&[TARO], &mail())?;
    scene.end()
}

fn size_in(line: &str) -> Option<u64> {
    let (_, size) = line.split_once("RFC822.SIZE ")?;
    size.trim_end_matches(')').parse().ok()
}

#[test]
fn the_number_of_messages_has_a_limit_too() -> Result<()> {
    let scene = Scene::new(Server::Running)?;
    scene.account(TARO)?;
    scene.told(&["account", "set", TARO, "--message-limit", "2"])?;
    for _ in 0..2 {
        scene.deliver(&[TARO], &TestMail::default())?;
    }
    refused_with(&offer(&scene, &TestMail::default())?, "552 5.2.2")?;
    // Deleting makes room.
    let mut pop3 = scene.pop3(TARO, "correct horse 7")?;
    pop3.delete(1)?;
    pop3.quit()?;
    scene.deliver(&[TARO], &TestMail::default())?;
    refused_with(&offer(&scene, &TestMail::default())?, "552 5.2.2")?;
    scene.end()
}

#[test]
fn an_announced_size_is_judged_before_anything_is_sent() -> Result<()> {
    let limited = |text: String| text.replace("max_message = \"25MB\"", "max_message = \"1MB\"");
    let scene = Scene::with(Server::Running, limited)?;
    scene.account(TARO)?;
    scene.told(&["account", "set", TARO, "--quota", "100KB"])?;
    let mut client = SmtpClient::greet(scene.host.connect(25)?)?;
    let over = client.reply("MAIL FROM:<sender@remote.example> SIZE=2000000")?;
    ensure!(
        over.starts_with("552 5.3.4"),
        "over the limit of the host: {over}"
    );
    let fits = client.reply("MAIL FROM:<sender@remote.example> SIZE=500000")?;
    ensure!(
        fits.starts_with("250"),
        "within the limit of the host: {fits}"
    );
    let full = client.reply(&format!("RCPT TO:<{TARO}>"))?;
    ensure!(full.starts_with("552 5.2.2"), "over the quota: {full}");
    let mut imap = scene.imap(TARO)?;
    let answer = imap.append("INBOX", &TestMail::of_size(1_200_000).bytes)?;
    ensure!(
        answer.contains(" NO "),
        "APPEND over the limit of the host: {answer}"
    );
    scene.end()
}

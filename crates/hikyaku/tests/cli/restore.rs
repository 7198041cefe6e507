//! `hikyaku mailbox restore`: what was deleted comes back.

use anyhow::{Result, ensure};
use hikyaku_testkit::{host::PASSWORD, mail::TestMail};

use crate::scene::{Scene, Server, TARO, contains};

/// Message-IDs in INBOX, sorted.
fn inbox(scene: &Scene) -> Result<Vec<String>> {
    let mut pop3 = scene.pop3(TARO, PASSWORD)?;
    let mut ids = pop3.message_ids()?;
    pop3.quit()?;
    ids.sort();
    Ok(ids)
}

fn empty_inbox(scene: &Scene) -> Result<()> {
    let mut pop3 = scene.pop3(TARO, PASSWORD)?;
    for entry in pop3.list()? {
        pop3.delete(entry.number)?;
    }
    pop3.quit()
}

#[test]
fn mail_deleted_over_pop3_comes_back() -> Result<()> {
    let mut scene = Scene::new(Server::Running)?;
    scene.account(TARO)?;
    for _ in 0..3 {
        scene.deliver(&[TARO], &TestMail::default())?;
    }
    let before = inbox(&scene)?;
    let restore = ["mailbox", "restore", "--account", TARO];
    for server in [Server::Running, Server::Stopped] {
        empty_inbox(&scene)?;
        ensure!(inbox(&scene)?.is_empty(), "nothing was deleted");
        if server == Server::Stopped {
            scene.host.stop()?;
        }
        let report = scene.json(&restore)?;
        ensure!(
            report["restored"] == 3 && report["over_quota"] == 0,
            "{report}"
        );
        contains(&scene.told(&restore)?, &["0 messages brought back"])?;
        if server == Server::Stopped {
            scene.host.start()?;
        }
        ensure!(
            inbox(&scene)? == before,
            "something else came back ({server:?})"
        );
    }
    scene.end()
}

#[test]
fn only_what_was_asked_for_comes_back() -> Result<()> {
    let scene = Scene::new(Server::Running)?;
    scene.account(TARO)?;
    let mail = TestMail::default();
    scene.deliver(&[TARO], &mail)?;
    let mut imap = scene.imap(TARO)?;
    imap.append("Sent", &TestMail::default().bytes)?;
    for folder in ["INBOX", "Sent"] {
        imap.select(folder)?;
        imap.command("STORE 1:* +FLAGS (\\Deleted)")?;
        imap.command("EXPUNGE")?;
    }
    let restore =
        |more: &[&str]| scene.json(&[&["mailbox", "restore", "--account", TARO], more].concat());
    ensure!(restore(&["--since", "2999-01-01T00:00:00+09:00"])?["restored"] == 0);
    ensure!(restore(&["--folder", "Archive"])?["restored"] == 0);
    ensure!(restore(&["--folder", "INBOX"])?["restored"] == 1);
    ensure!(
        inbox(&scene)? == [mail.id.clone()],
        "another message came back"
    );
    ensure!(restore(&["--since", "2020-01-01T00:00:00Z"])?["restored"] == 1);
    imap.select("Sent")?;
    ensure!(imap.uids()?.len() == 1, "it is not in Sent");
    scene.end()
}

#[test]
fn what_does_not_fit_is_told() -> Result<()> {
    let scene = Scene::new(Server::Running)?;
    scene.account(TARO)?;
    for _ in 0..3 {
        scene.deliver(&[TARO], &TestMail::default())?;
    }
    empty_inbox(&scene)?;
    scene.told(&["account", "set", TARO, "--message-limit", "1"])?;
    let restore = ["mailbox", "restore", "--account", TARO];
    let said = scene.told(&restore)?;
    contains(
        &said,
        &["1 message brought back", "2 did not fit", "raise the quota"],
    )?;
    scene.told(&["account", "set", TARO, "--message-limit", "0"])?;
    ensure!(
        scene.json(&restore)?["restored"] == 2,
        "the others did not come back"
    );
    scene.end()
}

#[test]
fn wrong_values_are_refused() -> Result<()> {
    crate::scene::in_both_modes(|scene| {
        scene.account(TARO)?;
        let restore = ["mailbox", "restore", "--account", TARO];
        let when = [&restore[..], &["--since", "yesterday"]].concat();
        scene.refused(&when, "bad_field", "such as 2026-11-21T09:00:00+09:00")?;
        let folder = [&restore[..], &["--folder", "a//b"]].concat();
        scene.refused(&folder, "bad_field", "an empty level")?;
        let unknown = ["mailbox", "restore", "--account", "x@example.test"];
        scene.refused(
            &unknown,
            "no_such_account",
            "there is no account x@example.test",
        )?;
        Ok(())
    })
}

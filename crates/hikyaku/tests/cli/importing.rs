//! `hikyaku mailbox import`: old mail comes in once, whatever happens meanwhile.

use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader},
    process::Stdio,
};

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use crate::scene::{NEEDS_A_LOOK, Scene, Server, TARO, contains, in_both_modes};

/// An mbox as readers leave it: flags in its headers, lines that begin with From quoted.
const MBOX: &str = "From hanako@example.test Sat Nov 21 09:00:00 2026\nStatus: RO\nX-Status: F\n\
    From: =?UTF-8?B?6Iqx5a2Q?= <hanako@example.test>\nSubject: =?UTF-8?B?6KuL5rGC5pu4?=\n\
    Date: Sat, 21 Nov 2026 09:00:00 +0900\nMessage-ID: <1@example.test>\n\
    Content-Type: text/plain; charset=utf-8\n\n請求書です。\n>From here on it is quoted.\n\
    >>From here twice.\n\n\
    From taro@example.test Sat Nov 21 10:00:00 2026\nFrom: taro@example.test\nSubject: second\n\
    Date: Sat, 21 Nov 2026 10:00:00 +0900\nMessage-ID: <2@example.test>\n\nsecond\n\n";

/// 請求書/2026年, as IMAP4rev1 writes it.
const BILLS: &str = "&istsQmb4-/2026&XnQ-";

fn import<'a>(format: &'a str, path: &'a str) -> [&'a str; 7] {
    [
        "mailbox",
        "import",
        "--account",
        TARO,
        "--format",
        format,
        path,
    ]
}

/// The lines of a folder's messages: flags, dates, and one piece of the contents.
fn fetched(scene: &Scene, folder: &str, what: &str) -> Result<String> {
    let mut imap = scene.imap(TARO)?;
    imap.select(&format!("\"{folder}\""))?;
    let lines = imap.command(&format!("FETCH 1:* ({what})"))?;
    imap.log_out()?;
    Ok(lines.join("\n"))
}

/// The commands are run in both modes; the mailbox is then looked at with a server.
fn in_both_modes_then(
    commands: impl Fn(&Scene) -> Result<()>,
    look: impl Fn(&Scene) -> Result<()>,
) -> Result<()> {
    for server in [Server::Stopped, Server::Running] {
        let mut scene = Scene::new(server)?;
        scene.account(TARO)?;
        commands(&scene).with_context(|| format!("the server is {server:?}"))?;
        if server == Server::Stopped {
            scene.host.start()?;
        }
        look(&scene)?;
        scene.end()?;
    }
    Ok(())
}

#[test]
fn an_mbox_comes_in_with_its_flags_and_only_once() -> Result<()> {
    let commands = |scene: &Scene| {
        let path = scene
            .home
            .write("old mail.mbox", MBOX)?
            .display()
            .to_string();
        let all = [&import("mbox", &path)[..], &["--folder", "請求書/2026年"]].concat();
        let report = scene.json(&all)?;
        ensure!(
            report["imported"] == 2 && report["complete"] == true,
            "{report}"
        );
        ensure!(
            report["folders"] == json!([{"folder": "請求書/2026年", "imported": 2}]),
            "{report}"
        );
        let again = scene.told(&all)?;
        contains(
            &again,
            &["0 messages imported", "2 were there already", "0 failed"],
        )?;
        // The same file to another folder is other mail.
        ensure!(scene.json(&import("mbox", &path))?["imported"] == 2);
        Ok(())
    };
    in_both_modes_then(commands, |scene| {
        let flags = fetched(scene, BILLS, "FLAGS INTERNALDATE")?;
        contains(
            &flags,
            &["\\Seen", "\\Flagged", "\"21-Nov-2026 09:00:00 +0000\""],
        )?;
        let text = fetched(scene, BILLS, "BODY.PEEK[TEXT]")?;
        contains(
            &text,
            &["請求書です。", "\nFrom here on", "\n>From here twice"],
        )?;
        ensure!(
            fetched(scene, "INBOX", "UID")?.lines().count() == 2,
            "INBOX"
        );
        Ok(())
    })
}

#[test]
fn a_folder_of_mbox_files_becomes_folders() -> Result<()> {
    let commands = |scene: &Scene| {
        for name in ["old/INBOX.mbox", "old/請求書/2026年.mbox"] {
            scene.home.write(name, MBOX)?;
        }
        let path = scene.home.join("old").display().to_string();
        let report = scene.json(&import("mbox", &path))?;
        ensure!(report["imported"] == 4, "{report}");
        Ok(())
    };
    in_both_modes_then(commands, |scene| {
        ensure!(fetched(scene, BILLS, "UID")?.lines().count() == 2);
        ensure!(fetched(scene, "INBOX", "UID")?.lines().count() == 2);
        Ok(())
    })
}

#[test]
fn a_maildir_comes_in_with_flags_and_japanese_folders() -> Result<()> {
    let commands = |scene: &Scene| {
        let mail = |n: u32| {
            format!("From: a@remote.example\nMessage-ID: <{n}@remote.example>\n\n{n}番の本文\n")
        };
        for folder in ["", ".Sent/", ".&istsQmb4-.2026&XnQ-/"] {
            for part in ["cur", "new", "tmp"] {
                std::fs::create_dir_all(scene.home.join(&format!("Maildir/{folder}{part}")))?;
            }
        }
        scene.home.write("Maildir/new/1795219200.1.host", mail(1))?;
        scene
            .home
            .write("Maildir/cur/1795219201.2.host:2,RS", mail(2))?;
        scene
            .home
            .write("Maildir/.Sent/cur/1795219202.3.host:2,S", mail(3))?;
        scene.home.write(
            "Maildir/.&istsQmb4-.2026&XnQ-/cur/1795219203.4.host:2,FS",
            mail(4),
        )?;
        // What is in tmp has not arrived.
        scene.home.write("Maildir/tmp/1795219204.5.host", mail(5))?;
        let path = scene.home.join("Maildir").display().to_string();
        let report = scene.json(&import("maildir", &path))?;
        ensure!(report["imported"] == 4, "{report}");
        ensure!(
            scene.json(&import("maildir", &path))?["skipped"] == 4,
            "not the same again"
        );
        let folder = [&import("maildir", &path)[..], &["--folder", "x"]].concat();
        scene.refused(&folder, "bad_field", "a Maildir names its folders itself")?;
        Ok(())
    };
    in_both_modes_then(commands, |scene| {
        contains(&fetched(scene, BILLS, "FLAGS")?, &["\\Flagged", "\\Seen"])?;
        contains(&fetched(scene, BILLS, "BODY.PEEK[TEXT]")?, &["4番の本文"])?;
        contains(&fetched(scene, "Sent", "FLAGS")?, &["\\Seen"])?;
        let inbox = fetched(scene, "INBOX", "FLAGS")?;
        ensure!(
            inbox.lines().count() == 2 && inbox.contains("\\Answered"),
            "{inbox}"
        );
        Ok(())
    })
}

#[test]
fn what_is_no_mail_is_refused_with_the_reason() -> Result<()> {
    in_both_modes(|scene| {
        scene.account(TARO)?;
        let text = scene.home.write("text", "no mail\n")?.display().to_string();
        scene.refused(&import("mbox", &text), "not_mbox", "is not an mbox")?;
        let folder = scene.home.path().display().to_string();
        scene.refused(
            &import("maildir", &folder),
            "not_maildir",
            "is not a Maildir",
        )?;
        scene.refused(&import("mbox", "/nonexistent/x"), "file", "/nonexistent/x")?;
        let unknown = [
            "mailbox",
            "import",
            "--account",
            "x@example.test",
            "--format",
            "mbox",
            &text,
        ];
        scene.refused(
            &unknown,
            "no_such_account",
            "there is no account x@example.test",
        )?;
        Ok(())
    })
}

#[test]
fn an_import_over_the_quota_stops_and_goes_on_when_there_is_room() -> Result<()> {
    in_both_modes(|scene| {
        scene.account(TARO)?;
        let path = scene
            .home
            .write("many.mbox", many(50))?
            .display()
            .to_string();
        scene.told(&["account", "set", TARO, "--message-limit", "20"])?;
        let report = scene.json_after(&import("mbox", &path), NEEDS_A_LOOK)?;
        ensure!(
            report["imported"] == 20 && report["complete"] == false,
            "{report}"
        );
        let said = scene
            .run(&import("mbox", &path))?
            .ended_with(NEEDS_A_LOOK)?;
        said.says("the mailbox is full")?.says("run this again")?;
        scene.told(&["account", "set", TARO, "--message-limit", "0"])?;
        let report = scene.json(&import("mbox", &path))?;
        ensure!(
            report["imported"] == 30 && report["skipped"] == 20,
            "{report}"
        );
        Ok(())
    })
}

/// An mbox of so many messages, all different.
fn many(count: usize) -> String {
    let mut mbox = String::new();
    for n in 0..count {
        // Writing to a String cannot fail.
        let _ = write!(
            mbox,
            "From a@remote.example Sat Nov 21 09:00:00 2026\nFrom: a@remote.example\n\
             Message-ID: <{n}@remote.example>\nSubject: {n}\n\n{}\n",
            format!("{n}: 飛脚は手紙を運ぶ。\n").repeat(40)
        );
    }
    mbox
}

/// Who is killed in the middle of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    Command,
    Server,
}

#[test]
fn an_import_that_was_killed_goes_on_without_duplicates() -> Result<()> {
    const COUNT: u64 = 6_000;
    for victim in [Victim::Command, Victim::Server] {
        let mut scene = Scene::new(match victim {
            Victim::Command => Server::Stopped,
            Victim::Server => Server::Running,
        })?;
        scene.account(TARO)?;
        let mbox = many(usize::try_from(COUNT)?);
        let path = scene.home.write("many.mbox", mbox)?.display().to_string();
        let cut = kill_in_the_middle(&mut scene, victim, &import("mbox", &path))?;
        if victim == Victim::Server {
            scene.host.start()?;
        }
        let before = scene.json(&["account", "show", TARO])?["used_messages"].as_u64();
        ensure!(
            cut && before > Some(0) && before < Some(COUNT),
            "not in the middle: {before:?}"
        );
        let report = scene.json(&import("mbox", &path))?;
        let counts = (report["imported"].as_u64(), report["skipped"].as_u64());
        let sum = counts
            .0
            .zip(counts.1)
            .map(|(imported, skipped)| imported + skipped);
        ensure!(
            sum == Some(COUNT) && counts.1 == before,
            "after {victim:?}: {report}"
        );
        if victim == Victim::Command {
            scene.host.start()?;
        }
        let mut pop3 = scene.pop3(TARO, "correct horse 7")?;
        let mut ids = pop3.message_ids()?;
        pop3.quit()?;
        ids.sort();
        ids.dedup();
        ensure!(
            ids.len() as u64 == COUNT,
            "{} different messages",
            ids.len()
        );
        scene.end()?;
    }
    Ok(())
}

/// Starts the import and kills at the first sign that messages have come in. False when it was
/// done before.
fn kill_in_the_middle(scene: &mut Scene, victim: Victim, arguments: &[&str]) -> Result<bool> {
    let mut child = scene
        .host
        .command(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let progress = BufReader::new(child.stderr.take().context("no standard error")?);
    let moved = progress
        .lines()
        .map_while(Result::ok)
        .find(|line| !line.starts_with("0 "));
    ensure!(moved.is_some(), "the import showed no progress");
    match victim {
        Victim::Command => child.kill()?,
        Victim::Server => scene.host.kill()?,
    }
    Ok(!child.wait()?.success())
}

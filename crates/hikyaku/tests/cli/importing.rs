//! `hikyaku mailbox import`: old mail comes in once, whatever happens meanwhile.

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use crate::scene::{Scene, Server, TARO, contains, in_both_modes};

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

pub(crate) fn import<'a>(format: &'a str, path: &'a str) -> [&'a str; 7] {
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
            report["folders"][0]["mailbox"] == "請求書/2026年"
                && report["folders"][0]["imported"] == 2
                && report["skips"] == json!([]),
            "{report}"
        );
        let again = scene.told(&all)?;
        contains(
            &again,
            &["all: 2 messages found, 0 imported, 2 there already, 0 skipped"],
        )?;
        // The same file to another folder is other mail.
        ensure!(scene.json(&import("mbox", &path))?["imported"] == 2);
        Ok(())
    };
    in_both_modes_then(commands, |scene| {
        let flags = fetched(scene, BILLS, "FLAGS INTERNALDATE")?;
        contains(
            &flags,
            &["\\Seen", "\\Flagged", "\"21-Nov-2026 09:00:00 +0900\""],
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
            scene.json(&import("maildir", &path))?["present"] == 4,
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

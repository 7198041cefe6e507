//! `hikyaku mailbox export`: what is written can be read in again and is the same.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use hikyaku_testkit::host::repository;

use crate::scene::{Scene, Server, TARO, contains, in_both_modes};

const HANAKO: &str = "hanako@example.test";

/// Every file below a folder, by its path within it.
fn files(root: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).with_context(|| format!("no {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(root)?.to_owned(), fs::read(&path)?);
            }
        }
    }
    Ok(found)
}

fn transfer(scene: &Scene, what: &str, account: &str, format: &str, to: &str) -> Result<u64> {
    let path = scene.home.join(to).display().to_string();
    let mut arguments = vec!["mailbox", what, "--account", account, "--format", format];
    if what == "import" {
        arguments.push("--keep-names");
    }
    arguments.push(&path);
    let report = scene
        .json(&arguments)
        .with_context(|| format!("{what} {account} {format} {to}"))?;
    let field = if what == "import" {
        "imported"
    } else {
        "exported"
    };
    report[field]
        .as_u64()
        .with_context(|| format!("no {field} in {report}"))
}

/// Where the first message's header begins: behind its From line.
fn first_header(mbox: &[u8]) -> Result<usize> {
    let end = mbox.iter().position(|byte| *byte == b'\n');
    end.map(|end| end + 1).context("no line in the sample")
}

/// An account with mail in Japanese and English, in INBOX and in 請求書/2026年, with flags.
fn fill(scene: &Scene) -> Result<()> {
    scene.account(TARO)?;
    scene.account(HANAKO)?;
    let sample = fs::read(repository("scripts/sample.mbox"))?;
    let (first, second) = sample.split_at(first_header(&sample)?);
    let flagged = [first, b"Status: RO\nX-Status: AF\n", second].concat();
    scene.home.write("old/INBOX.mbox", flagged)?;
    scene.home.write("old/請求書/2026年.mbox", sample)?;
    let count = transfer(scene, "import", TARO, "mbox", "old")?;
    ensure!(count == 12, "{count} messages in the sample");
    Ok(())
}

#[test]
fn an_mbox_that_goes_out_and_in_is_the_same() -> Result<()> {
    in_both_modes(|scene| {
        fill(scene)?;
        ensure!(transfer(scene, "export", TARO, "mbox", "first")? == 12);
        ensure!(transfer(scene, "import", HANAKO, "mbox", "first")? == 12);
        ensure!(transfer(scene, "export", HANAKO, "mbox", "second")? == 12);
        let marker = Path::new(".hikyaku-export");
        let mut first = files(&scene.home.join("first"))?;
        let mut second = files(&scene.home.join("second"))?;
        ensure!(
            first.remove(marker) != second.remove(marker),
            "they are of two accounts"
        );
        ensure!(first == second, "the second export differs");
        let bills = &first[Path::new("請求書/2026年.mbox")];
        let text = String::from_utf8_lossy(bills);
        contains(
            &text,
            &[
                "\n>From here on",
                "\u{1b}$B",
                "Message-ID: <welcome.1@example.test>",
            ],
        )?;
        let inbox = String::from_utf8_lossy(&first[Path::new("INBOX.mbox")]);
        contains(&inbox, &["X-Status: AF"])?;
        Ok(())
    })
}

/// A message of a Maildir. Names carry UIDs too, which are others in another account.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Letter {
    folder: String,
    time: String,
    flags: String,
    contents: Vec<u8>,
}

fn letters(root: &Path) -> Result<Vec<Letter>> {
    let mut letters = Vec::new();
    for (path, bytes) in files(root)? {
        let text = path.display().to_string();
        let Some((folder, name)) = text.rsplit_once("cur/") else {
            continue;
        };
        let (stem, flags) = name.split_once(":2,").context("a name without flags")?;
        let time = stem.split('.').next().unwrap_or_default();
        letters.push(Letter {
            folder: folder.to_owned(),
            time: time.to_owned(),
            flags: flags.to_owned(),
            contents: bytes,
        });
    }
    letters.sort();
    Ok(letters)
}

#[test]
fn a_maildir_that_goes_out_and_in_is_the_same() -> Result<()> {
    in_both_modes(|scene| {
        fill(scene)?;
        ensure!(transfer(scene, "export", TARO, "maildir", "first")? == 12);
        ensure!(transfer(scene, "import", HANAKO, "maildir", "first")? == 12);
        ensure!(transfer(scene, "export", HANAKO, "maildir", "second")? == 12);
        let first = letters(&scene.home.join("first"))?;
        ensure!(first.len() == 12, "{} files", first.len());
        ensure!(
            first == letters(&scene.home.join("second"))?,
            "the second export differs"
        );
        let flagged = first.iter().filter(|letter| letter.flags == "FRS").count();
        ensure!(flagged == 1, "{flagged} messages with flags");
        let bills = first
            .iter()
            .filter(|letter| letter.folder == ".&istsQmb4-.2026&XnQ-/")
            .count();
        ensure!(bills == 6, "{bills} messages in 請求書/2026年");
        // A second export to the same place has nothing to do.
        ensure!(transfer(scene, "export", TARO, "maildir", "first")? == 0);
        Ok(())
    })
}

#[test]
fn one_folder_goes_out_alone() -> Result<()> {
    in_both_modes(|scene| {
        fill(scene)?;
        let export = |folder: &str, to: &str| -> Vec<String> {
            let to = scene.home.join(to).display().to_string();
            let all = [
                "mailbox",
                "export",
                "--account",
                TARO,
                "--format",
                "mbox",
                "--folder",
                folder,
                &to,
            ];
            all.iter().map(|argument| (*argument).to_owned()).collect()
        };
        let arguments = export("請求書/2026年", "bills");
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        contains(
            &scene.told(&arguments)?,
            &["6 messages of 1 folder written"],
        )?;
        let names: Vec<PathBuf> = files(&scene.home.join("bills"))?.into_keys().collect();
        let expected = [".hikyaku-export", "請求書/2026年.mbox"].map(PathBuf::from);
        ensure!(names == expected, "{names:?}");
        let arguments = export("見積", "estimates");
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        scene.refused(&arguments, "no_such_mailbox", "見積")?;
        Ok(())
    })
}

/// Folders named in UTF-8 come back as well, and the export of another account is left alone.
#[test]
fn exports_do_not_mix() -> Result<()> {
    in_both_modes(|scene| {
        fill(scene)?;
        let to = scene.home.join("out").display().to_string();
        let export = |account, more: &[&'static str]| {
            let all = [
                "mailbox",
                "export",
                "--account",
                account,
                "--format",
                "maildir",
            ];
            let all = all.iter().chain(more).map(|word| (*word).to_owned());
            all.chain([to.clone()]).collect::<Vec<String>>()
        };
        let first = export(TARO, &["--utf8-names"]);
        let first: Vec<&str> = first.iter().map(String::as_str).collect();
        contains(
            &scene.told(&first)?,
            &["12 messages of ", " folders written to "],
        )?;
        ensure!(
            scene.home.join("out/.請求書.2026年/cur").is_dir(),
            "no UTF-8"
        );
        ensure!(transfer(scene, "import", HANAKO, "maildir", "out")? == 12);
        for (account, more) in [(TARO, &[][..]), (HANAKO, &["--utf8-names"])] {
            let other = export(account, more);
            let other: Vec<&str> = other.iter().map(String::as_str).collect();
            scene.refused(&other, "other_export", "has an export of another account")?;
        }
        scene.home.write("full/notes.txt", "mine")?;
        let full = scene.home.join("full").display().to_string();
        let all = [
            "mailbox",
            "export",
            "--account",
            TARO,
            "--format",
            "mbox",
            &full,
        ];
        scene.refused(&all, "not_empty", "is not empty")?;
        Ok(())
    })
}

/// The path is meant from where the command stands, not the server.
#[test]
fn relative_paths_are_the_caller_s() -> Result<()> {
    let scene = Scene::new(Server::Running)?;
    fill(&scene)?;
    let export = [
        "mailbox",
        "export",
        "--account",
        TARO,
        "--format",
        "mbox",
        "out",
    ];
    let mut command = scene.host.command(&export);
    command.current_dir(scene.home.path());
    hikyaku_testkit::program::finish(&mut command, b"")?.succeeded()?;
    ensure!(
        scene.home.join("out/INBOX.mbox").is_file(),
        "it went elsewhere"
    );
    scene.end()
}

//! `hikyaku mailbox import` again: after a kill, without room, after mail was deleted.

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader},
    process::Stdio,
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    importing::import,
    scene::{NEEDS_A_LOOK, Scene, Server, TARO, contains, in_both_modes},
};

#[test]
fn an_import_over_the_quota_stops_and_goes_on_when_there_is_room() -> Result<()> {
    in_both_modes(|scene| {
        scene.account(TARO)?;
        let path = scene
            .home
            .write("many.mbox", many(0..50))?
            .display()
            .to_string();
        scene.told(&["account", "set", TARO, "--message-limit", "20"])?;
        let report = scene.json_after(&import("mbox", &path), NEEDS_A_LOOK)?;
        ensure!(
            report["imported"] == 20 && report["skipped"] == 1 && report["complete"] == false,
            "{report}"
        );
        let skip = &report["skips"][0];
        ensure!(
            skip["code"] == "over_quota" && skip["file"] == path.as_str(),
            "{skip}"
        );
        let said = scene
            .run(&import("mbox", &path))?
            .ended_with(NEEDS_A_LOOK)?;
        said.says("the mailbox is full")?.says("run this again")?;
        let skipping = [&import("mbox", &path)[..], &["--when-full", "skip"]].concat();
        let report = scene.json_after(&skipping, NEEDS_A_LOOK)?;
        let skips = report["skips"].as_array().context("no list of skips")?;
        ensure!(report["complete"] == true && skips.len() == 30, "{report}");
        ensure!(
            skips.iter().all(|skip| skip["offset"].is_u64()),
            "{skips:?}"
        );
        let said = scene.run(&skipping)?.ended_with(NEEDS_A_LOOK)?;
        said.says("and 10 more; --json lists them")?;
        scene.told(&["account", "set", TARO, "--message-limit", "0"])?;
        let report = scene.json(&import("mbox", &path))?;
        ensure!(
            report["imported"] == 30 && report["present"] == 20,
            "{report}"
        );
        Ok(())
    })
}

#[test]
fn deleted_mail_comes_back_only_when_asked() -> Result<()> {
    let scene = Scene::new(Server::Running)?;
    scene.account(TARO)?;
    let path = scene
        .home
        .write("many.mbox", many(0..5))?
        .display()
        .to_string();
    ensure!(scene.json(&import("mbox", &path))?["imported"] == 5);
    let mut imap = scene.imap(TARO)?;
    imap.select("INBOX")?;
    imap.command("STORE 1:3 +FLAGS.SILENT (\\Deleted)")?;
    imap.command("EXPUNGE")?;
    imap.log_out()?;
    for (more, imported) in [(None, 0), (Some("--restart"), 0), (Some("--again"), 3)] {
        let all: Vec<&str> = import("mbox", &path).into_iter().chain(more).collect();
        let report = scene.json(&all)?;
        ensure!(
            report["imported"] == imported && report["found"] == 5,
            "{more:?}: {report}"
        );
    }
    let runs = scene.json(&["mailbox", "imports", "--account", TARO])?;
    let imported: Vec<u64> = runs
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|run| run["imported"].as_u64())
        .collect();
    ensure!(imported == [3, 0, 0, 5], "{runs}");
    let table = scene.told(&["mailbox", "imports", "--account", TARO])?;
    contains(&table, &["SOURCE", "complete", &format!("mbox:{path}")])?;
    scene.end()
}

/// Messages with these numbers as an mbox, all different.
fn many(numbers: std::ops::Range<usize>) -> String {
    let mut mbox = String::new();
    for n in numbers {
        // Writing to a String cannot fail.
        let _ = write!(
            mbox,
            "From a@remote.example Sat Nov 21 09:00:00 2026\n{}\n",
            message(n)
        );
    }
    mbox
}

fn message(n: usize) -> String {
    let header = format!("From: a@remote.example\nMessage-ID: <{n}@remote.example>\nSubject: {n}");
    format!(
        "{header}\n\n{}",
        format!("{n}: 飛脚は手紙を運ぶ。\n").repeat(40)
    )
}

/// Who is killed in the middle of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    Command,
    Server,
}

/// Messages of an import that is killed.
const COUNT: usize = 4_000;

/// How many messages are seen when it is killed, once after the other.
const KILLED_AT: [u64; 4] = [1, 900, 1_700, 2_600];

#[test]
fn an_mbox_import_that_is_killed_goes_on_without_duplicates() -> Result<()> {
    for victim in [Victim::Command, Victim::Server] {
        let scene = Scene::new(Server::Stopped)?;
        let path = scene.home.write("many.mbox", many(0..COUNT))?;
        killed_again_and_again(scene, victim, &import("mbox", &path.display().to_string()))?;
    }
    Ok(())
}

#[test]
fn a_maildir_import_that_is_killed_goes_on_without_duplicates() -> Result<()> {
    let scene = Scene::new(Server::Stopped)?;
    let path = maildir(&scene)?;
    killed_again_and_again(scene, Victim::Command, &import("maildir", &path))
}

#[test]
fn imports_into_postgres_that_are_killed_go_on_without_duplicates() -> Result<()> {
    for victim in [Victim::Command, Victim::Server] {
        let Some(scene) = Scene::on_postgres()? else {
            return Ok(());
        };
        let path = maildir(&scene)?;
        killed_again_and_again(scene, victim, &import("maildir", &path))?;
    }
    Ok(())
}

/// A Maildir with messages in three folders.
fn maildir(scene: &Scene) -> Result<String> {
    let folders = ["", ".Sent/", ".&istsQmb4-.2026&XnQ-/"];
    for n in 0..COUNT {
        let folder = folders[n * 3 / COUNT];
        let name = format!("Maildir/{folder}cur/{}.{n}.host:2,S", 1_795_219_200 + n);
        scene.home.write(&name, message(n))?;
    }
    Ok(scene.home.join("Maildir").display().to_string())
}

/// Runs an import, kills it at each of the points, then lets it end: every message is there once.
fn killed_again_and_again(mut scene: Scene, victim: Victim, arguments: &[&str]) -> Result<()> {
    scene.account(TARO)?;
    let (mut before, mut kills) = (0, 0);
    for seen in KILLED_AT {
        if victim == Victim::Server {
            scene.host.start()?;
        }
        kills += u32::from(kill_when_seen(&mut scene, victim, arguments, seen)?);
        let account = scene.json(&["account", "show", TARO])?;
        let there = account["used_messages"].as_u64().context("no number")?;
        ensure!(
            before <= there && there <= COUNT as u64,
            "{before} messages, then {there}"
        );
        before = there;
        if there == COUNT as u64 {
            break;
        }
        let runs = scene.json(&["mailbox", "imports", "--account", TARO])?;
        ensure!(runs[0]["state"] == "unfinished", "{runs}");
    }
    ensure!(kills > 1, "it was killed {kills} times");
    ensure!(before >= 1_000, "it was killed too early: {before}");
    let report = scene.json(arguments)?;
    let number = |field: &str| report[field].as_u64();
    ensure!(
        number("found") == Some(COUNT as u64)
            && number("present") == Some(before)
            && number("imported") == Some(COUNT as u64 - before),
        "after {before} messages, {victim:?} killed: {report}"
    );
    ensure!(
        scene.json(&[arguments, &["--restart"]].concat())?["present"] == COUNT,
        "not all are known"
    );
    let out = scene.home.join("out").display().to_string();
    scene.json(&[
        "mailbox",
        "export",
        "--account",
        TARO,
        "--format",
        "mbox",
        &out,
    ])?;
    let mut ids = message_ids(&scene.home.join("out"))?;
    ids.sort_unstable();
    ids.dedup();
    ensure!(ids.len() == COUNT, "{} different messages", ids.len());
    scene.end()
}

/// The Message-IDs of all mbox files below a folder.
fn message_ids(folder: &std::path::Path) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            ids.extend(message_ids(&path)?);
            continue;
        }
        let text = fs::read_to_string(&path)?;
        let found = text
            .lines()
            .filter_map(|line| line.strip_prefix("Message-ID: "));
        ids.extend(found.map(str::to_owned));
    }
    Ok(ids)
}

/// Starts the import and kills when it says that so many messages were found. False when it was
/// done before.
fn kill_when_seen(
    scene: &mut Scene,
    victim: Victim,
    arguments: &[&str],
    seen: u64,
) -> Result<bool> {
    let mut child = scene
        .host
        .command(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let progress = BufReader::new(child.stderr.take().context("no standard error")?);
    let is_reached = |line: &String| {
        let found = line.split(' ').next().and_then(|word| word.parse().ok());
        found.is_some_and(|found: u64| found >= seen)
    };
    let reached = progress.lines().map_while(Result::ok).find(is_reached);
    ensure!(
        reached.is_some(),
        "the import never came to {seen} messages"
    );
    match victim {
        Victim::Command => child.kill()?,
        Victim::Server => scene.host.kill()?,
    }
    Ok(!child.wait()?.success())
}

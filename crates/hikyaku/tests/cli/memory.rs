//! Import and export work in constant memory, however much mail there is.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
};

use anyhow::{Context as _, Result, ensure};
use hikyaku_testkit::seed::Seed;

use crate::scene::{Scene, Server, TARO};

/// Messages of about a mebibyte in the source.
const MESSAGES: u64 = 192;
/// Less than the source: a few batches of messages, the database's cache, the program itself.
const PEAK_KIB_MAX: u64 = 150 << 10;

/// An mbox of mail that compression makes hardly smaller, as attachments are.
fn write_big(scene: &Scene) -> Result<String> {
    let path = scene.home.join("big.mbox");
    let mut file = BufWriter::new(File::create(&path)?);
    let mut seed = Seed::new(1);
    for number in 0..MESSAGES {
        writeln!(file, "From a@remote.example Sat Nov 21 09:00:00 2026")?;
        write!(
            file,
            "Message-ID: <{number}@remote.example>\nSubject: {number}\n\n"
        )?;
        for _ in 0..16_384 {
            for _ in 0..4 {
                write!(file, "{:016x}", seed.next())?;
            }
            writeln!(file)?;
        }
        writeln!(file)?;
    }
    file.flush()?;
    Ok(path.display().to_string())
}

/// Runs a transfer by itself; the most memory it had, in KiB.
fn peak(scene: &Scene, what: &str, path: &str) -> Result<u64> {
    let binary = scene.host.binary().display().to_string();
    let config = scene.host.config().display().to_string();
    let mut command = vec![binary.as_str(), "--config", &config, "mailbox", what];
    command.extend(["--account", TARO, "--format", "mbox", path]);
    let said = scene.python("peak", &command)?.succeeded()?;
    let text = String::from_utf8(said.stdout)?;
    let peak = text.lines().last().context("the script said nothing")?;
    peak.parse().with_context(|| text.clone())
}

#[test]
fn transfers_do_not_grow_with_the_mail() -> Result<()> {
    let scene = Scene::new(Server::Stopped)?;
    scene.account(TARO)?;
    let big = write_big(&scene)?;
    let imported = peak(&scene, "import", &big)?;
    let shown = scene.json(&["account", "show", TARO])?;
    ensure!(shown["used_messages"] == MESSAGES, "{shown}");
    let out = scene.home.join("out").display().to_string();
    let exported = peak(&scene, "export", &out)?;
    let written = std::fs::metadata(scene.home.join("out/INBOX.mbox"))?.len();
    ensure!(
        written > MESSAGES << 20,
        "only {written} bytes were written"
    );
    for (what, peak) in [("import", imported), ("export", exported)] {
        ensure!(
            peak < PEAK_KIB_MAX,
            "{what} took {peak} KiB for {MESSAGES} MiB"
        );
    }
    scene.end()
}

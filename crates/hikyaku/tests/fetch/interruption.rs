//! Runs that end in the middle.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    process::Stdio,
};

use anyhow::{Context as _, Result, ensure};
use hikyaku_testkit::{line::PATIENCE, mail::TestMail};
use rustix::process::{Pid, Signal, kill_process};

use crate::scene::{Place, TARO, counts, shown};

/// Messages of the source, more than one transaction takes.
const MESSAGES: usize = 600;

fn mbox() -> Vec<u8> {
    let mut text = Vec::new();
    for _ in 0..MESSAGES {
        text.extend_from_slice(b"From x Sat Nov 21 09:00:00 2026\n");
        let mail = TestMail::of_size(600);
        text.extend_from_slice(&mail.bytes);
        text.extend_from_slice(b"\n");
    }
    text
}

/// The server that runs the fetch is killed, and the run made again.
#[test]
fn a_killed_server_loses_and_doubles_nothing() {
    let run = || -> Result<()> {
        let (mut old, mut new) = (Place::new()?, Place::new()?);
        let file = old.home.write("old.mbox", mbox())?;
        let file = file.to_str().context("the name of the file")?;
        old.host.run(&[
            "mailbox",
            "import",
            "--account",
            TARO,
            "--format",
            "mbox",
            file,
        ])?;
        old.host.start()?;
        new.host.start()?;
        let from = format!("imaps://localhost:{}/", old.host.port(993));
        let ca = old.host.certificate();
        let ca = ca.to_str().context("the name of the file")?;
        let password = new.password();
        let password = password.to_str().context("the name of the file")?;
        let mut command = new.host.command(&[
            "mailbox",
            "fetch",
            TARO,
            "--from",
            &from,
            "--user",
            TARO,
            "--password-file",
            password,
            "--ca",
            ca,
        ]);
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let told = BufReader::new(child.stderr.take().context("no standard error")?);
        let mut told = told.lines();
        // The first lines tell that the folder begins, the next that messages are stored.
        let line = told.find(|line| {
            line.as_ref()
                .is_ok_and(|line| line.contains(" of 600 messages") && !line.contains(": 0 of"))
        });
        line.context("no progress")??;
        new.host.kill()?;
        let status = child.wait()?;
        ensure!(!status.success(), "the command ended with {status}");
        drop(told);
        new.host.start()?;
        let report = new.fetched(&from, &["--ca", ca])?;
        let [found, imported, already, skipped] = counts(&report);
        ensure!((found, skipped) == (MESSAGES as u64, 0), "{report}");
        ensure!(imported + already == found && already > 0, "{report}");
        let (mut there, mut here) = (old.imap()?, new.imap()?);
        there.select("INBOX")?;
        here.select("INBOX")?;
        let ids = |messages: Vec<(u32, String)>| -> Vec<String> {
            messages.into_iter().map(|(_, id)| id).collect()
        };
        assert_eq!(ids(here.message_ids(1)?), ids(there.message_ids(1)?));
        assert_eq!(
            shown(&mut here, "INBOX")?[0],
            shown(&mut there, "INBOX")?[0]
        );
        there.log_out()?;
        here.log_out()?;
        new.end()?;
        old.end()
    };
    run().unwrap();
}

/// Ctrl-C ends the run in the server too: it does not go on alone.
#[test]
fn an_interrupted_command_ends_the_run() {
    let run = || -> Result<()> {
        let mut new = Place::new()?;
        new.host.start()?;
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let from = format!("imap://127.0.0.1:{}/", listener.local_addr()?.port());
        let password = new.password();
        let password = password.to_str().context("the name of the file")?;
        let mut child = new
            .host
            .command(&["mailbox", "fetch", TARO, "--from", &from, "--user", "x"])
            .args(["--password-file", password, "--allow-plaintext"])
            .spawn()?;
        let (mut stream, _) = listener.accept()?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(b"* OK ready\r\n")?;
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        ensure!(line.contains("CAPABILITY"), "{line}");
        // It waits for the answer; nothing of it comes.
        kill_process(Pid::from_child(&child), Signal::INT)?;
        ensure!(!child.wait()?.success());
        let mut rest = Vec::new();
        reader.read_to_end(&mut rest).context("the run goes on")?;
        new.end()
    };
    run().unwrap();
}

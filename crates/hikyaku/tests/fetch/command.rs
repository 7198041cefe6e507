//! What the command says when it cannot begin, and what it never says.

use std::net::TcpListener;

use anyhow::{Context as _, Result};
use hikyaku_testkit::{host::PASSWORD, program::finish};

use crate::scene::{Place, TARO};

#[test]
fn reasons_and_exit_codes() {
    let run = || -> Result<()> {
        let (mut old, new) = (Place::new()?, Place::new()?);
        old.host.start()?;
        let ca = old.host.certificate();
        let ca = ca.to_str().context("the name of the file")?;
        let from = format!("imaps://localhost:{}/", old.host.port(993));
        // The host there does not know this user.
        let wrong = new
            .fetch_as("hanako", &from, &["--ca", ca])?
            .ended_with(1)?;
        wrong.clone().says("source_sign_in")?;
        assert!(!wrong.text().contains(PASSWORD), "{}", wrong.text());
        // Nobody is there.
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let nowhere = format!("imaps://127.0.0.1:{}/", listener.local_addr()?.port());
        drop(listener);
        let away = new.fetch(&nowhere, &["--insecure"])?;
        away.ended_with(4)?.says("source_unavailable")?;
        // Another kind of server.
        let smtp = format!("imap://localhost:{}/", old.host.port(25));
        let other = new.fetch(&smtp, &["--allow-plaintext"])?;
        other.ended_with(1)?.says("does not speak IMAP")?;
        // Requests that make no sense.
        for (from, options, says) in [
            ("ftp://old.test/", &[][..], "imaps://"),
            (
                "imaps://taro:hush@old.test/",
                &[],
                "no user and no password",
            ),
            ("pops://old.test/", &["--folder", "x"], "no folders"),
            (&from, &["--since", "yesterday"], "2026-01-31"),
            (&from, &["--into", "a//b"], "empty level"),
        ] {
            let refused = new.fetch(from, options)?.ended_with(1)?;
            refused.says("bad_field")?.says(says)?;
        }
        // And options that clap can judge.
        for options in [
            &["--insecure", "--ca", "x"][..],
            &["--map", "nothing"],
            &["--xoauth2-token-file", "x"],
        ] {
            new.fetch(&from, options)?.ended_with(2)?;
        }
        let empty = new.home.write("empty", "\n")?;
        let empty = empty.to_str().context("the name of the file")?;
        let options = ["mailbox", "fetch", TARO, "--from", &from, "--user", "x"];
        let options = [&options[..], &["--password-file", empty]].concat();
        finish(&mut new.host.command(&options), b"")?.ended_with(2)?;
        new.end()?;
        old.end()
    };
    run().unwrap();
}

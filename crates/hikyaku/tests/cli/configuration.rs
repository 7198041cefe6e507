//! `hikyaku.toml` as an operator meets it: mistakes are shown where they are.

use std::process::Command;

use anyhow::{Result, ensure};
use hikyaku_testkit::program::{Finished, finish};

use crate::scene::{BINARY, REFUSED, Scene, Server};

/// Runs a command after the configuration was changed.
fn after(change: impl FnOnce(String) -> String, arguments: &[&str]) -> Result<Finished> {
    let scene = Scene::new(Server::Stopped)?;
    scene.host.configure(change)?;
    scene.run(arguments)
}

#[test]
fn unknown_keys_are_shown_with_line_and_place() -> Result<()> {
    for arguments in [&["tenant", "list"][..], &["serve"]] {
        let said = after(|text| text.replace("level = ", "levle = "), arguments)?;
        let said = said
            .ended_with(REFUSED)?
            .says("hikyaku.toml")?
            .says("levle = \"info\"")?;
        said.says("line ")?
            .says("^^^^^")?
            .says("expected `format` or `level`")?;
        let said = after(|text| text.replace("[zones]", "[zone]"), arguments)?;
        said.ended_with(REFUSED)?.says("unknown field `zone`")?;
    }
    Ok(())
}

#[test]
fn wrong_values_are_told_with_what_is_right() -> Result<()> {
    for (from, to, says) in [
        (
            "max_message = \"25MB\"",
            "max_message = \"2GB\"",
            "between 1 byte and 1GB",
        ),
        (
            "max_recipients = 1000",
            "max_recipients = 10",
            "at least 100",
        ),
        ("sqlite:hikyaku.db", "mysql://x", "sqlite: or postgres://"),
        ("\"127.0.0.0/8\"", "\"127.0.0.0/80\"", "127.0.0.0/80"),
        (
            "level = \"info\"",
            "level = \"hikyaku=loud\"",
            "hikyaku=loud",
        ),
        ("tls/key.pem", "tls/nothing.pem", "nothing.pem"),
        ("tls/key.pem", "hikyaku.toml", "hikyaku.toml"),
    ] {
        let changed = |text: String| {
            assert!(text.contains(from), "the configuration has no {from}");
            text.replace(from, to)
        };
        let said = after(changed, &["serve"])?;
        said.ended_with(REFUSED)?.says(says)?;
    }
    Ok(())
}

#[test]
fn a_missing_file_says_how_to_make_one() -> Result<()> {
    let mut command = Command::new(BINARY);
    command.args(["--config", "/nonexistent/hikyaku.toml", "tenant", "list"]);
    let said = finish(&mut command, b"")?.ended_with(REFUSED)?;
    let said = said
        .says("/nonexistent/hikyaku.toml")?
        .says("hikyaku init --dir")?;
    ensure!(
        said.text().matches("No such file").count() == 1,
        "said twice: {}",
        said.text()
    );
    Ok(())
}

#[test]
fn the_environment_may_name_the_file() -> Result<()> {
    let scene = Scene::new(Server::Stopped)?;
    let mut command = Command::new(BINARY);
    command
        .env("HIKYAKU_CONFIG", scene.host.config())
        .args(["tenant", "list"]);
    finish(&mut command, b"")?.succeeded()?.says("Test")?;
    scene.end()
}

#[test]
fn a_port_that_is_taken_is_named() -> Result<()> {
    let first = Scene::new(Server::Running)?;
    let second = Scene::new(Server::Stopped)?;
    let (taken, own) = (
        first.host.port(143).to_string(),
        second.host.port(143).to_string(),
    );
    second.host.configure(|text| text.replace(&own, &taken))?;
    let said = second.run(&["serve"])?;
    ensure!(!said.status.success(), "two servers at one port");
    said.says("imap")?.says(&format!("127.0.0.1:{taken}"))?;
    second.end()?;
    first.end()
}

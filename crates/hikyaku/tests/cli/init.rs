//! `hikyaku init`.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};
use hikyaku_testkit::program::{Finished, Home, finish};
use serde_json::Value;

use crate::scene::{BINARY, REFUSED, contains};

fn init(home: &Home, arguments: &[&str]) -> Result<Finished> {
    let mut command = Command::new(BINARY);
    command.current_dir(home.path()).arg("init").args(arguments);
    finish(&mut command, b"")
}

fn mode(path: &Path) -> Result<u32> {
    Ok(fs::metadata(path)
        .with_context(|| path.display().to_string())?
        .permissions()
        .mode()
        & 0o777)
}

#[test]
fn a_new_folder_is_complete_and_private() -> Result<()> {
    let home = Home::new()?;
    let said = init(&home, &["--dir", "host", "--hostname", "mail.example.test"])?.succeeded()?;
    // What to do next stands there, ready to be copied.
    contains(&said.text(), &["hikyaku --config host/hikyaku.toml serve"])?;
    let dir = home.join("host");
    for (path, wanted) in [
        ("", 0o700),
        ("hikyaku.toml", 0o600),
        ("tls", 0o700),
        ("tls/key.pem", 0o600),
        ("tls/certificate.pem", 0o644),
    ] {
        let found = mode(&dir.join(path))?;
        ensure!(found == wanted, "{path} has mode {found:o}");
    }
    let config = String::from_utf8(home.read("host/hikyaku.toml")?)?;
    // Standard ports on all addresses, except LMTP.
    contains(
        &config,
        &[
            "0.0.0.0:25",
            "[::]:993",
            "\"127.0.0.1:24\"",
            "sqlite:hikyaku.db",
        ],
    )?;
    ensure!(
        !config.contains("0.0.0.0:24\""),
        "LMTP listens everywhere: {config}"
    );
    Ok(())
}

#[test]
fn scripts_learn_where_the_files_are() -> Result<()> {
    let home = Home::new()?;
    let arguments = [
        "--json",
        "--dir",
        "host",
        "--hostname",
        "mail.example.test",
        "--port-base",
        "20000",
    ];
    let said = init(&home, &arguments)?.succeeded()?;
    let report: Value = serde_json::from_slice(&said.stdout)?;
    for field in ["config", "certificate", "key"] {
        let path = report[field]
            .as_str()
            .with_context(|| format!("no {field} in {report}"))?;
        ensure!(home.join(path).is_file(), "{path} is not there");
    }
    let config = String::from_utf8(home.read("host/hikyaku.toml")?)?;
    contains(
        &config,
        &["127.0.0.1:20025", "127.0.0.1:20024", "127.0.0.1:20443"],
    )?;
    ensure!(
        !config.contains("0.0.0.0"),
        "something listens beyond loopback: {config}"
    );
    Ok(())
}

#[test]
fn a_folder_that_is_set_up_stays_as_it_is() -> Result<()> {
    let home = Home::new()?;
    let arguments = ["--dir", "host", "--hostname", "mail.example.test"];
    init(&home, &arguments)?.succeeded()?;
    let before = (
        home.read("host/hikyaku.toml")?,
        home.read("host/tls/key.pem")?,
    );
    init(&home, &arguments)?
        .ended_with(REFUSED)?
        .says("exists already")?;
    ensure!(
        before
            == (
                home.read("host/hikyaku.toml")?,
                home.read("host/tls/key.pem")?
            )
    );
    // A key that somebody made is not overwritten either, and nothing is written beside it.
    home.write("other/tls/key.pem", "mine")?;
    init(
        &home,
        &["--dir", "other", "--hostname", "mail.example.test"],
    )?
    .ended_with(REFUSED)?
    .says("key.pem exists already")?;
    ensure!(!home.join("other/hikyaku.toml").exists());
    Ok(())
}

#[test]
fn wrong_values_change_nothing_and_say_what_is_right() -> Result<()> {
    let home = Home::new()?;
    for (option, value, says) in [
        ("--hostname", "not a name", "such as mail.example.com"),
        ("--hostname", "", "such as mail.example.com"),
        ("--port-base", "64541", "use at most 64540"),
        ("--database", "mysql://host/name", "postgres://"),
    ] {
        let mut arguments = vec!["--dir", "host", option, value];
        if option != "--hostname" {
            arguments.extend(["--hostname", "mail.example.test"]);
        }
        let said = init(&home, &arguments)?.ended_with(REFUSED)?.says(says)?;
        ensure!(
            said.text().matches(says).count() == 1,
            "said twice: {}",
            said.text()
        );
        ensure!(
            !home.join("host").exists(),
            "{option} {value}: the folder was made"
        );
    }
    // The highest base is good.
    let arguments = [
        "--dir",
        "host",
        "--hostname",
        "mail.example.test",
        "--port-base",
        "64540",
    ];
    init(&home, &arguments)?.succeeded().map(drop)
}

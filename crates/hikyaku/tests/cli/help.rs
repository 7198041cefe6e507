//! `--help` of every command, and what wrong usage gets.

use std::{collections::BTreeSet, process::Command};

use anyhow::{Result, ensure};
use hikyaku_testkit::program::{Finished, finish};

use crate::scene::{BINARY, USAGE, contains};

/// Every command that does something. A command that is added is added here, and tested.
const COMMANDS: [&str; 31] = [
    "account create",
    "account delete",
    "account import",
    "account list",
    "account restore",
    "account set",
    "account show",
    "alias create",
    "alias delete",
    "alias list",
    "doctor",
    "domain create",
    "domain list",
    "domain set",
    "init",
    "mailbox export",
    "mailbox fetch",
    "mailbox import",
    "mailbox imports",
    "mailbox restore",
    "queue cancel",
    "queue hold",
    "queue list",
    "queue release",
    "queue retry",
    "queue show",
    "serve",
    "tenant create",
    "tenant list",
    "trace",
    "help",
];

fn hikyaku(arguments: &[&str]) -> Result<Finished> {
    finish(Command::new(BINARY).args(arguments), b"")
}

/// The commands that a help text lists, with what it says about them.
fn listed(help: &str) -> Vec<(String, String)> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    lines
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.trim().split_once(' '))
        .map(|(name, about)| (name.to_owned(), about.trim().to_owned()))
        .collect()
}

#[test]
fn every_command_explains_itself() -> Result<()> {
    let mut found = BTreeSet::new();
    let mut open = vec![String::new()];
    while let Some(path) = open.pop() {
        let mut arguments: Vec<&str> = path.split_whitespace().collect();
        arguments.push("--help");
        let help = String::from_utf8(hikyaku(&arguments)?.succeeded()?.stdout)?;
        let usage = format!("Usage: hikyaku {path}");
        contains(&help, &[usage.trim_end(), "--config <FILE>", "--json"])?;
        let commands = listed(&help);
        if commands.is_empty() {
            found.insert(path);
            continue;
        }
        for (name, about) in commands {
            ensure!(!about.is_empty(), "{path} {name} says nothing about itself");
            // clap's own; it shows the same texts.
            if name != "help" {
                open.push(format!("{path} {name}").trim().to_owned());
            }
        }
    }
    found.insert("help".to_owned());
    let wanted: BTreeSet<String> = COMMANDS.iter().map(|name| (*name).to_owned()).collect();
    ensure!(
        found == wanted,
        "commands that are not known here: {found:?}"
    );
    Ok(())
}

#[test]
fn wrong_usage_ends_with_two_and_shows_the_usage() -> Result<()> {
    for (arguments, says) in [
        (&["frobnicate"][..], "frobnicate"),
        (&[], "Usage:"),
        (&["tenant"], "Usage:"),
        (&["tenant", "create"], "<NAME>"),
        (&["tenant", "create", "A", "--frobnicate"], "--frobnicate"),
        (&["init", "--dir", "x"], "--hostname"),
        (
            &[
                "init",
                "--dir",
                "x",
                "--hostname",
                "m.test",
                "--port-base",
                "70000",
            ],
            "70000",
        ),
        (&["account", "create", "taro"], "the address has no \"@\""),
        (
            &["account", "create", "taro@example.test"],
            "--generate-password",
        ),
        (&["account", "set", "taro@example.test"], "--quota"),
        (
            &["account", "set", "taro@example.test", "--pop", "perhaps"],
            "on, off",
        ),
        (
            &["account", "set", "taro@example.test", "--quota", "10XB"],
            "10MB",
        ),
        (&["domain", "set", "example.test"], "--no-catch-all"),
        (
            &["mailbox", "import", "--account", "taro@example.test", "x"],
            "--format",
        ),
    ] {
        let said = hikyaku(arguments)?.ended_with(USAGE)?.says(says)?;
        ensure!(
            said.stdout.is_empty(),
            "{arguments:?} printed {}",
            said.text()
        );
    }
    Ok(())
}

#[test]
fn the_version_is_told() -> Result<()> {
    hikyaku(&["--version"])?
        .succeeded()?
        .says(env!("CARGO_PKG_VERSION"))
        .map(drop)
}

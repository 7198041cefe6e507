//! The commands on PostgreSQL: the same as on the embedded database.

use std::process::Command;

use anyhow::{Result, ensure};
use hikyaku_testkit::{
    host::{PASSWORD, repository},
    mail::TestMail,
    program::{Home, finish},
};

use crate::scene::{BINARY, NOT_NOW, Scene, TARO, contains};

/// One round of everything, with a server or without.
fn work(scene: &Scene, address: &str) -> Result<()> {
    scene.account(address)?;
    let file = format!("address,password\nx{address},correct horse 8\n");
    let path = scene
        .home
        .write("accounts.csv", file)?
        .display()
        .to_string();
    ensure!(scene.json(&["account", "import", &path])?["created"] == 1);
    let alias = format!("office-{address}");
    scene.told(&["alias", "create", &alias, address])?;
    scene.refused(
        &["alias", "create", &alias, address],
        "address_taken",
        "exists already",
    )?;
    scene.told(&[
        "account",
        "set",
        address,
        "--name",
        "山田 太郎",
        "--quota",
        "10MB",
    ])?;
    let shown = scene.json(&["account", "show", address])?;
    ensure!(
        shown["name"] == "山田 太郎" && shown["aliases"][0] == alias,
        "{shown}"
    );
    let sample = repository("scripts/sample.mbox").display().to_string();
    let mailbox = |what, to: &str| {
        scene.json(&[
            "mailbox",
            what,
            "--account",
            address,
            "--format",
            "mbox",
            to,
        ])
    };
    ensure!(mailbox("import", &sample)?["imported"] == 6);
    ensure!(mailbox("import", &sample)?["present"] == 6);
    let out = scene
        .home
        .join(&format!("out-{address}"))
        .display()
        .to_string();
    ensure!(mailbox("export", &out)?["exported"] == 6);
    contains(
        &scene.told(&["account", "list"])?,
        &["山田 太郎", &format!("x{address}")],
    )?;
    scene.told(&["account", "delete", address, "--yes"])?;
    scene.told(&["account", "restore", address])?;
    ensure!(scene.json(&["account", "show", address])?["used_messages"] == 6);
    contains(&scene.told(&["doctor"])?, &["all well"])
}

#[test]
fn commands_work_with_and_without_a_server() -> Result<()> {
    let Some(mut scene) = Scene::on_postgres()? else {
        return Ok(());
    };
    work(&scene, TARO)?;
    scene.host.start()?;
    work(&scene, "hanako@example.test")?;
    scene.deliver(&[TARO], &TestMail::default())?;
    let mut pop3 = scene.pop3(TARO, PASSWORD)?;
    ensure!(pop3.list()?.len() == 7, "not all mail is there");
    pop3.delete(7)?;
    pop3.quit()?;
    let restored = scene.json(&["mailbox", "restore", "--account", TARO])?;
    ensure!(restored["restored"] == 1, "{restored}");
    let rows = scene.json(&["trace", "--tenant", "Test", "--address", TARO])?;
    ensure!(
        rows.as_array().is_some_and(|rows| rows.len() == 1),
        "{rows}"
    );
    scene.end()
}

#[test]
fn a_database_that_does_not_answer_is_told_without_its_password() -> Result<()> {
    let home = Home::new()?;
    let mut init = Command::new(BINARY);
    init.current_dir(home.path());
    init.args(["init", "--dir", "host", "--hostname", "mail.example.test"]);
    // Nobody listens at port 1.
    init.args([
        "--database",
        "postgres://hikyaku:Geheimnis9@127.0.0.1:1/mail",
    ]);
    let said = finish(&mut init, b"")?.succeeded()?;
    ensure!(
        !said.text().contains("Geheimnis9"),
        "init told the password: {}",
        said.text()
    );
    for arguments in [&["tenant", "list"][..], &["serve"], &["--json", "doctor"]] {
        let mut command = Command::new(BINARY);
        command.current_dir(home.path());
        command
            .args(["--config", "host/hikyaku.toml"])
            .args(arguments);
        let said = finish(&mut command, b"")?.ended_with(NOT_NOW)?;
        contains(&said.text(), &["cannot open the database", "refused"])?;
        ensure!(
            !said.text().contains("Geheimnis9"),
            "the password: {}",
            said.text()
        );
    }
    Ok(())
}

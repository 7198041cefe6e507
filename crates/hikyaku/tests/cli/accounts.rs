//! `hikyaku account`, all but the import.

use anyhow::{Context as _, Result, ensure};
use hikyaku_testkit::{host::PASSWORD, mail::TestMail};

use crate::scene::{Scene, Server, TARO, USAGE, contains, in_both_modes};

#[test]
fn accounts_are_made_listed_and_shown() -> Result<()> {
    in_both_modes(|scene| {
        contains(&scene.told(&["account", "list"])?, &["account create"])?;
        let create = [
            "account",
            "create",
            "Taro@example.test",
            "--name",
            "山田 太郎",
            "--quota",
            "10MB",
            "--message-limit",
            "500",
            "--password-stdin",
        ];
        let made = scene
            .run_with(&[&["--json"], &create[..]].concat(), PASSWORD)?
            .succeeded()?;
        let made: serde_json::Value = serde_json::from_slice(&made.stdout)?;
        ensure!(made["id"].is_string(), "an id that is no string: {made}");
        ensure!(
            made["warnings"].is_null(),
            "warned of a good password: {made}"
        );
        let shown = scene.json(&["account", "show", TARO])?;
        for (field, wanted) in [
            ("address", serde_json::json!("Taro@example.test")),
            ("name", serde_json::json!("山田 太郎")),
            ("status", serde_json::json!("active")),
            ("quota_bytes", serde_json::json!(10 << 20)),
            ("quota_messages", serde_json::json!(500)),
            ("used_bytes", serde_json::json!(0)),
            ("pop", serde_json::json!(true)),
        ] {
            ensure!(shown[field] == wanted, "{field} in {shown}");
        }
        contains(
            &scene.told(&["account", "show", TARO])?,
            &["quota_bytes", "山田 太郎"],
        )?;
        let listed = scene.told(&["account", "list", "--domain", "example.test"])?;
        contains(&listed, &["ADDRESS", "Taro@example.test", "山田 太郎"])?;
        let nowhere = ["account", "list", "--domain", "third.test"];
        scene.refused(&nowhere, "no_such_domain", "there is no domain third.test")?;
        Ok(())
    })
}

#[test]
fn what_cannot_be_made_is_refused_with_the_reason() -> Result<()> {
    in_both_modes(|scene| {
        scene.account(TARO)?;
        let create = |address| ["account", "create", address, "--password-stdin"];
        let refused = |address, code, says| {
            scene
                .refused_with(&create(address), PASSWORD, code, says)
                .map(drop)
        };
        refused(
            "TARO@example.test",
            "address_taken",
            "exists already as an account",
        )?;
        refused(
            "x@third.test",
            "no_such_domain",
            "there is no domain third.test",
        )?;
        refused("nobody@example.test", "invalid", "catch-all")?;
        // Nothing came of it.
        let listed = scene.json(&["account", "list"])?;
        ensure!(
            listed.as_array().is_some_and(|list| list.len() == 1),
            "listed {listed}"
        );
        let unknown = ["account", "show", "x@example.test"];
        scene.refused(
            &unknown,
            "no_such_account",
            "there is no account x@example.test",
        )?;
        Ok(())
    })
}

#[test]
fn passwords_come_from_the_first_line() -> Result<()> {
    let scene = Scene::new(Server::Running)?;
    let create = |address| ["account", "create", address, "--password-stdin"];
    for (address, input) in [
        ("a@example.test", "correct horse 7\n".to_owned()),
        (
            "b@example.test",
            "correct horse 7\r\nnot this\r\n".to_owned(),
        ),
        ("c@example.test", "correct horse 7".to_owned()),
    ] {
        scene.run_with(&create(address), &input)?.succeeded()?;
        scene.pop3(address, PASSWORD)?.quit()?;
    }
    for (input, says) in [
        (String::new(), "first line of standard input is empty"),
        (
            "\nsecond\n".to_owned(),
            "first line of standard input is empty",
        ),
        ("x".repeat(1025), "longer than 1024 bytes"),
    ] {
        scene
            .run_with(&create("d@example.test"), &input)?
            .ended_with(USAGE)?
            .says(says)?;
    }
    let generated = scene.json(&["account", "create", "d@example.test", "--generate-password"])?;
    let password = generated["generated_password"]
        .as_str()
        .context("no password was told")?;
    ensure!(
        password.len() >= 16,
        "a short password was made: {password}"
    );
    scene.pop3("d@example.test", password)?.quit()?;
    scene.end()
}

#[test]
fn weak_passwords_are_taken_with_a_warning() -> Result<()> {
    in_both_modes(|scene| {
        let create = ["account", "create", TARO, "--password-stdin"];
        let said = scene.run_with(&create, "taro")?.succeeded()?;
        contains(&String::from_utf8(said.stderr)?, &["warning: "])?;
        let set = ["--json", "account", "set", TARO, "--password-stdin"];
        let said = scene.run_with(&set, "12345678")?.succeeded()?;
        let changed: serde_json::Value = serde_json::from_slice(&said.stdout)?;
        ensure!(
            changed["warnings"][0]["code"].is_string(),
            "not warned: {changed}"
        );
        let said = scene.run_with(&set, PASSWORD)?.succeeded()?;
        ensure!(
            said.stderr.is_empty(),
            "warned of a good password: {}",
            said.text()
        );
        Ok(())
    })
}

#[test]
fn changes_are_made_together_or_not_at_all() -> Result<()> {
    in_both_modes(|scene| {
        scene.account(TARO)?;
        scene.account("hanako@example.test")?;
        scene.told(&[
            "account",
            "set",
            "hanako@example.test",
            "--add-login",
            "hanako.old",
        ])?;
        let change = [
            "account",
            "set",
            TARO,
            "--name",
            "太郎",
            "--quota",
            "1GB",
            "--message-limit",
            "0",
            "--pop",
            "off",
            "--imap",
            "off",
            "--smtp",
            "off",
            "--web",
            "off",
            "--add-login",
            "taro.old",
        ];
        let changed = scene.json(&change)?;
        ensure!(changed["logins"][0] == "taro.old", "changed {changed}");
        for switch in ["pop", "imap", "smtp", "web"] {
            ensure!(changed[switch] == false, "{switch} in {changed}");
        }
        ensure!(changed["quota_bytes"] == 1 << 30, "changed {changed}");
        // The second half of this is refused, so the first half is not done.
        let taken = [
            "account",
            "set",
            TARO,
            "--name",
            "次郎",
            "--add-login",
            "Hanako.Old",
        ];
        scene.refused(&taken, "login_taken", "is taken")?;
        let unknown = [
            "account",
            "set",
            TARO,
            "--name",
            "次郎",
            "--remove-login",
            "x",
        ];
        scene.refused(&unknown, "no_such_login", "has no login id \"x\"")?;
        ensure!(
            scene.json(&["account", "show", TARO])?["name"] == "太郎",
            "half was done"
        );
        scene.told(&[
            "account",
            "set",
            TARO,
            "--remove-login",
            "taro.old",
            "--pop",
            "on",
        ])?;
        let shown = scene.json(&["account", "show", TARO])?;
        ensure!(
            shown["logins"] == serde_json::json!([]) && shown["pop"] == true,
            "{shown}"
        );
        Ok(())
    })
}

#[test]
fn a_running_server_obeys_at_once() -> Result<()> {
    let scene = Scene::new(Server::Running)?;
    scene.account(TARO)?;
    scene.pop3(TARO, PASSWORD)?.quit()?;
    let set = |arguments: &[&str]| scene.told(&[&["account", "set", TARO], arguments].concat());
    // A new password: the old one is refused, though it was good a moment ago.
    scene
        .run_with(
            &["account", "set", TARO, "--password-stdin"],
            "other horse 8",
        )?
        .succeeded()?;
    ensure!(
        scene.pop3(TARO, PASSWORD).is_err(),
        "the old password is still good"
    );
    scene.pop3(TARO, "other horse 8")?.quit()?;
    set(&["--status", "suspended"])?;
    ensure!(
        scene.pop3(TARO, "other horse 8").is_err(),
        "a suspended account signs in"
    );
    set(&["--status", "active", "--pop", "off"])?;
    ensure!(
        scene.pop3(TARO, "other horse 8").is_err(),
        "an account without POP3 reads it"
    );
    set(&["--pop", "on", "--add-login", "t.yamada"])?;
    scene.pop3("t.yamada", "other horse 8")?.quit()?;
    set(&["--remove-login", "t.yamada"])?;
    ensure!(
        scene.pop3("t.yamada", "other horse 8").is_err(),
        "a removed login signs in"
    );
    scene.end()
}

#[test]
fn deletion_asks_first_and_can_be_undone() -> Result<()> {
    in_both_modes(|scene| {
        scene.account(TARO)?;
        let delete = ["account", "delete", TARO];
        for answer in ["", "yes\n", "hanako@example.test\n"] {
            scene
                .run_with(&delete, answer)?
                .ended_with(USAGE)?
                .says("nothing was deleted")?;
        }
        scene
            .run_with(&delete, "taro@example.test\n")?
            .succeeded()?;
        let show = ["account", "show", TARO];
        scene.refused(&show, "no_such_account", "there is no account")?;
        // The address stays taken while it can be restored.
        let create = ["account", "create", TARO, "--password-stdin"];
        ensure!(
            !scene.run_with(&create, PASSWORD)?.status.success(),
            "the address was given away"
        );
        scene.told(&["account", "restore", TARO])?;
        scene.told(&show)?;
        let again = ["account", "restore", TARO];
        ensure!(
            !scene.run(&again)?.status.success(),
            "restored what was not deleted"
        );
        scene.told(&["account", "delete", TARO, "--erase", "--yes"])?;
        ensure!(
            !scene.run(&again)?.status.success(),
            "restored what was erased"
        );
        scene.account(TARO)
    })
}

#[test]
fn a_deleted_account_is_gone_for_everybody_and_comes_back_with_its_mail() -> Result<()> {
    let scene = Scene::new(Server::Running)?;
    scene.account(TARO)?;
    let mail = TestMail::default();
    scene.deliver(&[TARO], &mail)?;
    scene.told(&["account", "delete", TARO, "--yes"])?;
    ensure!(
        scene.pop3(TARO, PASSWORD).is_err(),
        "a deleted account signs in"
    );
    ensure!(
        scene.deliver(&[TARO], &TestMail::default()).is_err(),
        "it gets mail"
    );
    scene.told(&["account", "restore", TARO])?;
    let mut pop3 = scene.pop3(TARO, PASSWORD)?;
    ensure!(
        pop3.message_ids()? == [mail.id.clone()],
        "its mail did not come back"
    );
    pop3.quit()?;
    scene.end()
}

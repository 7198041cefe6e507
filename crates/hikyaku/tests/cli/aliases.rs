//! `hikyaku alias`.

use anyhow::{Result, ensure};
use hikyaku_testkit::{
    mail::TestMail,
    program::{Program, finish},
};

use crate::scene::{Scene, Server, TARO, contains, in_both_modes};

#[test]
fn aliases_are_made_listed_and_removed() -> Result<()> {
    in_both_modes(|scene| {
        scene.account(TARO)?;
        ensure!(
            scene.told(&["alias", "list"])?.contains("no aliases"),
            "an alias from the start"
        );
        let made = scene.told(&["alias", "create", "Office@example.test", TARO])?;
        contains(&made, &["Office@example.test", TARO])?;
        let listed = scene.json(&["alias", "list", "--domain", "example.test"])?;
        ensure!(
            listed[0]["address"] == "Office@example.test",
            "listed {listed}"
        );
        ensure!(listed[0]["target"] == TARO, "listed {listed}");
        let shown = scene.json(&["account", "show", TARO])?;
        ensure!(
            shown["aliases"][0] == "Office@example.test",
            "shown {shown}"
        );
        // Letters' case makes no other address.
        scene.told(&["alias", "delete", "office@example.test"])?;
        let gone = ["alias", "delete", "office@example.test"];
        scene.refused(
            &gone,
            "no_such_alias",
            "there is no alias office@example.test",
        )?;
        let nowhere = ["alias", "list", "--domain", "third.test"];
        scene.refused(&nowhere, "no_such_domain", "there is no domain third.test")?;
        Ok(())
    })
}

#[test]
fn an_address_is_one_thing_only() -> Result<()> {
    in_both_modes(|scene| {
        scene.account(TARO)?;
        scene.told(&["alias", "create", "office@example.test", TARO])?;
        let create = |alias| ["alias", "create", alias, TARO];
        scene.refused(
            &create(TARO),
            "address_taken",
            "exists already as an account",
        )?;
        scene.refused(
            &create("OFFICE@example.test"),
            "address_taken",
            "exists already as an alias",
        )?;
        scene.refused(
            &create("x@third.test"),
            "no_such_domain",
            "there is no domain third.test",
        )?;
        scene.refused(&create("nobody@example.test"), "invalid", "catch-all")?;
        for target in [
            "x@example.test",
            "office@example.test",
            "someone@elsewhere.example",
        ] {
            let alias = ["alias", "create", "info@example.test", target];
            scene.refused(
                &alias,
                "alias_target_unknown",
                "not the address of an account",
            )?;
        }
        let account = [
            "account",
            "create",
            "office@example.test",
            "--password-stdin",
        ];
        let says = "exists already as an alias";
        scene.refused_with(&account, "correct horse 7", "address_taken", says)?;
        Ok(())
    })
}

#[test]
fn mail_takes_the_way_of_the_alias_at_once() -> Result<()> {
    let scene = Scene::new(Server::Running)?;
    scene.account(TARO)?;
    let mail = TestMail::default();
    ensure!(
        scene.deliver(&["office@example.test"], &mail).is_err(),
        "delivered to nobody"
    );
    scene.told(&["alias", "create", "office@example.test", TARO])?;
    scene.deliver(&["office@example.test"], &mail)?;
    scene.told(&["alias", "delete", "office@example.test"])?;
    ensure!(
        scene.deliver(&["office@example.test"], &mail).is_err(),
        "delivered to nobody"
    );
    scene.told(&["domain", "set", "example.test", "--catch-all", TARO])?;
    scene.deliver(&["anything@example.test"], &mail)?;
    ensure!(
        scene.pop3(TARO, "correct horse 7")?.list()?.len() == 2,
        "not both arrived"
    );
    scene.end()
}

/// Lists come in pages of 500; the command shows all of them.
#[test]
fn long_lists_are_complete() -> Result<()> {
    const COUNT: usize = 1_001;
    let scene = Scene::new(Server::Running)?;
    scene.account(TARO)?;
    // One connection for all: curl speaks to the socket as the command line does.
    let socket = scene.host.dir().join("control.sock");
    let mut requests = Vec::new();
    for number in 0..COUNT {
        let alias = format!("a{number}@example.test");
        let body = serde_json::json!({ "address": alias, "target": TARO }).to_string();
        requests.push(format!(
            "unix-socket = {}\nurl = http://localhost/api/v1/aliases\n\
             header = \"Content-Type: application/json\"\ndata = {body:?}\n\
             output = /dev/null\nfail",
            socket.display()
        ));
    }
    scene.home.write("requests", requests.join("\nnext\n"))?;
    let mut curl = scene.home.command(Program::named("curl"))?;
    finish(
        curl.args(["--silent", "--show-error", "--config", "requests"]),
        b"",
    )?
    .succeeded()?;
    let listed = scene.json(&["alias", "list"])?;
    ensure!(
        listed.as_array().is_some_and(|list| list.len() == COUNT),
        "not all were listed"
    );
    let lines = scene
        .told(&["alias", "list", "--domain", "example.test"])?
        .lines()
        .count();
    ensure!(lines == COUNT + 1, "{lines} lines");
    scene.end()
}

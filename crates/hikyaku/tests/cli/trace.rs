//! `hikyaku trace`.

use anyhow::{Result, ensure};
use hikyaku_testkit::mail::TestMail;
use serde_json::Value;

use crate::scene::{Scene, Server, TARO, contains};

const HANAKO: &str = "hanako@example.test";

fn rows(scene: &Scene, arguments: &[&str]) -> Result<Vec<Value>> {
    let all = [&["trace", "--tenant", "Test"], arguments].concat();
    Ok(scene.json(&all)?.as_array().cloned().unwrap_or_default())
}

#[test]
fn every_recipient_of_every_message_has_an_outcome() -> Result<()> {
    let mut scene = Scene::new(Server::Running)?;
    contains(
        &scene.told(&["trace", "--tenant", "Test"])?,
        &["no messages found"],
    )?;
    scene.account(TARO)?;
    scene.account(HANAKO)?;
    let (one, two) = (TestMail::default(), TestMail::default());
    let reply = scene.deliver(&[TARO, HANAKO], &one)?;
    scene.deliver(&[TARO], &two)?;
    look(&scene, &one, &two, &reply)?;
    // The same without the server.
    scene.host.stop()?;
    look(&scene, &one, &two, &reply)?;
    scene.refused(
        &["trace", "--tenant", "Nobody"],
        "no_such_tenant",
        "there is no tenant",
    )?;
    scene.end()
}

fn look(scene: &Scene, one: &TestMail, two: &TestMail, reply: &str) -> Result<()> {
    let all = rows(scene, &[])?;
    ensure!(all.len() == 3, "{} rows", all.len());
    for row in &all {
        ensure!(row["outcome"] == "delivered", "{row}");
        ensure!(row["sender"] == "sender@remote.example", "{row}");
    }
    ensure!(
        all[0]["recipient"] == TARO,
        "the newest is not first: {}",
        all[0]
    );
    let of_one = rows(scene, &["--message-id", &one.id])?;
    ensure!(of_one.len() == 2, "of the first message: {of_one:?}");
    // What the reply named is how administrators find the message.
    let transaction = of_one[0]["transaction"].to_string();
    contains(reply, &[transaction.trim_matches('"')])?;
    ensure!(rows(scene, &["--message-id", &two.id])?.len() == 1);
    ensure!(rows(scene, &["--address", HANAKO])?.len() == 1);
    ensure!(rows(scene, &["--address", "sender@remote.example"])?.len() == 3);
    ensure!(rows(scene, &["--address", "other@remote.example"])?.is_empty());
    ensure!(rows(scene, &["--limit", "1"])?.len() == 1);
    let table = scene.told(&["trace", "--tenant", "Test", "--address", HANAKO])?;
    contains(&table, &["TIME", "OUTCOME", HANAKO, "delivered"])
}

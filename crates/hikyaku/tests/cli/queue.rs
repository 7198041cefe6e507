//! `hikyaku queue`: mail that cannot leave, seen and changed.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hikyaku_testkit::{host::PASSWORD, mail::TestMail, smtp::SmtpClient};
use serde_json::Value;

use crate::scene::{Scene, Server, TARO, USAGE, contains};

/// All mail goes to a port where nobody listens.
const NOWHERE: &str = "[outgoing]\nsmart_host = \"127.0.0.1:1\"\nsmart_host_tls = \"none\"\n";

fn stranded() -> Result<Scene> {
    let scene = Scene::with(Server::Running, |text| {
        text.replace("[outgoing]\n", NOWHERE)
    })?;
    scene.account(TARO)?;
    Ok(scene)
}

/// Taro sends after signing in.
fn send(scene: &Scene, to: &[&str]) -> Result<()> {
    let mut smtp = SmtpClient::greet(scene.host.connect(587)?)?;
    let plain = STANDARD.encode(format!("\0{TARO}\0{PASSWORD}"));
    ensure!(
        smtp.reply(&format!("AUTH PLAIN {plain}"))?
            .starts_with("235")
    );
    let mut mail = TestMail::default();
    let text = String::from_utf8(mail.bytes)?;
    mail.bytes = text.replace("sender@remote.example", TARO).into_bytes();
    smtp.send(TARO, to, &mail).map(drop)
}

fn listed(scene: &Scene, conditions: &[&str]) -> Result<Vec<Value>> {
    let all = [&["queue", "list"], conditions].concat();
    Ok(scene.json(&all)?.as_array().cloned().unwrap_or_default())
}

/// Waits until every recipient of the queue waits, and says why.
fn settled(scene: &Scene, recipients: usize) -> Result<Vec<Value>> {
    let begun = Instant::now();
    loop {
        let rows = listed(scene, &[])?;
        let waits = |row: &Value| row["state"] == "waiting" && row["trouble"]["kind"] == "connect";
        if rows.len() == recipients && rows.iter().all(waits) {
            return Ok(rows);
        }
        ensure!(begun.elapsed() < Duration::from_secs(30), "{rows:?}");
    }
}

#[test]
fn the_queue_is_seen_and_changed() -> Result<()> {
    let mut scene = stranded()?;
    contains(&scene.told(&["queue", "list"])?, &["the queue is empty"])?;
    send(&scene, &["a@one.example", "b@two.example"])?;
    send(&scene, &["c@one.example"])?;
    settled(&scene, 3)?;
    look_and_change(&scene, Server::Running)?;
    scene.host.stop()?;
    look_and_change(&scene, Server::Stopped)?;
    take_out(&scene)?;
    scene.end()
}

fn look_and_change(scene: &Scene, server: Server) -> Result<()> {
    let rows = listed(scene, &["--domain", "one.example"])?;
    ensure!(rows.len() == 2, "{rows:?}");
    ensure!(listed(scene, &["--sender", "nobody@example.test"])?.is_empty());
    ensure!(listed(scene, &["--tenant", "Test"])?.len() == 3);
    let text = scene.told(&["queue", "list"])?;
    contains(
        &text,
        &["FROM", "TROUBLE", "a@one.example", "waiting", "connect"],
    )?;
    let id = rows[0]["message"].as_str().unwrap_or_default().to_owned();
    let shown = scene.json(&["queue", "show", &id])?;
    ensure!(
        shown["recipients"].as_array().map(Vec::len) == Some(2),
        "{shown}"
    );
    contains(
        &scene.told(&["queue", "show", &id])?,
        &["from         taro@", "b@two.example"],
    )?;

    let held = scene.json(&["queue", "hold", &id])?;
    ensure!(held["recipients"] == 2, "{held}");
    ensure!(listed(scene, &["--state", "held"])?.len() == 2);
    contains(
        &scene.told(&["queue", "hold", "--all"])?,
        &["1 recipient held"],
    )?;
    contains(
        &scene.told(&["queue", "retry", "--all"])?,
        &["0 recipients due now"],
    )?;
    let domain = ["queue", "release", "--domain", "one.example"];
    contains(&scene.told(&domain)?, &["2 recipients released"])?;
    ensure!(scene.json(&["queue", "release", "--all"])?["recipients"] == 1);
    if server == Server::Running {
        settled(scene, 3)?;
    }
    let retried = scene.json(&["queue", "retry", "--domain", "two.example"])?;
    ensure!(retried["recipients"] == 1, "{retried}");
    if server == Server::Running {
        settled(scene, 3)?;
    }

    scene.refused(&["queue", "show", "99"], "no_such_queued", "no message 99")?;
    scene.refused(&["queue", "hold", "99"], "no_such_queued", "no message 99")?;
    scene.refused(
        &["queue", "list", "--tenant", "X"],
        "no_such_tenant",
        "no tenant",
    )?;
    for wrong in [&["queue", "retry"][..], &["queue", "hold", "1", "--all"]] {
        scene.run(wrong)?.ended_with(USAGE)?;
    }
    Ok(())
}

/// With a report, and without one.
fn take_out(scene: &Scene) -> Result<()> {
    let domain = ["queue", "cancel", "--domain", "one.example"];
    contains(&scene.told(&domain)?, &["2 recipients taken out"])?;
    let rest = scene.json(&["queue", "cancel", "--all", "--silent"])?;
    ensure!(rest["recipients"] == 1 && rest["sending"] == 0, "{rest}");
    ensure!(listed(scene, &[])?.is_empty());
    let rows = scene.json(&["trace", "--tenant", "Test"])?;
    let rows = rows.as_array().cloned().unwrap_or_default();
    let count = |field: &str, value: &str| rows.iter().filter(|row| row[field] == value).count();
    ensure!(count("outcome", "canceled") == 3, "{rows:?}");
    ensure!(
        count("via", "report") == 2,
        "one for each message: {rows:?}"
    );
    Ok(())
}

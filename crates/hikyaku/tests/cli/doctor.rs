//! `hikyaku doctor`: it finds what is damaged, and sets counters right.

use anyhow::{Result, ensure};
use hikyaku_testkit::mail::TestMail;

use crate::scene::{NEEDS_A_LOOK, Scene, Server, TARO, contains, in_both_modes};

/// Changes the database behind the program's back; no server runs meanwhile.
fn damage(scene: &Scene, statement: &str) -> Result<()> {
    let file = scene.host.dir().join("hikyaku.db").display().to_string();
    scene
        .python("sql", &[&file, statement])?
        .succeeded()
        .map(drop)
}

fn with_mail() -> Result<Scene> {
    let mut scene = Scene::new(Server::Running)?;
    scene.account(TARO)?;
    scene.account("hanako@example.test")?;
    for _ in 0..3 {
        scene.deliver(&[TARO, "hanako@example.test"], &TestMail::default())?;
    }
    scene.host.stop()?;
    Ok(scene)
}

#[test]
fn a_sound_store_is_told_to_be_sound() -> Result<()> {
    in_both_modes(|scene| {
        scene.account(TARO)?;
        contains(&scene.told(&["doctor"])?, &["all well: 1 account checked"])?;
        let report = scene.json(&["doctor", "--account", TARO])?;
        ensure!(report["found"] == 0 && report["accounts"] == 1, "{report}");
        let unknown = ["doctor", "--account", "x@example.test"];
        scene.refused(
            &unknown,
            "no_such_account",
            "there is no account x@example.test",
        )?;
        Ok(())
    })
}

#[test]
fn damaged_counters_are_found_and_set_right() -> Result<()> {
    for statement in [
        "UPDATE mailbox SET total = total + 1 WHERE total = 3",
        "UPDATE mailbox SET unseen = 0 WHERE unseen = 3",
        "UPDATE mailbox SET size_bytes = size_bytes - 7 WHERE total = 3",
        "UPDATE mail_account SET used_bytes = used_bytes + 1",
    ] {
        let mut scene = with_mail()?;
        damage(&scene, statement)?;
        let report = scene.json_after(&["doctor"], NEEDS_A_LOOK)?;
        ensure!(report["found"].as_u64() >= Some(2), "{statement}: {report}");
        let words = scene.run(&["doctor"])?.ended_with(NEEDS_A_LOOK)?;
        words.says(TARO)?.says("0 repaired")?;
        // One account is repaired while no server runs, the other while one does.
        let repair = ["doctor", "--repair", "--account", TARO];
        let report = scene.json_after(&repair, NEEDS_A_LOOK)?;
        ensure!(
            report["repaired"].as_u64() >= Some(1),
            "{statement}: {report}"
        );
        ensure!(
            scene.json(&["doctor", "--account", TARO])?["found"] == 0,
            "{statement}"
        );
        scene.host.start()?;
        scene.json_after(&["doctor", "--repair"], NEEDS_A_LOOK)?;
        scene.end()?;
    }
    Ok(())
}

#[test]
fn damaged_contents_are_found() -> Result<()> {
    let scene = with_mail()?;
    damage(&scene, "UPDATE blob SET refs = refs + 1 WHERE refs > 0")?;
    let report = scene.json_after(&["doctor"], NEEDS_A_LOOK)?;
    let place = report["inconsistencies"][0]["where"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    contains(&place, &["tenant Test"])
}

//! Mail that arrives.

use anyhow::{Context as _, Result};
use hikyaku_db::Engine;
use hikyaku_testkit::remote::{Offer, RemoteTls};

use crate::scene::{SENDER, Scene, offer};

#[test]
fn sqlite() -> Result<()> {
    everybody_gets_it(Engine::Sqlite)
}

#[test]
fn postgres() -> Result<()> {
    everybody_gets_it(Engine::Postgres)
}

/// One message to people here and there.
fn everybody_gets_it(engine: Engine) -> Result<()> {
    let Some(mut scene) = Scene::new(engine)? else {
        return Ok(());
    };
    let to = [
        "bob@remote.example",
        "hanako@example.test",
        "carol@remote.example",
    ];
    let mail = scene.submit(&to)?;
    let taken = scene.remote.wait_for_mail(1)?;
    assert_eq!(taken[0].id()?, mail.id);
    assert!(taken[0].mail.starts_with("MAIL FROM:<taro@example.test>"));
    assert_eq!(taken[0].rcpts.len(), 2, "one message for both");
    let text = taken[0].text();
    assert!(text.starts_with("Received: "), "{text}");
    assert!(!text.contains("Return-Path"), "that is for the last host");
    assert!(text.ends_with("couriers carry letters.\r\n"), "{text}");
    let line = scene.wait_for_attempt(1)?;
    assert!(line.contains("sent=2 deferred=0 bounced=0"), "{line}");
    assert!(scene.queued()?.contains("the queue is empty"));
    assert!(
        scene
            .only_message("hanako@example.test")?
            .contains(&mail.id)
    );
    assert!(scene.mailbox(SENDER)?.is_empty(), "nothing to report");
    let trace = scene
        .host
        .run(&["trace", "--tenant", "Test", "--message-id", &mail.id])?;
    assert_eq!(trace.matches("sent").count(), 2, "{trace}");
    scene.host.check()?;
    assert!(scene.host.stop()?.success());
    Ok(())
}

#[test]
fn what_can_be_encrypted_is() -> Result<()> {
    for (tls, encrypted) in [(RemoteTls::StartTls, true), (RemoteTls::Broken, false)] {
        let offer = Offer {
            tls,
            ..Offer::default()
        };
        let Some(scene) = Scene::with(Engine::Sqlite, offer, |_| String::new())? else {
            return Ok(());
        };
        scene.submit(&["bob@remote.example"])?;
        assert_eq!(scene.remote.wait_for_mail(1)?[0].encrypted, encrypted);
    }
    Ok(())
}

/// Mail one after the other goes over one connection, which is left in an orderly way at the end.
#[test]
fn connections_are_used_again_and_left_politely() -> Result<()> {
    let Some(mut scene) = Scene::new(Engine::Sqlite)? else {
        return Ok(());
    };
    for number in 1..=3 {
        scene.submit(&["bob@remote.example"])?;
        scene.wait_for_attempt(number)?;
    }
    assert_eq!(scene.remote.connections(), 1);
    assert!(scene.host.stop()?.success());
    scene.remote.wait_to_hear("QUIT", 1)
}

#[test]
fn a_host_that_sends_nothing_refuses_what_it_cannot_deliver() -> Result<()> {
    let none = |_: &_| "enabled = false".to_owned();
    let Some(scene) = Scene::with(Engine::Sqlite, Offer::default(), none)? else {
        return Ok(());
    };
    let refused = offer(&scene.host, SENDER, &["bob@remote.example"])?;
    assert!(refused.reply().starts_with("550"), "{refused:?}");
    offer(&scene.host, SENDER, &["hanako@example.test"])?;
    scene
        .only_message("hanako@example.test")
        .context("mail within the house")?;
    Ok(())
}

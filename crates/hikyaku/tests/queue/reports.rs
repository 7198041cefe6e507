//! Mail that does not arrive, and what its sender hears.

use anyhow::Result;
use hikyaku_db::Engine;
use hikyaku_testkit::remote::{Action, Rule, Stage};

use crate::scene::{SENDER, Scene};

#[test]
fn sqlite() -> Result<()> {
    senders_hear_of_failures(Engine::Sqlite)
}

#[test]
fn postgres() -> Result<()> {
    senders_hear_of_failures(Engine::Postgres)
}

/// One recipient gets it, one is refused, and the report says so in both languages.
fn senders_hear_of_failures(engine: Engine) -> Result<()> {
    let Some(scene) = Scene::new(engine)? else {
        return Ok(());
    };
    let no = Action::reply("550 5.1.1 there is no nobody here");
    let rule = Rule::new(Stage::Rcpt, no);
    scene.remote.rule(rule.containing("nobody"));
    let mail = scene.submit(&["nobody@remote.example", "bob@remote.example"])?;
    let line = scene.wait_for_attempt(1)?;
    assert!(line.contains("sent=1 deferred=0 bounced=1"), "{line}");
    assert_eq!(scene.remote.wait_for_mail(1)?[0].rcpts.len(), 1);
    let report = scene.only_message(SENDER)?;
    for part in [
        "Return-Path: <>",
        "report-type=delivery-status",
        "Final-Recipient: rfc822; nobody@remote.example",
        "Action: failed",
        "Status: 5.1.1",
        "Remote-MTA: dns; mx1.remote.example",
        "Diagnostic-Code: smtp; 550 5.1.1 there is no nobody here",
        &mail.id,
    ] {
        assert!(report.contains(part), "{part:?} is missing in {report}");
    }
    assert!(
        !report.contains("bob@remote.example\r\nAction: failed"),
        "{report}"
    );
    assert!(scene.queued()?.contains("the queue is empty"));
    scene.host.check()
}

#[test]
fn domains_that_take_no_mail_are_told_apart() -> Result<()> {
    let Some(scene) = Scene::new(Engine::Sqlite)? else {
        return Ok(());
    };
    scene.dns.mx("null.example", &[(0, ".")]);
    scene.dns.mx("ours.example", &[(5, "mail.example.test")]);
    scene.submit(&["a@null.example", "b@absent.example", "c@ours.example"])?;
    scene.wait_for_attempt(3)?;
    let reports = scene.mailbox(SENDER)?.join("\r\n");
    for (address, status) in [
        ("a@null.example", "5.1.10"),
        ("b@absent.example", "5.1.2"),
        ("c@ours.example", "5.4.6"),
    ] {
        let recipient = format!("Final-Recipient: rfc822; {address}");
        let (_, after) = reports.split_once(&recipient).expect(address);
        let status = format!("Status: {status}");
        assert!(
            after
                .split("Final-Recipient")
                .next()
                .is_some_and(|own| own.contains(&status))
        );
    }
    assert_eq!(scene.remote.connections(), 0);
    Ok(())
}

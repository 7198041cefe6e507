//! Two hosts of the real binary that send to each other.

use anyhow::Result;
use hikyaku_db::Engine;
use hikyaku_testkit::{dns::loopback, host::HostDatabase};

use crate::scene::{SENDER, Scene, configure, mailbox, submit};
use hikyaku_testkit::host::Host;

#[test]
fn two_houses_write_to_each_other() -> Result<()> {
    let Some(mut scene) = Scene::new(Engine::Sqlite)? else {
        return Ok(());
    };
    let mut other = Host::bare(env!("CARGO_BIN_EXE_hikyaku"), &HostDatabase::Embedded)?;
    other.run(&["tenant", "create", "Other"])?;
    other.run(&["domain", "create", "other.example", "--tenant", "Other"])?;
    let bob = "bob@other.example";
    let password = hikyaku_testkit::host::PASSWORD;
    other.run_with(&["account", "create", bob, "--password-stdin"], password)?;
    let name = "hostname = \"mail.example.test\"";
    other.configure(|text| text.replace(name, "hostname = \"mail.other.example\""))?;
    configure(&other, &scene.dns, scene.host.port(25), "")?;
    scene.dns.mx("other.example", &[(1, "mail.other.example")]);
    scene.dns.host("mail.other.example", &[loopback(1)]);
    scene.dns.mx("example.test", &[(1, "mail.example.test")]);
    scene.dns.host("mail.example.test", &[loopback(1)]);
    assert!(scene.host.stop()?.success());
    let (from, to) = (scene.remote.address().port(), other.port(25));
    scene.host.configure(|text| {
        text.replace(&format!("\nport = {from}\n"), &format!("\nport = {to}\n"))
    })?;
    scene.host.start()?;
    other.start()?;

    let question = submit(&scene.host, SENDER, &[bob])?;
    let line = scene.wait_for_attempt(1)?;
    assert!(line.contains("sent=1"), "{line}");
    let arrived = mailbox(&other, bob)?.join("");
    assert!(arrived.contains(&question.id), "{arrived}");
    assert!(
        arrived.contains("with ESMTPS"),
        "encrypted on the way: {arrived}"
    );

    let answer = submit(&other, bob, &[SENDER, "nobody@example.test"])?;
    let line = other.log()?.wait_for("attempt to send", 0)?;
    assert!(line.contains("sent=1 deferred=0 bounced=1"), "{line}");
    assert!(scene.only_message(SENDER)?.contains(&answer.id));
    let report = mailbox(&other, bob)?.join("");
    assert!(
        report.contains("Final-Recipient: rfc822; nobody@example.test"),
        "{report}"
    );
    scene.host.check()?;
    other.check()
}

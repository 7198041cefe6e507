//! The way to the exchanger.

use anyhow::Result;
use hikyaku_db::Engine;
use hikyaku_testkit::{
    dns::{Trouble, loopback},
    remote::{Action, Offer, Stage},
};

use crate::scene::{DOMAIN, Scene};

#[test]
fn the_next_exchanger_takes_what_the_first_does_not() -> Result<()> {
    let Some(scene) = Scene::new(Engine::Sqlite)? else {
        return Ok(());
    };
    // One where nobody is, one that says it is busy.
    let busy = scene.remote.beside(3, Offer::default())?;
    busy.on(Stage::Greeting, Action::reply("421 4.3.2 busy"));
    let exchangers = [
        (1, "dead.example"),
        (2, "busy.example"),
        (3, "mx1.remote.example"),
    ];
    scene.dns.mx(DOMAIN, &exchangers);
    scene.dns.host("dead.example", &[loopback(9)]);
    scene.dns.host("busy.example", &[busy.ip()]);
    scene.submit(&["bob@remote.example"])?;
    scene.remote.wait_for_mail(1)?;
    assert_eq!(busy.connections(), 1);
    Ok(())
}

#[test]
fn a_domain_without_exchangers_is_looked_for_itself() -> Result<()> {
    let Some(scene) = Scene::new(Engine::Sqlite)? else {
        return Ok(());
    };
    scene.dns.host("single.example", &[scene.remote.ip()]);
    scene.dns.alias("alias.example", "single.example");
    scene.dns.trouble("single.example", Trouble::OnlyOverTcp);
    scene.submit(&["a@single.example", "b@alias.example"])?;
    let taken = scene.remote.wait_for_mail(2)?;
    let mut rcpts: Vec<&str> = taken.iter().map(|t| t.rcpts[0].as_str()).collect();
    rcpts.sort_unstable();
    assert_eq!(
        rcpts,
        ["RCPT TO:<a@single.example>", "RCPT TO:<b@alias.example>"]
    );
    Ok(())
}

#[test]
fn mail_waits_for_the_name_server() -> Result<()> {
    let Some(scene) = Scene::new(Engine::Sqlite)? else {
        return Ok(());
    };
    scene.dns.trouble(DOMAIN, Trouble::ServFail);
    scene.submit(&["bob@remote.example"])?;
    let line = scene.wait_for_attempt(1)?;
    assert!(
        line.contains("deferred=1") && line.contains("4.4.3"),
        "{line}"
    );
    assert!(scene.queued()?.contains("dns"), "{}", scene.queued()?);
    scene.dns.heal(DOMAIN);
    scene.drain()?;
    assert_eq!(scene.remote.wait_for_mail(1)?.len(), 1);
    Ok(())
}

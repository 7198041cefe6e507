//! A remote that misbehaves at every stage: mail waits, and then arrives.

use anyhow::{Context as _, Result};
use hikyaku_db::Engine;
use hikyaku_testkit::remote::{Action, Offer, Stage, Taken};

use crate::scene::{SENDER, Scene};

/// The remote has seconds, not minutes; the reply to a message has its time but where the test is
/// about it. No connection is kept, so that each message begins with a greeting.
const IMPATIENT: &str =
    "connect_seconds = 5\nreply_seconds = 2\nfinal_reply_seconds = 2\nconnections_idle_seconds = 0";

#[test]
fn sqlite() -> Result<()> {
    what_goes_wrong_is_tried_again(Engine::Sqlite)
}

#[test]
fn postgres() -> Result<()> {
    what_goes_wrong_is_tried_again(Engine::Postgres)
}

fn what_goes_wrong_is_tried_again(engine: Engine) -> Result<()> {
    let impatient = |_: &_| IMPATIENT.to_owned();
    let Some(scene) = Scene::with(engine, Offer::default(), impatient)? else {
        return Ok(());
    };
    let stages = [
        Stage::Greeting,
        Stage::Ehlo,
        Stage::Mail,
        Stage::Rcpt,
        Stage::Data,
        Stage::Content,
        Stage::Dot,
    ];
    let faults = [
        Action::Stall,
        Action::Cut,
        Action::Octets(b"\xff what is this?\r\n".to_vec()),
        Action::reply("451 4.3.0 not now"),
        Action::ReplyAndCut("421 4.3.2 going down".to_owned()),
    ];
    for stage in stages {
        for fault in &faults {
            one_fault(&scene, stage, fault).with_context(|| format!("{stage:?}, {fault:?}"))?;
        }
    }
    assert!(scene.mailbox(SENDER)?.is_empty(), "nothing failed for good");
    scene.host.check()
}

/// The message waits while the fault lasts, and arrives once as far as the remote said so.
fn one_fault(scene: &Scene, stage: Stage, fault: &Action) -> Result<()> {
    let (before, acknowledged) = (scene.attempts()?, scene.remote.acknowledged().len());
    scene.remote.on(stage, fault.clone());
    let mail = scene.submit(&["bob@remote.example"])?;
    let line = scene.wait_for_attempt(before + 1)?;
    assert!(line.contains("sent=0 deferred=1 bounced=0"), "{line}");
    assert_eq!(scene.remote.acknowledged().len(), acknowledged);
    scene.remote.behave();
    scene.drain()?;
    let arrived = scene.remote.acknowledged();
    let ids: Vec<String> = arrived
        .iter()
        .skip(acknowledged)
        .map(Taken::id)
        .collect::<Result<_>>()?;
    assert_eq!(ids, [mail.id]);
    Ok(())
}

/// The reply came and the connection went: that is a yes, and it is not asked again.
#[test]
fn a_remote_that_says_yes_and_hangs_up_has_the_mail() -> Result<()> {
    let Some(scene) = Scene::new(Engine::Sqlite)? else {
        return Ok(());
    };
    let last_word = Action::ReplyAndCut("250 2.0.0 mine".to_owned());
    scene.remote.on(Stage::Dot, last_word);
    scene.submit(&["bob@remote.example"])?;
    let line = scene.wait_for_attempt(1)?;
    assert!(line.contains("sent=1"), "{line}");
    scene.retry()?;
    assert!(scene.queued()?.contains("the queue is empty"));
    assert_eq!(scene.remote.taken().len(), 1);
    Ok(())
}

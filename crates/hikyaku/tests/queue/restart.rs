//! The queue is there after a restart, in order or not.

use anyhow::Result;
use hikyaku_db::Engine;
use hikyaku_testkit::remote::{Action, Stage};

use crate::scene::Scene;

#[test]
fn sqlite() -> Result<()> {
    the_queue_is_kept(Engine::Sqlite)
}

#[test]
fn postgres() -> Result<()> {
    the_queue_is_kept(Engine::Postgres)
}

fn the_queue_is_kept(engine: Engine) -> Result<()> {
    let Some(mut scene) = Scene::new(engine)? else {
        return Ok(());
    };
    scene
        .remote
        .on(Stage::Rcpt, Action::reply("450 4.2.0 later"));
    let mut ids = Vec::new();
    for number in 1..=4 {
        ids.push(
            scene
                .submit(&["bob@remote.example", "carol@remote.example"])?
                .id,
        );
        scene.wait_for_attempt(number)?;
    }
    assert!(scene.host.stop()?.success());
    assert!(scene.remote.acknowledged().is_empty());
    scene.remote.behave();
    scene.host.start()?;
    assert_eq!(scene.queued()?.matches("bob@remote.example").count(), 4);
    scene.drain()?;
    let mut arrived = Vec::new();
    for taken in scene.remote.acknowledged() {
        assert_eq!(taken.rcpts.len(), 2);
        arrived.push(taken.id()?);
    }
    arrived.sort_unstable();
    ids.sort_unstable();
    assert_eq!(arrived, ids);
    scene.host.check()
}

/// What is being sent when the server is told to stop is sent, and recorded.
#[test]
fn a_stop_waits_for_what_is_being_sent() -> Result<()> {
    let Some(mut scene) = Scene::new(Engine::Sqlite)? else {
        return Ok(());
    };
    // A reply that takes its time, but comes.
    let slow = Action::Drip("250 2.0.0 taken, slowly".to_owned(), 20);
    scene.remote.once(Stage::Rcpt, slow);
    scene.submit(&["bob@remote.example"])?;
    scene.remote.wait_to_hear("RCPT", 1)?;
    assert!(scene.host.stop()?.success());
    assert_eq!(scene.remote.acknowledged().len(), 1);
    scene.host.start()?;
    assert!(scene.queued()?.contains("the queue is empty"));
    Ok(())
}

//! Crashes: SIGKILL at random moments while mail comes in from several connections.

use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use hikyaku_db::Engine;
use hikyaku_testkit::seed::Seed;

use crate::{
    ledger::Ledger,
    scene::{Scene, count_from, mailboxes, people},
    senders::{Door, send_on},
    watcher::Watcher,
};

/// Crashes of a test, unless `HIKYAKU_TEST_CRASH_ROUNDS` says otherwise.
const ROUNDS: u64 = 12;
/// Acknowledged deliveries before a crash at most.
const BEFORE_CRASH: u64 = 80;
/// Microseconds that pass between the last of them and the crash at most.
const MOMENT_US: u64 = 20_000;

#[test]
fn sqlite() -> Result<()> {
    crashes(Engine::Sqlite)
}

#[test]
fn postgres() -> Result<()> {
    crashes(Engine::Postgres)
}

fn crashes(engine: Engine) -> Result<()> {
    let Some(mut scene) = Scene::new(engine)? else {
        return Ok(());
    };
    let people = people(&scene.host, &["watched", "bob", "carol", "dave"])?;
    let mut seed = Seed::of_run("crash");
    let (ledger, mut watcher) = (Ledger::default(), Watcher::of(&people[0]));
    for round in 1..=count_from("HIKYAKU_TEST_CRASH_ROUNDS", ROUNDS)? {
        scene
            .host
            .start()
            .with_context(|| format!("start {round}"))?;
        one_round(&mut scene, &people, &ledger, &mut watcher, &mut seed)
            .with_context(|| format!("round {round}"))?;
    }
    scene.host.start()?;
    ledger.verify(&mailboxes(scene.host.address(110), &people)?)?;
    watcher.agrees_with(scene.host.address(143))?;
    scene.host.check()?;
    let status = scene.host.stop()?;
    if !status.success() {
        bail!("the server ended with {status}");
    }
    // The same without a server: `doctor` opens the store itself.
    scene.host.check()
}

/// Load, a crash in the middle of it, and what the watching client saw meanwhile.
fn one_round(
    scene: &mut Scene,
    people: &[String],
    ledger: &Ledger,
    watcher: &mut Watcher,
    seed: &mut Seed,
) -> Result<()> {
    let stop = AtomicBool::new(false);
    let doors = Door::several(&scene.host);
    let watching = watcher.connect(scene.host.address(143))?;
    let enough = ledger.accepted() + 1 + seed.below(BEFORE_CRASH);
    let moment = Duration::from_micros(seed.below(MOMENT_US));
    thread::scope(|scope| {
        for door in doors {
            let (seed, stop) = (seed.split(), &stop);
            // The connection breaks at the crash; until then the ledger tells what was promised.
            scope.spawn(move || send_on(door, people, ledger, seed, stop));
        }
        let watching = scope.spawn(|| watcher.watch(watching, ledger, &stop));
        let loaded = ledger.wait_for_accepted(enough);
        ledger.wait_a_moment(moment);
        let killed = scene.host.kill();
        stop.store(true, Relaxed);
        let watched = watching
            .join()
            .unwrap_or_else(|_| bail!("the watcher panicked"));
        loaded.and(killed).and(watched)
    })
}

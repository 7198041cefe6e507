//! A disk that fails now and then: `strace` makes calls of the server fail. What could not be made
//! durable is not acknowledged, and what was stays.

use std::{
    process::Command,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
};

use anyhow::{Context as _, Result, bail, ensure};
use hikyaku_db::Engine;
use hikyaku_testkit::{host::Host, seed::Seed};

use crate::{
    ledger::Ledger,
    scene::{Scene, mailboxes, people},
    senders::{Door, send_on},
};

/// Acknowledged deliveries in spite of the faults.
const DELIVERIES: u64 = 60;

/// Every third sync fails, from the fifth of each thread on.
#[test]
fn a_failed_sync_is_no_promise() -> Result<()> {
    with_faults("fsync,fdatasync", "EIO", "5+3")
}

/// Every 40th write finds no room.
#[test]
fn a_failed_write_is_no_promise() -> Result<()> {
    with_faults("pwrite64", "ENOSPC", "200+40")
}

/// Every 60th write fails for no reason that anybody could name.
#[test]
fn a_broken_sector_is_no_promise() -> Result<()> {
    with_faults("pwrite64", "EIO", "200+60")
}

fn with_faults(calls: &str, error: &str, when: &str) -> Result<()> {
    let mut scene = Scene::new(Engine::Sqlite)?.context("SQLite is always wanted")?;
    let people = people(&scene.host, &["alice", "bob", "carol"])?;
    scene
        .host
        .start_as(faulty(&scene.host, calls, error, when))?;
    let ledger = Ledger::default();
    let stop = AtomicBool::new(false);
    let mut seed = Seed::of_run("disk errors");
    thread::scope(|scope| {
        let senders: Vec<_> = Door::several(&scene.host)
            .into_iter()
            .map(|door| {
                let (seed, people, ledger, stop) = (seed.split(), &people, &ledger, &stop);
                scope.spawn(move || send_on(door, people, ledger, seed, stop))
            })
            .collect();
        let loaded = ledger.wait_for_accepted(DELIVERIES);
        let refused = ledger.wait_for_refusal(0);
        stop.store(true, Relaxed);
        for sender in senders {
            let sent = sender.join().unwrap_or_else(|_| bail!("a sender panicked"));
            sent.context("a client lost its connection")?;
        }
        loaded.and(refused.map(drop))
    })?;
    eprintln!(
        "{} refusals, such as {:?}",
        ledger.refusals().len(),
        ledger.refusals().first()
    );
    for refusal in ledger.refusals() {
        let is_temporary = refusal.starts_with('4') || refusal.contains(" NO [");
        ensure!(is_temporary, "not a temporary refusal: {refusal:?}");
    }
    ledger.verify(&mailboxes(scene.host.address(110), &people)?)?;
    // With a disk that works, all is as it was told.
    scene.host.kill()?;
    scene.host.start()?;
    ledger.verify(&mailboxes(scene.host.address(110), &people)?)?;
    scene.host.check()
}

fn faulty(host: &Host, calls: &str, error: &str, when: &str) -> Command {
    let mut command = Command::new("strace");
    command.args(["-D", "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null"]);
    command.args(["-e", &format!("trace={calls}"), "-e", "signal=none"]);
    command.args([
        "-e",
        &format!("inject={calls}:error={error}:when={when}"),
        "--",
    ]);
    command
        .arg(host.binary())
        .arg("--config")
        .arg(host.config())
        .arg("serve");
    command
}

//! Power cuts (design §7): SIGKILL says nothing about fsync, so every write, sync and reply of the
//! running binary is recorded, and for many moments the files are rebuilt as a power cut would
//! leave them: what was synced, and random parts of the rest. The server starts on them and has
//! every message whose 250 was on its way, exactly once.
//!
//! - [`tracer`] runs the server under `strace`; [`syscall`] and [`recording`] read what it writes.
//! - [`disk`] is the model of what is durable; [`cut`] what a power cut leaves of it.
//! - [`workload`] is what the clients do, [`promises`] what the server said to it and when.
//! - [`revival`] starts the server on what is left, and judges.

mod cut;
mod disk;
mod promises;
mod recording;
mod revival;
mod syscall;
mod tracer;
mod workload;

use anyhow::{Result, ensure};
use hikyaku_testkit::seed::Seed;

use self::{
    cut::CutPoint,
    promises::Promises,
    revival::{Outcome, revive_all},
    tracer::Synchronous,
    workload::{Load, record},
};
use crate::scene::count_from;

/// Power cuts of a test, unless `HIKYAKU_TEST_POWER_CUTS` says otherwise.
const CUTS: u64 = 40;
/// Power cuts of the test that must find losses.
const CUTS_WHEN_LOWERED: u64 = 8;

#[test]
fn what_was_acknowledged_survives() -> Result<()> {
    let mut seed = Seed::of_run("power cut");
    let cuts = count_from("HIKYAKU_TEST_POWER_CUTS", CUTS)?;
    let outcomes = cut_the_power(Synchronous::Full, Load::FULL, cuts, &mut seed)?;
    let mut wrong = Vec::new();
    for outcome in &outcomes {
        wrong.extend(
            outcome
                .wrong
                .iter()
                .map(|what| format!("{}: {what}", outcome.cut)),
        );
    }
    ensure!(
        wrong.is_empty(),
        "{} promises are broken:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    let kept: usize = outcomes.iter().map(|outcome| outcome.kept).sum();
    ensure!(kept > 0, "no promise was tested");
    eprintln!(
        "{} power cuts: {kept} promises were looked at, and kept",
        outcomes.len()
    );
    Ok(())
}

/// The same harness on a server that does not wait for the disk: it must find the losses.
#[test]
fn a_server_that_does_not_sync_is_found_out() -> Result<()> {
    let mut seed = Seed::of_run("power cut, lowered");
    let outcomes = cut_the_power(
        Synchronous::Normal,
        Load::SMALL,
        CUTS_WHEN_LOWERED,
        &mut seed,
    )?;
    let lost: usize = outcomes.iter().map(|outcome| outcome.lost).sum();
    eprintln!(
        "{} power cuts: {lost} acknowledged messages are lost, as expected",
        outcomes.len()
    );
    ensure!(
        lost > 0,
        "nothing was lost although the server did not sync: the harness is blind"
    );
    Ok(())
}

fn cut_the_power(
    synchronous: Synchronous,
    load: Load,
    cuts: u64,
    seed: &mut Seed,
) -> Result<Vec<Outcome>> {
    let (recording, ledger) = record(synchronous, load, seed)?;
    eprintln!("{recording}");
    let promises = Promises::find(&ledger, &recording)?;
    if synchronous == Synchronous::Full {
        promises.check_group_commit(&recording)?;
    }
    let points = CutPoint::choose(cuts, &promises, &recording, seed);
    revive_all(&recording, &promises, points)
}

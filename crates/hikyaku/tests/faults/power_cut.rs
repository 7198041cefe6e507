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
    recording::Recording,
    revival::revive_all,
    tracer::Synchronous,
    workload::{Load, record},
};
use crate::scene::count_from;

/// Power cuts of a test, unless `HIKYAKU_TEST_POWER_CUTS` says otherwise.
const CUTS: u64 = 40;
/// Power cuts of the tests that must find losses.
const CUTS_TO_FIND_LOSSES: usize = 5;
/// Messages of the workload that are so large that each is an object of its own, at least.
const OBJECTS_AT_LEAST: usize = 50;

#[test]
fn what_was_acknowledged_survives() -> Result<()> {
    let mut seed = Seed::of_run("power cut");
    let (recording, promises) = recorded(Synchronous::Full, Load::FULL, &mut seed)?;
    promises.check_group_commit(&recording)?;
    promises.check_log_was_copied(&recording)?;
    recording.check_objects(OBJECTS_AT_LEAST)?;
    let cuts = count_from("HIKYAKU_TEST_POWER_CUTS", CUTS)?;
    let points = CutPoint::choose(cuts, &promises, &recording, &mut seed);
    let outcomes = revive_all(&recording, &promises, points)?;
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
    let (recording, promises) = recorded(Synchronous::Normal, Load::SMALL, &mut seed)?;
    finds_losses(&recording, &promises)
}

/// And on replies that come in the moment in which the sync begins instead of when it has ended.
#[test]
fn a_server_that_answers_too_early_is_found_out() -> Result<()> {
    let mut seed = Seed::of_run("power cut, early");
    let (recording, promises) = recorded(Synchronous::Full, Load::SMALL, &mut seed)?;
    finds_losses(&recording, &promises.made_too_early(&recording))
}

/// And on one that does not wait for the names of objects: large mail must be missing.
#[test]
fn a_server_that_does_not_sync_folders_is_found_out() -> Result<()> {
    let mut seed = Seed::of_run("power cut, folders");
    let (recording, promises) = recorded(Synchronous::WithoutFolders, Load::SMALL, &mut seed)?;
    recording.check_objects(1)?;
    let points = CutPoint::merciless(CUTS_TO_FIND_LOSSES, &promises);
    let outcomes = revive_all(&recording, &promises, points)?;
    // What POP3 says of a message whose object is not there.
    let missing = outcomes.iter().flat_map(|outcome| &outcome.wrong);
    let missing = missing.filter(|what| what.contains("damaged")).count();
    ensure!(
        missing > 0,
        "no large message is missing although its name was not synced: the harness is blind; \
         {outcomes:?}"
    );
    Ok(())
}

fn recorded(
    synchronous: Synchronous,
    load: Load,
    seed: &mut Seed,
) -> Result<(Recording, Promises)> {
    let (recording, diary) = record(synchronous, load, seed)?;
    eprintln!("{recording}");
    let promises = Promises::find(&diary, &recording)?;
    Ok((recording, promises))
}

fn finds_losses(recording: &Recording, promises: &Promises) -> Result<()> {
    let points = CutPoint::merciless(CUTS_TO_FIND_LOSSES, promises);
    let outcomes = revive_all(recording, promises, points)?;
    let lost: usize = outcomes.iter().map(|outcome| outcome.lost).sum();
    eprintln!(
        "{} power cuts: {lost} acknowledged messages are lost, as expected",
        outcomes.len()
    );
    ensure!(
        lost > 0,
        "nothing was lost although it must be: the harness is blind"
    );
    Ok(())
}

//! Everything about mail that is there already: all systems run at once, and take turns.

use anyhow::{Context as _, Result};

use super::{Bench, append, fetch, fill, idle, mixed, pop3, sign_in};
use crate::options::Part;
use crate::processes;
use crate::report::Report;
use crate::system::System;

/// Measures the parts among `imap`, `pop3` and `memory` that are wanted.
pub fn measure(bench: &mut Bench, parts: &[Part], report: &mut Report) -> Result<()> {
    for index in 0..bench.systems.len() {
        let seed = bench.next_seed();
        let mailbox = bench.plan.mailbox;
        let system = bench.systems[index].as_mut();
        system.start_fresh()?;
        at_rest(system, "all processes at rest", report)?;
        if parts.contains(&Part::Imap) {
            sign_in::first(system, report)?;
        }
        fill::fill(system, mailbox, seed).context("filling mailboxes")?;
    }
    for _ in 0..bench.plan.runs {
        for index in 0..bench.systems.len() {
            let seed = bench.next_seed();
            let system = bench.systems[index].as_ref();
            let name = system.name();
            if parts.contains(&Part::Imap) {
                imap(bench, system, seed, report).context(name)?;
            }
            if parts.contains(&Part::Pop3) {
                pop3::measure(system, bench.plan.side(), report).context(name)?;
            }
        }
    }
    for index in 0..bench.systems.len() {
        let system = bench.systems[index].as_ref();
        if parts.contains(&Part::Memory) {
            idle::measure(system, &bench.trust, bench.plan.idle, report).context("IDLE")?;
            at_rest(system, "all processes afterwards", report)?;
        }
        bench.systems[index].stop()?;
    }
    Ok(())
}

fn imap(bench: &Bench, system: &dyn System, seed: u64, report: &mut Report) -> Result<()> {
    let (mailbox, side) = (bench.plan.mailbox, bench.plan.side());
    sign_in::again(system, side, report).context("sign-ins")?;
    mixed::measure(system, mailbox, side, report).context("mixed commands")?;
    fetch::measure(system, mailbox, side, report).context("FETCH")?;
    append::measure(system, seed, side, report).context("APPEND")
}

fn at_rest(system: &dyn System, what: &str, report: &mut Report) -> Result<()> {
    let process = system.process().context("the system does not run")?;
    let memory = processes::memory(process)?;
    let mut record = |kind: &str, kib: u64| {
        let what = format!("{what} ({kind})");
        report.record("Memory", &what, "MiB", system.name(), kib as f64 / 1024.0);
    };
    record("Rss", memory.rss_kib);
    record("Pss", memory.pss_kib);
    Ok(())
}

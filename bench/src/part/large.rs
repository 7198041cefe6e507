//! APPEND into a large mailbox must cost what it costs in an empty one.
//!
//! Of Hikyaku alone: filling a Maildir to this size takes longer than everything else together.

use anyhow::{Context as _, Result};

use super::{Bench, append};
use crate::client::imap::Imap;
use crate::client::line::Line;
use crate::report::Report;
use crate::system::{PASSWORD, System, address};

const PART: &str = "APPEND into a large mailbox";
/// Messages that one COPY doubles at most, so that each stays a small transaction.
const COPIED_AT_ONCE: usize = 1_000;
/// Messages that are really there; the rest are placements of the same.
const ORIGINALS: usize = 1_000;

/// Fills a mailbox, then appends to it and to an empty one in turn.
pub fn measure(bench: &mut Bench, report: &mut Report) -> Result<()> {
    let (large, side, runs) = (bench.plan.large, bench.plan.side(), bench.plan.runs);
    for index in 0..bench.systems.len() {
        let seed = bench.next_seed();
        let seeds: Vec<u64> = (0..runs * 2).map(|_| bench.next_seed()).collect();
        let system = bench.systems[index].as_mut();
        if !system.name().starts_with("Hikyaku") {
            continue;
        }
        system.start_fresh()?;
        fill(system, large, seed).context("filling it")?;
        for pair in seeds.chunks_exact(2) {
            let places = [("empty", 2), ("large", 1)];
            for ((what, account), seed) in places.into_iter().zip(pair) {
                let mut done = append::run(system, *seed, 1, side, |_| address(account))?;
                let rate = format!("{what}: APPEND, 1 client");
                report.record(PART, &rate, "messages/s", system.name(), done.rate());
                let median = done.times.percentile_ms(0.5).unwrap_or_default();
                let time = format!("{what}: APPEND, median");
                report.record(PART, &time, "ms", system.name(), median);
            }
        }
        system.stop()?;
    }
    Ok(())
}

fn fill(system: &dyn System, messages: usize, seed: u64) -> Result<()> {
    let originals = messages.min(ORIGINALS);
    let second = std::time::Duration::from_secs(1);
    let mut imap = Imap::connect(system.address(143), &address(1), PASSWORD)?;
    let mut have = 0;
    while have < originals {
        append::run(system, seed.wrapping_add(have as u64), 1, second, |_| {
            address(1)
        })?;
        have = usize::try_from(imap.messages("INBOX")?)?;
    }
    imap.command("SELECT INBOX")?;
    while have < messages {
        let count = COPIED_AT_ONCE.min(messages - have);
        imap.command(&format!("COPY 1:{count} INBOX"))?;
        have += count;
    }
    imap.logout()?;
    // The server is still there, and nothing is left to be written.
    Line::connect(system.address(143))?.expect("* OK").map(drop)
}

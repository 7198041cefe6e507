//! APPEND: what programs do with each message they send, and migrations with all.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::fill::SIZE_BYTES;
use super::load::{self, Done};
use crate::client::imap::Imap;
use crate::letter::Letters;
use crate::report::Report;
use crate::system::{PASSWORD, System, address};

/// Clients that append at once, each to a mailbox of its own.
const CLIENTS: usize = 10;
/// Accounts from this one on: their mailboxes are not the ones that are read.
const FIRST_ACCOUNT: usize = 20;

/// Ten clients, and one alone.
pub fn measure(
    system: &dyn System,
    seed: u64,
    duration: Duration,
    report: &mut Report,
) -> Result<()> {
    let name = system.name();
    let done = run(system, seed, CLIENTS, duration, |client| {
        address(FIRST_ACCOUNT + client)
    })?;
    report.record(
        "IMAP",
        "APPEND of 4 KiB, 10 clients",
        "messages/s",
        name,
        done.rate(),
    );
    Ok(())
}

/// Clients that append to the mailbox that `whose` names for each.
pub fn run(
    system: &dyn System,
    seed: u64,
    clients: usize,
    duration: Duration,
    whose: impl Fn(usize) -> String + Sync,
) -> Result<Done> {
    let begin = |client: usize| {
        let imap = Imap::connect(system.address(143), &whose(client), PASSWORD)?;
        let letters = Letters::new(seed.wrapping_add(client as u64), SIZE_BYTES);
        Ok((imap, letters, Vec::new()))
    };
    let step = |(imap, letters, buffer): &mut (Imap, Letters, Vec<u8>)| {
        letters.write("reader@bench.test", buffer);
        let started = Instant::now();
        imap.append("INBOX", buffer)?;
        Ok((started.elapsed(), 1))
    };
    load::run(clients, duration, begin, step, |(imap, _, _)| imap.logout())
}

//! Signing in: the first time of an account, and again and again.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;

use super::fill::{READERS, nothing};
use super::load;
use crate::client::imap::Imap;
use crate::report::Report;
use crate::system::{ACCOUNTS, PASSWORD, System, address};

const PART: &str = "IMAP";

/// The first sign-in of every account since the start of the system, one after the other.
pub fn first(system: &dyn System, report: &mut Report) -> Result<()> {
    let started = Instant::now();
    for account in 0..ACCOUNTS {
        Imap::connect(system.address(143), &address(account), PASSWORD)?.logout()?;
    }
    let rate = ACCOUNTS as f64 / started.elapsed().as_secs_f64();
    report.record(
        PART,
        "first sign-ins, 1 client",
        "sessions/s",
        system.name(),
        rate,
    );
    Ok(())
}

/// Connection, sign-in and good-bye, by several clients for all accounts in turn.
pub fn again(system: &dyn System, duration: Duration, report: &mut Report) -> Result<()> {
    let next = AtomicUsize::new(0);
    let step = |(): &mut ()| {
        let account = next.fetch_add(1, Ordering::Relaxed);
        let started = Instant::now();
        Imap::connect(system.address(143), &address(account), PASSWORD)?.logout()?;
        Ok(nothing(started.elapsed()))
    };
    let done = load::run(READERS, duration, |_| Ok(()), step, |()| Ok(()))?;
    report.record(
        PART,
        "sign-ins, 10 clients",
        "sessions/s",
        system.name(),
        done.rate(),
    );
    Ok(())
}

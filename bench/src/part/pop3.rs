//! Downloads over POP3.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::fill::READERS;
use super::load;
use crate::client::pop3::Pop3;
use crate::report::Report;
use crate::system::{PASSWORD, System, address};

/// Ten clients, each downloading a maildrop of its own again and again.
pub fn measure(system: &dyn System, duration: Duration, report: &mut Report) -> Result<()> {
    let step = |reader: &mut usize| {
        let started = Instant::now();
        let mut pop3 = Pop3::connect(system.address(110), &address(*reader), PASSWORD)?;
        let (messages, _) = pop3.download()?;
        pop3.quit()?;
        Ok((started.elapsed(), messages))
    };
    let done = load::run(READERS, duration, Ok, step, |_| Ok(()))?;
    report.record(
        "POP3",
        "download",
        "messages/s",
        system.name(),
        done.counted_rate(),
    );
    Ok(())
}

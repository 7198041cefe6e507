//! FETCH of whole mailboxes: what a new program does first.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::fill::READERS;
use super::load;
use crate::client::imap::Imap;
use crate::report::Report;
use crate::system::{PASSWORD, System, address};

/// The commands, and what they are called in the results.
const COMMANDS: [(&str, &str); 2] = [
    (
        "FETCH 1:* envelopes",
        "FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)",
    ),
    ("FETCH 1:* whole messages", "FETCH 1:* (UID BODY.PEEK[])"),
];

/// Ten clients, each fetching a mailbox of its own again and again.
pub fn measure(
    system: &dyn System,
    mailbox: usize,
    duration: Duration,
    report: &mut Report,
) -> Result<()> {
    for (name, command) in COMMANDS {
        let begin = |reader: usize| {
            let mut imap = Imap::connect(system.address(143), &address(reader), PASSWORD)?;
            imap.command("SELECT INBOX")?;
            Ok(imap)
        };
        let step = |imap: &mut Imap| {
            let started = Instant::now();
            imap.command(command)?;
            Ok((started.elapsed(), mailbox))
        };
        let done = load::run(READERS, duration, begin, step, Imap::logout)?;
        report.record(
            "IMAP",
            name,
            "messages/s",
            system.name(),
            done.counted_rate(),
        );
    }
    Ok(())
}

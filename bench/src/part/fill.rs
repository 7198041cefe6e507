//! Mailboxes with something to read in them.

use std::time::Duration;

use anyhow::Result;

use crate::client::imap::Imap;
use crate::letter::Letters;
use crate::system::{PASSWORD, System, address};

/// Mailboxes that are filled, and clients that read them at once.
pub const READERS: usize = 10;
/// Size of their messages.
pub const SIZE_BYTES: usize = 4_096;

/// Appends so many messages to each of the mailboxes that are read.
pub fn fill(system: &dyn System, messages: usize, seed: u64) -> Result<()> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..READERS)
            .map(|reader| scope.spawn(move || fill_one(system, reader, messages, seed)))
            .collect();
        threads
            .into_iter()
            .try_for_each(|thread| match thread.join() {
                Ok(result) => result,
                Err(_) => anyhow::bail!("a client panicked"),
            })
    })
}

fn fill_one(system: &dyn System, reader: usize, messages: usize, seed: u64) -> Result<()> {
    let mut letters = Letters::new(seed.wrapping_add(reader as u64), SIZE_BYTES);
    let (to, mut buffer) = (address(reader), Vec::new());
    let mut imap = Imap::connect(system.address(143), &to, PASSWORD)?;
    for _ in 0..messages {
        letters.write(&to, &mut buffer);
        imap.append("INBOX", &buffer)?;
    }
    imap.logout()
}

/// Clients that do not count what they get.
pub const fn nothing(time: Duration) -> (Duration, usize) {
    (time, 0)
}

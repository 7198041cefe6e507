//! A mix of IMAP commands, weighted about as mail programs send them.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::fill::{READERS, nothing};
use super::load;
use crate::client::imap::Imap;
use crate::random::Random;
use crate::report::Report;
use crate::system::{PASSWORD, System, address};

/// Commands of a hundred that are of each kind. `{one}` is a message, `{few}` are 20 in a row,
/// `{many}` 50.
const MIX: [(usize, &str); 12] = [
    (5, "SELECT INBOX"),
    (20, "FETCH {many} (UID FLAGS)"),
    (
        8,
        "FETCH {few} (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)",
    ),
    (
        5,
        "FETCH {few} (UID BODY.PEEK[HEADER.FIELDS (FROM TO SUBJECT DATE MESSAGE-ID)])",
    ),
    (2, "FETCH {few} (UID BODYSTRUCTURE)"),
    (25, "FETCH {one} (UID BODY.PEEK[])"),
    (10, "STORE {one} +FLAGS.SILENT (\\Seen)"),
    (5, "STORE {one} -FLAGS.SILENT (\\Flagged)"),
    (3, "SEARCH UNSEEN"),
    (1, "SEARCH SUBJECT letter"),
    (10, "NOOP"),
    (6, "STATUS Sent (MESSAGES UNSEEN UIDNEXT)"),
];

#[derive(Debug)]
struct Reader {
    imap: Imap,
    random: Random,
}

/// Ten clients, each in a mailbox of its own.
pub fn measure(
    system: &dyn System,
    mailbox: usize,
    duration: Duration,
    report: &mut Report,
) -> Result<()> {
    let begin = |reader: usize| {
        let mut imap = Imap::connect(system.address(143), &address(reader), PASSWORD)?;
        make_sent(&mut imap)?;
        imap.command("SELECT INBOX")?;
        let random = Random::new(reader as u64);
        Ok(Reader { imap, random })
    };
    let step = |reader: &mut Reader| {
        let command = command(&mut reader.random, mailbox);
        let started = Instant::now();
        reader.imap.command(&command)?;
        Ok(nothing(started.elapsed()))
    };
    let mut done = load::run(READERS, duration, begin, step, |reader| {
        reader.imap.logout()
    })?;
    let name = system.name();
    report.record("IMAP", "mixed commands", "commands/s", name, done.rate());
    let p99 = done.times.percentile_ms(0.99).unwrap_or_default();
    report.record("IMAP", "mixed commands, p99", "ms", name, p99);
    Ok(())
}

/// Some systems give every account such a mailbox, others do not.
fn make_sent(imap: &mut Imap) -> Result<()> {
    if imap.command("STATUS Sent (MESSAGES)").is_err() {
        imap.command("CREATE Sent")?;
    }
    Ok(())
}

/// A command of the mix, in a mailbox of so many messages.
fn command(random: &mut Random, mailbox: usize) -> String {
    let mut left = random.below(MIX.iter().map(|(weight, _)| weight).sum());
    let mut chosen = "NOOP";
    for (weight, template) in MIX {
        if left < weight {
            chosen = template;
            break;
        }
        left -= weight;
    }
    let mut fill = |text: String, name: &str, count: usize| {
        if !text.contains(name) {
            return text;
        }
        let count = count.min(mailbox);
        let first = 1 + random.below(mailbox - count + 1);
        let range = match count {
            1 => first.to_string(),
            _ => format!("{first}:{}", first + count - 1),
        };
        text.replace(name, &range)
    };
    let text = fill(chosen.to_owned(), "{one}", 1);
    let text = fill(text, "{few}", 20);
    fill(text, "{many}", 50)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_are_of_a_hundred() {
        assert_eq!(MIX.iter().map(|(weight, _)| weight).sum::<usize>(), 100);
    }

    #[test]
    fn commands_name_messages_that_exist() {
        let mut random = Random::new(1);
        for mailbox in [1, 30, 500] {
            for _ in 0..500 {
                let command = command(&mut random, mailbox);
                assert!(!command.contains('{'), "{command}");
                let mut words = command.split(' ');
                if !matches!(words.next(), Some("FETCH" | "STORE")) {
                    continue;
                }
                let range = words.next().unwrap();
                for number in range.split(':') {
                    let number: usize = number.parse().unwrap();
                    assert!((1..=mailbox).contains(&number), "{command}");
                }
            }
        }
    }
}

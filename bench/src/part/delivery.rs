//! Deliveries: what a mail host is for.
//!
//! Senders keep their connections and send message after message, each to the next of 50
//! mailboxes. A system has *accepted* a message when it said 250, and *delivered* it when it is in
//! the mailbox.
//! Afterwards all mailboxes are counted over IMAP: a message that is missing, or there twice, fails
//! the whole measurement.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::load::{self, Done};
use crate::client::{imap::Imap, smtp::Smtp};
use crate::letter::Letters;
use crate::processes;
use crate::report::Report;
use crate::system::{ACCOUNTS, PASSWORD, System, address};

/// Deliveries before those that count: processes start, files get their first pages.
const WARM_UP: Duration = Duration::from_secs(1);
/// How long the rest may take to get into the mailboxes.
const PATIENCE: Duration = Duration::from_mins(5);
/// How often to look whether all is delivered.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// One run.
#[derive(Debug, Clone, Copy)]
pub struct Task {
    /// Of each message.
    pub size_bytes: usize,
    /// Senders.
    pub connections: usize,
    /// How long they send.
    pub duration: Duration,
    /// Of this run alone; senders add their number.
    pub seed: u64,
}

/// Starts the system anew, loads it, counts its mailboxes and stops it.
pub fn measure(system: &mut dyn System, task: &Task, report: &mut Report) -> Result<()> {
    let name = system.name();
    let context = || {
        format!(
            "{name}, {} bytes, {} connections",
            task.size_bytes, task.connections
        )
    };
    system.start_fresh().with_context(context)?;
    deliver(system, task, report).with_context(context)?;
    system.stop().with_context(context)
}

fn deliver(system: &dyn System, task: &Task, report: &mut Report) -> Result<()> {
    let smtp = system.address(25);
    let warm = Task {
        duration: WARM_UP.min(task.duration),
        seed: task.seed.wrapping_add(1 << 15),
        ..*task
    };
    let warmed = send(smtp, &warm)?;
    wait_until_delivered(system)?;
    let cpu_before = cpu_seconds(system)?;
    let started = Instant::now();
    let mut done = send(smtp, task)?;
    // For a system that delivers before it says 250, nothing is waiting now.
    wait_until_delivered(system)?;
    let delivered_s = done.elapsed.max(started.elapsed()).as_secs_f64();
    let count = done.times.count();
    let cpu_s = cpu_seconds(system)? - cpu_before;
    let found = messages(system)?;
    let sent = (warmed.times.count() + count) as u64;
    ensure!(
        found == sent,
        "{sent} messages were accepted, and {found} are in the mailboxes"
    );

    let part = format!("Delivery of {} into 50 mailboxes", kib(task.size_bytes));
    let name = system.name();
    let mut record = |what: &str, unit: &str, value: f64| {
        let what = format!("{} connections: {what}", task.connections);
        report.record(&part, &what, unit, name, value);
    };
    record("delivered", "messages/s", count as f64 / delivered_s);
    record("accepted", "messages/s", done.rate());
    record(
        "reply, median",
        "ms",
        done.times.percentile_ms(0.5).unwrap_or_default(),
    );
    record(
        "reply, p99",
        "ms",
        done.times.percentile_ms(0.99).unwrap_or_default(),
    );
    // Processes of PostgreSQL are not among those of the server.
    record(
        "processor time of the servers, without PostgreSQL",
        "ms/message",
        cpu_s * 1_000.0 / count.max(1) as f64,
    );
    if let Some(process) = system.process() {
        let memory = processes::memory(process)?;
        record(
            "memory afterwards (Pss)",
            "MiB",
            memory.pss_kib as f64 / 1024.0,
        );
    }
    Ok(())
}

fn cpu_seconds(system: &dyn System) -> Result<f64> {
    let process = system.process().context("the system does not run")?;
    processes::cpu_seconds(process)
}

/// Sends for the time of the task.
pub fn send(smtp: SocketAddr, task: &Task) -> Result<Done> {
    let next = AtomicUsize::new(0);
    let begin = |sender: usize| {
        let letters = Letters::new(task.seed.wrapping_add(sender as u64), task.size_bytes);
        Ok((Smtp::connect(smtp)?, letters, Vec::new()))
    };
    let step = |(smtp, letters, buffer): &mut (Smtp, Letters, Vec<u8>)| {
        let to = address(next.fetch_add(1, Ordering::Relaxed));
        letters.write(&to, buffer);
        Ok((smtp.send(&to, buffer)?, 1))
    };
    load::run(
        task.connections,
        task.duration,
        begin,
        step,
        |(smtp, _, _)| smtp.quit(),
    )
}

fn wait_until_delivered(system: &dyn System) -> Result<()> {
    let started = Instant::now();
    while system.has_waiting()? {
        ensure!(
            started.elapsed() < PATIENCE,
            "mail does not get into the mailboxes"
        );
        thread::sleep(LOOK_AGAIN);
    }
    Ok(())
}

/// The messages in all mailboxes, as IMAP tells.
pub fn messages(system: &dyn System) -> Result<u64> {
    let mut sum = 0;
    for account in 0..ACCOUNTS {
        let mut imap = Imap::connect(system.address(143), &address(account), PASSWORD)?;
        sum += imap.messages("INBOX")?;
        imap.logout()?;
    }
    Ok(sum)
}

/// A size for people.
pub fn kib(bytes: usize) -> String {
    format!("{} KiB", bytes / 1024)
}

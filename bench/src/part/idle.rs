//! Memory of sessions that only wait, which is what most sessions of a mail host do.

use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::client::imap::Imap;
use crate::client::line::Trust;
use crate::processes;
use crate::report::Report;
use crate::system::{ACCOUNTS, PASSWORD, System, address};

/// How long the sessions wait before memory is read: buffers are released, not at once.
const SETTLE: Duration = Duration::from_secs(3);

/// Opens so many sessions over TLS, each in IDLE in its INBOX, and closes them again.
pub fn measure(
    system: &dyn System,
    trust: &Trust,
    sessions: usize,
    report: &mut Report,
) -> Result<()> {
    let process = system.process().context("the system does not run")?;
    let before = processes::memory(process)?;
    let mut waiting = Vec::with_capacity(sessions);
    for session in 0..sessions {
        let user = address(session % ACCOUNTS);
        let mut imap = Imap::connect_tls(system.address(993), trust, &user, PASSWORD)
            .with_context(|| format!("session {session}"))?;
        imap.command("SELECT INBOX")?;
        imap.idle()?;
        waiting.push(imap);
    }
    thread::sleep(SETTLE);
    let during = processes::memory(process)?;
    drop(waiting);
    let each = during.pss_kib.saturating_sub(before.pss_kib) as f64 / sessions.max(1) as f64;
    let what = format!("each of {sessions} idle TLS sessions (Pss)");
    report.record("Memory", &what, "KiB", system.name(), each);
    let all = during.pss_kib as f64 / 1024.0;
    report.record(
        "Memory",
        "all processes with these sessions (Pss)",
        "MiB",
        system.name(),
        all,
    );
    Ok(())
}

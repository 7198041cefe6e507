//! Counters of one port. The server exposes them; nothing here knows a metrics library.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Live counters; read with [`Metrics::snapshot`].
#[derive(Debug, Default)]
pub struct Metrics {
    pub(crate) sessions: Counter,
    pub(crate) commands: Counter,
    pub(crate) bad_commands: Counter,
    pub(crate) messages: Counter,
    pub(crate) refused_messages: Counter,
    pub(crate) refused_recipients: Counter,
    pub(crate) bare_newlines: Counter,
    pub(crate) out_of_memory: Counter,
    pub(crate) signed_in: Counter,
    pub(crate) failed_sign_ins: Counter,
    pub(crate) timeouts: Counter,
    pub(crate) cut_off: Counter,
    pub(crate) revoked: Counter,
}

/// The counters at one moment. All only grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// Sessions begun.
    pub sessions: u64,
    /// Lines taken as commands.
    pub commands: u64,
    /// Lines that were no commands, or commands out of place.
    pub bad_commands: u64,
    /// Messages accepted.
    pub messages: u64,
    /// Messages refused after they were read, for good or for now.
    pub refused_messages: u64,
    /// Recipients refused, for good or for now.
    pub refused_recipients: u64,
    /// Messages refused for a bare CR or LF.
    pub bare_newlines: u64,
    /// Messages refused because the memory budget was used up.
    pub out_of_memory: u64,
    /// Clients that signed in.
    pub signed_in: u64,
    /// Sign-ins that failed.
    pub failed_sign_ins: u64,
    /// Sessions ended because the client was silent or too slow.
    pub timeouts: u64,
    /// Sessions ended because the client made too many errors.
    pub cut_off: u64,
    /// Sessions ended because the account that signed in may not send any more.
    pub revoked: u64,
}

impl Metrics {
    /// The counters now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            sessions: self.sessions.now(),
            commands: self.commands.now(),
            bad_commands: self.bad_commands.now(),
            messages: self.messages.now(),
            refused_messages: self.refused_messages.now(),
            refused_recipients: self.refused_recipients.now(),
            bare_newlines: self.bare_newlines.now(),
            out_of_memory: self.out_of_memory.now(),
            signed_in: self.signed_in.now(),
            failed_sign_ins: self.failed_sign_ins.now(),
            timeouts: self.timeouts.now(),
            cut_off: self.cut_off.now(),
            revoked: self.revoked.now(),
        }
    }
}

/// One counter.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn count(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    pub(crate) fn now(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

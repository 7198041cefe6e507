//! Counters of IMAP. The server exposes them.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use hikyaku_imap_proto::Condition;

/// What happened since the start.
#[derive(Debug, Default)]
pub struct ImapMetrics {
    sign_ins: AtomicU64,
    failed_sign_ins: AtomicU64,
    commands_ok: AtomicU64,
    commands_no: AtomicU64,
    commands_bad: AtomicU64,
    fetched: AtomicU64,
    fetched_octets: AtomicU64,
    appended: AtomicU64,
    appended_octets: AtomicU64,
    idles: AtomicU64,
    idling: AtomicU64,
    searches_given_up: AtomicU64,
}

/// The counters at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImapSnapshot {
    /// Sessions that signed in.
    pub sign_ins: u64,
    /// Sign-ins refused because of name, password or policy.
    pub failed_sign_ins: u64,
    /// Commands answered with OK.
    pub commands_ok: u64,
    /// Commands answered with NO.
    pub commands_no: u64,
    /// Commands answered with BAD.
    pub commands_bad: u64,
    /// Messages of which contents were sent.
    pub fetched: u64,
    /// Octets of these contents.
    pub fetched_octets: u64,
    /// Messages appended.
    pub appended: u64,
    /// Octets of these messages.
    pub appended_octets: u64,
    /// IDLE commands.
    pub idles: u64,
    /// Sessions in IDLE now.
    pub idling: u64,
    /// Searches whose client went away before the answer.
    pub searches_given_up: u64,
}

impl ImapMetrics {
    /// The counters now.
    pub fn snapshot(&self) -> ImapSnapshot {
        ImapSnapshot {
            sign_ins: self.sign_ins.load(Relaxed),
            failed_sign_ins: self.failed_sign_ins.load(Relaxed),
            commands_ok: self.commands_ok.load(Relaxed),
            commands_no: self.commands_no.load(Relaxed),
            commands_bad: self.commands_bad.load(Relaxed),
            fetched: self.fetched.load(Relaxed),
            fetched_octets: self.fetched_octets.load(Relaxed),
            appended: self.appended.load(Relaxed),
            appended_octets: self.appended_octets.load(Relaxed),
            idles: self.idles.load(Relaxed),
            idling: self.idling.load(Relaxed),
            searches_given_up: self.searches_given_up.load(Relaxed),
        }
    }

    pub(crate) fn signed_in(&self) {
        self.sign_ins.fetch_add(1, Relaxed);
    }

    pub(crate) fn refused(&self) {
        self.failed_sign_ins.fetch_add(1, Relaxed);
    }

    pub(crate) fn answered(&self, condition: Condition) {
        let counter = match condition {
            Condition::Ok => &self.commands_ok,
            Condition::No => &self.commands_no,
            Condition::Bad | Condition::Bye => &self.commands_bad,
        };
        counter.fetch_add(1, Relaxed);
    }

    pub(crate) fn fetched(&self, octets: u64) {
        self.fetched.fetch_add(1, Relaxed);
        self.fetched_octets.fetch_add(octets, Relaxed);
    }

    pub(crate) fn appended(&self, octets: u64) {
        self.appended.fetch_add(1, Relaxed);
        self.appended_octets.fetch_add(octets, Relaxed);
    }

    /// Counts an IDLE until the guard is dropped.
    pub(crate) fn idle(&self) -> Idling<'_> {
        self.idles.fetch_add(1, Relaxed);
        self.idling.fetch_add(1, Relaxed);
        Idling(self)
    }

    pub(crate) fn gave_up_search(&self) {
        self.searches_given_up.fetch_add(1, Relaxed);
    }
}

/// A session in IDLE.
#[derive(Debug)]
pub(crate) struct Idling<'a>(&'a ImapMetrics);

impl Drop for Idling<'_> {
    fn drop(&mut self) {
        self.0.idling.fetch_sub(1, Relaxed);
    }
}

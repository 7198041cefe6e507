//! Counters of one listener. The server exposes them; nothing here knows a metrics library.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::Refusal;

/// What happened at one listener since the start. All counters only grow, except `open`.
#[derive(Debug, Default)]
pub struct NetMetrics {
    accepted: AtomicU64,
    open: AtomicU64,
    refused: [AtomicU64; Refusal::ALL.len()],
    tls_handshakes: AtomicU64,
    tls_failures: AtomicU64,
    accept_errors: AtomicU64,
    panics: AtomicU64,
    aborted: AtomicU64,
}

/// The counters at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NetSnapshot {
    /// Connections admitted.
    pub accepted: u64,
    /// Connections open now.
    pub open: u64,
    /// Connections turned away, in the order of [`Refusal::ALL`].
    pub refused: [u64; Refusal::ALL.len()],
    /// TLS handshakes completed, at the start of a connection or by an upgrade.
    pub tls_handshakes: u64,
    /// TLS handshakes that failed or took too long.
    pub tls_failures: u64,
    /// Errors of the accept call itself.
    pub accept_errors: u64,
    /// Sessions that ended by a panic.
    pub panics: u64,
    /// Sessions ended by force when the grace time of a drain was over.
    pub aborted: u64,
}

impl NetSnapshot {
    /// How many clients were turned away for this reason.
    pub fn refused_for(&self, refusal: Refusal) -> u64 {
        let position = position(refusal);
        self.refused.get(position).copied().unwrap_or(0)
    }
}

impl NetMetrics {
    /// The counters now.
    pub fn snapshot(&self) -> NetSnapshot {
        NetSnapshot {
            accepted: self.accepted.load(Relaxed),
            open: self.open.load(Relaxed),
            refused: std::array::from_fn(|i| self.refused.get(i).map_or(0, |n| n.load(Relaxed))),
            tls_handshakes: self.tls_handshakes.load(Relaxed),
            tls_failures: self.tls_failures.load(Relaxed),
            accept_errors: self.accept_errors.load(Relaxed),
            panics: self.panics.load(Relaxed),
            aborted: self.aborted.load(Relaxed),
        }
    }

    pub(crate) fn opened(&self) {
        self.accepted.fetch_add(1, Relaxed);
        self.open.fetch_add(1, Relaxed);
    }

    pub(crate) fn closed(&self) {
        self.open.fetch_sub(1, Relaxed);
    }

    pub(crate) fn refused(&self, refusal: Refusal) {
        if let Some(counter) = self.refused.get(position(refusal)) {
            counter.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn tls_succeeded(&self) {
        self.tls_handshakes.fetch_add(1, Relaxed);
    }

    pub(crate) fn tls_failed(&self) {
        self.tls_failures.fetch_add(1, Relaxed);
    }

    pub(crate) fn accept_failed(&self) {
        self.accept_errors.fetch_add(1, Relaxed);
    }

    pub(crate) fn panicked(&self) {
        self.panics.fetch_add(1, Relaxed);
    }

    pub(crate) fn was_aborted(&self) {
        self.aborted.fetch_add(1, Relaxed);
    }
}

const fn position(refusal: Refusal) -> usize {
    match refusal {
        Refusal::TooMany => 0,
        Refusal::TooManyFromClient => 1,
        Refusal::TooFast => 2,
        Refusal::NoDescriptors => 3,
        Refusal::Draining => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_its_own_counter() {
        let metrics = NetMetrics::default();
        for (index, refusal) in Refusal::ALL.into_iter().enumerate() {
            for _ in 0..=index {
                metrics.refused(refusal);
            }
        }
        assert_eq!(metrics.snapshot().refused, [1, 2, 3, 4, 5]);
        assert_eq!(metrics.snapshot().refused_for(Refusal::TooFast), 3);
    }
}

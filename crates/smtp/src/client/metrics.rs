//! Counters of the client.

use crate::metrics::Counter;

/// Live counters; read with [`ClientMetrics::snapshot`].
#[derive(Debug, Default)]
pub struct ClientMetrics {
    pub(super) connections: Counter,
    pub(super) failed_connections: Counter,
    pub(super) reused: Counter,
    pub(super) encrypted: Counter,
    pub(super) broken_tls: Counter,
    pub(super) failed_sign_ins: Counter,
    pub(super) messages: Counter,
    pub(super) sent: Counter,
    pub(super) deferred: Counter,
    pub(super) refused: Counter,
    pub(super) lost_replies: Counter,
}

/// The counters at one moment. All only grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClientSnapshot {
    /// Connections made.
    pub connections: u64,
    /// Connections that could not be made, or ended before a message could be offered.
    pub failed_connections: u64,
    /// Attempts that began on a connection kept from an earlier one.
    pub reused: u64,
    /// Connections that were encrypted.
    pub encrypted: u64,
    /// Handshakes that failed; without an obligation to encrypt, plain text followed.
    pub broken_tls: u64,
    /// Sign-ins that the smart host refused.
    pub failed_sign_ins: u64,
    /// Messages that another host took.
    pub messages: u64,
    /// Recipients whom another host took.
    pub sent: u64,
    /// Recipients to be tried again.
    pub deferred: u64,
    /// Recipients refused for good.
    pub refused: u64,
    /// Messages whose final reply was lost: they may arrive twice.
    pub lost_replies: u64,
}

impl ClientMetrics {
    /// The counters now.
    pub fn snapshot(&self) -> ClientSnapshot {
        ClientSnapshot {
            connections: self.connections.now(),
            failed_connections: self.failed_connections.now(),
            reused: self.reused.now(),
            encrypted: self.encrypted.now(),
            broken_tls: self.broken_tls.now(),
            failed_sign_ins: self.failed_sign_ins.now(),
            messages: self.messages.now(),
            sent: self.sent.now(),
            deferred: self.deferred.now(),
            refused: self.refused.now(),
            lost_replies: self.lost_replies.now(),
        }
    }
}

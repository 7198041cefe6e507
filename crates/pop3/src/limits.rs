//! Every limit of a session, with its reason.

use std::time::Duration;

/// Octets of a command line, CRLF included, once signed in (RFC 2449 §4).
pub(crate) const MAX_COMMAND_OCTETS: usize = 255;

/// Octets of a line before that: a base64 response of SASL, with the command around it, is longer
/// than a command may otherwise be (RFC 5034 §4), and so is a long pass phrase.
pub(crate) const MAX_SIGN_IN_OCTETS: usize = hikyaku_sasl::MAX_RESPONSE_BYTES + 64;

/// The limits that policy may change. The defaults are those of the documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Silence after which a session that has signed in ends without deleting anything
    /// (10 minutes, the least that RFC 1939 §3 allows).
    pub idle: Duration,
    /// The same before signing in (3 minutes): there is no work that could be lost, and a
    /// connection without an account is worth less than one with.
    pub idle_before_sign_in: Duration,
    /// How long the TLS handshake of STLS may take (20 seconds).
    pub handshake: Duration,
    /// Failed sign-ins after which the connection ends (5).
    pub failed_sign_ins: u32,
    /// Pause before the reply to a failed sign-in (2 seconds). The sign-in service slows down
    /// guessing across connections.
    pub failure_delay: Duration,
    /// Commands in a row that make no sense, after which the connection ends (20): this is no
    /// POP3 client.
    pub bad_commands: u32,
    /// How long a new session waits for the one before it to let go of the mailbox (1 second): a
    /// client that was cut off connects again before the server has noticed.
    pub lock_patience: Duration,
    /// Silence after which a session gives way to a new one for the same mailbox (2 minutes): the
    /// client of a connection that died unnoticed would otherwise be locked out until the end of
    /// the idle time. Nothing is deleted in the session that gives way.
    pub lock_idle: Duration,
    /// Most messages that a session shows, the oldest (1,000,000, some 24 MB).
    pub messages: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            idle: Duration::from_mins(10),
            idle_before_sign_in: Duration::from_mins(3),
            handshake: Duration::from_secs(20),
            failed_sign_ins: 5,
            failure_delay: Duration::from_secs(2),
            bad_commands: 20,
            lock_patience: Duration::from_secs(1),
            lock_idle: Duration::from_mins(2),
            messages: 1_000_000,
        }
    }
}

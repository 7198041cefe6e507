//! What a protocol offers to the gate.

use std::{borrow::Cow, future::Future};

use crate::Connection;

/// Why a connection is turned away before its session starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The server, or this listener, has as many connections as it may have.
    TooMany,
    /// This client has as many connections as it may have.
    TooManyFromClient,
    /// This client opened too many connections within a minute.
    TooFast,
    /// The process has run out of file descriptors.
    NoDescriptors,
    /// The server is stopping.
    Draining,
}

impl Refusal {
    /// All of them, in the order of [`crate::NetSnapshot::refused`].
    pub const ALL: [Self; 5] = [
        Self::TooMany,
        Self::TooManyFromClient,
        Self::TooFast,
        Self::NoDescriptors,
        Self::Draining,
    ];

    /// The label in metrics and logs.
    pub const fn label(self) -> &'static str {
        match self {
            Self::TooMany => "too_many",
            Self::TooManyFromClient => "too_many_from_client",
            Self::TooFast => "too_fast",
            Self::NoDescriptors => "no_descriptors",
            Self::Draining => "draining",
        }
    }
}

/// A protocol, as the gate sees it.
pub trait Service: Send + Sync + 'static {
    /// The complete line, with its CRLF, that tells a client why it is turned away (`421 …`,
    /// `-ERR …`, `* BYE …`). It is written only where plain text is spoken first; on a listener
    /// with implicit TLS the connection is closed without a word, because a handshake for each
    /// refused client would be the more expensive half of the attack.
    fn refusal(&self, refusal: Refusal) -> Cow<'static, str>;

    /// Runs one session to its end. The gate drops this future when the process stops and the
    /// grace time is over; a panic inside is counted and ends this session only.
    fn serve(&self, connection: Connection) -> impl Future<Output = ()> + Send;
}

//! How a connection fails, by what the session can still do about it.

use std::io;

use super::line::LineTooLong;
use crate::HandshakeError;

/// Why nothing could be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The client closed the connection where it may: no command was begun.
    #[error("the client closed the connection")]
    Closed,
    /// The client closed the connection within a line, a literal or a message.
    #[error("the connection ended within a command")]
    Truncated,
    /// The client was silent, or too slow, for longer than the caller allowed.
    #[error("the client was silent for too long")]
    TimedOut,
    /// The process stops. Only while waiting for the first octet of a line.
    #[error("the server is stopping")]
    Draining,
    /// The line was longer than allowed and has been thrown away up to its end: the session may
    /// answer and go on.
    #[error("the line is too long")]
    LineTooLong(LineTooLong),
    /// The line did not end within [`super::LineRule::MAX_DISCARDED_OCTETS`] octets: hang up.
    #[error("the line does not end")]
    EndlessLine,
    /// The line ended in LF without CR, or contained a CR without LF, under
    /// [`super::LineEnding::Strict`]. It has been consumed: the session may answer and go on.
    #[error("the line has a carriage return or line feed of its own")]
    BareLineEnd,
    /// Replies collected earlier could not be sent.
    #[error("the client does not read")]
    Output(#[source] WriteError),
    /// The transport failed.
    #[error("the connection failed")]
    Io(#[source] io::Error),
}

impl ReadError {
    /// Whether the session can answer and go on reading.
    pub const fn is_recoverable(&self) -> bool {
        matches!(self, Self::LineTooLong(_) | Self::BareLineEnd)
    }
}

/// Why output did not leave.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The client took too long to read.
    #[error("the client reads too slowly")]
    TimedOut,
    /// The transport failed.
    #[error("the connection failed")]
    Io(#[from] io::Error),
}

/// Why the upgrade to TLS did not happen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartTlsError {
    /// The client had sent octets behind the upgrade command: either it does not know the
    /// protocol, or somebody in the middle put them there (CVE-2011-0411). The session refuses
    /// the upgrade and closes. The octets are still unread plain text.
    #[error("{octets} octets of plain text were sent behind the upgrade command")]
    Injected {
        /// How many there are.
        octets: usize,
    },
    /// TLS is on already, or none is configured here.
    #[error("no TLS upgrade is on offer")]
    NotOffered,
    /// The "go ahead" reply could not be sent.
    #[error("the client does not read")]
    Output(#[from] WriteError),
    /// The handshake failed. The connection is of no further use.
    #[error("the TLS handshake failed")]
    Handshake(#[from] HandshakeError),
}

/// Why compression did not begin. The connection goes on as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompressError {
    /// It is on already.
    #[error("the connection is compressed already")]
    Active,
    /// The client had sent octets before it could know that compression begins. They are still
    /// unread.
    #[error("{octets} octets were sent before compression began")]
    Early {
        /// How many there are.
        octets: usize,
    },
    /// The reply that announces it could not be sent.
    #[error("the client does not read")]
    Output(#[from] WriteError),
}

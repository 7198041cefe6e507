//! How sessions end, and what the client hears last.

use std::fmt;

use hikyaku_net::{ReadError, WriteError};
use hikyaku_smtp_proto::{Reply, reply::table};

use super::Session;

/// Why a session is over.
#[derive(Debug)]
pub(crate) enum Ending {
    /// QUIT; the reply is written.
    Quit,
    /// The client cannot be read from any more.
    Read(ReadError),
    /// The client cannot be written to any more.
    Write(WriteError),
    /// This reply is the last word.
    Refused(Reply),
    /// TLS did not come about; the connection is of no use.
    Tls,
    /// The account that signed in may not send any more.
    Revoked,
}

impl From<ReadError> for Ending {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Output(error) => Self::Write(error),
            other => Self::Read(other),
        }
    }
}

impl Ending {
    /// Says the last word, if the client can hear it, and closes.
    pub(super) async fn conclude(self, mut session: Session) {
        let last = match self {
            Self::Quit => None,
            Self::Refused(reply) => Some(reply),
            Self::Revoked => {
                session.shared.metrics.revoked.count();
                Some(table::revoked())
            }
            Self::Read(ReadError::Draining) => Some(table::shutting_down()),
            Self::Read(ReadError::TimedOut) => {
                session.shared.metrics.timeouts.count();
                Some(table::timeout())
            }
            Self::Read(ReadError::EndlessLine) => Some(table::too_many_errors()),
            Self::Read(_) | Self::Write(_) | Self::Tls => return,
        };
        let closed = match last {
            None => session.connection.close().await,
            Some(reply) => match session.say(&reply).await {
                Ok(()) => session.connection.close_lingering().await,
                Err(_) => return,
            },
        };
        // The client has gone without hearing it; nothing is lost that was promised.
        drop(closed);
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quit => f.write_str("the client quit"),
            Self::Read(error) => error.fmt(f),
            Self::Write(error) => error.fmt(f),
            Self::Refused(reply) => {
                write!(
                    f,
                    "refused with {}: {}",
                    reply.code(),
                    reply.lines().next().unwrap_or("")
                )
            }
            Self::Tls => f.write_str("the TLS handshake failed"),
            Self::Revoked => f.write_str("the sign-in does not hold any more"),
        }
    }
}

//! What ends a run, or an attempt.

use std::io;

use hikyaku_db::DbError;
use hikyaku_imap_proto::client::ReadError;
use hikyaku_mailstore::MailError;
use hikyaku_net::{HandshakeError, TlsClientError};

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CollectError {
    /// The host has no address, or nobody answers there.
    #[error("cannot connect to {host}")]
    Connect {
        /// Which host.
        host: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The source said nothing for too long.
    #[error("the server did not answer in {seconds} s")]
    Silent {
        /// How long it was given.
        seconds: u64,
    },
    /// The connection ended.
    #[error("the connection was lost")]
    Lost(#[source] Option<io::Error>),
    /// The source ended the session.
    #[error("the server ended the session: {0}")]
    Bye(String),
    /// The source says that it cannot do it at present.
    #[error("the server cannot do it at present: {0}")]
    Busy(String),
    /// There is nobody to believe in matters of TLS.
    #[error("cannot set up TLS")]
    TlsSetup(#[from] TlsClientError),
    /// The source did not prove who it is, or speaks no TLS of ours.
    #[error("no TLS connection with {host}")]
    Tls {
        /// Which host.
        host: String,
        /// Why.
        #[source]
        source: HandshakeError,
    },
    /// The source offers no TLS on this port.
    #[error(
        "the server offers no TLS on this port; use the port with TLS (imaps://, pops://), or allow \
         a plain connection, on which everybody between can read the password and the mail"
    )]
    NoTls,
    /// Something was said before TLS that seems to come after it (CVE-2021-33515 and its kin).
    #[error("the server said something between STARTTLS and TLS: somebody may be tampering")]
    Injected,
    /// This is another kind of server.
    #[error("the server does not speak {protocol}: it said \"{said}\"")]
    NotAServer {
        /// What was expected.
        protocol: &'static str,
        /// How it began.
        said: String,
    },
    /// The source does not let us in.
    #[error("the server refuses the sign-in: {0}")]
    SignIn(String),
    /// No way to sign in that both sides know.
    #[error("the server offers no way to sign in with {with}; it has: {offered}")]
    NoMechanism {
        /// A password or a token.
        with: &'static str,
        /// What it offers.
        offered: String,
    },
    /// The source refuses a command.
    #[error("the server refuses {command}: {said}")]
    Refused {
        /// Which command.
        command: &'static str,
        /// Its words.
        said: String,
    },
    /// The source says things that the protocol does not know.
    #[error("the server does not keep to the protocol: {0}")]
    Protocol(&'static str),
    /// The source says more than there is room for.
    #[error("the server says too much")]
    TooMuch(#[from] ReadError),
    /// More than is handled.
    #[error("more than {limit} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A folder changed its numbers while it was read.
    #[error("the folder was renumbered while it was read")]
    Renumbered,
    /// The mail store failed.
    #[error("the mail store failed")]
    Mail(#[from] MailError),
    /// The database failed.
    #[error("the database failed")]
    Db(#[from] DbError),
}

impl CollectError {
    /// Whether the same may work in a moment: a matter of the network or of load.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Connect { .. }
            | Self::Silent { .. }
            | Self::Lost(_)
            | Self::Bye(_)
            | Self::Busy(_)
            | Self::Protocol(_)
            | Self::TooMuch(_) => true,
            Self::Tls { source, .. } => match source {
                HandshakeError::TimedOut => true,
                HandshakeError::Failed(error) => error.kind() != io::ErrorKind::InvalidData,
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether it concerns this folder only, and the others can still be read.
    pub(crate) fn is_of_folder(&self) -> bool {
        matches!(
            self,
            Self::Refused { .. } | Self::TooMany { .. } | Self::Renumbered
        )
    }
}

/// Characters of what a server said that are passed on (300): enough for its reason.
const SAID_MAX: usize = 300;

/// What a server said, for people: without control characters, and not without end.
pub(crate) fn clean(said: &str) -> String {
    let shown = said.chars().take(SAID_MAX);
    shown
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

/// An error with its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    clean(&text)
}

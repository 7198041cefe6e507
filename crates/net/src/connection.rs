//! The one type a session talks through.
//!
//! Reading and writing share one object, because a session is one sequence of commands and
//! replies. Replies are collected and leave when the session has nothing more to read: every read
//! that has to wait flushes first. So pipelined commands are answered in few packets, and no
//! session can forget to flush.
//!
//! Cancellation: [`Connection::read_line`], [`Connection::fill`] and [`Connection::flush`] may be
//! dropped at any time (in a `select!`) and called again; nothing is lost. The other
//! asynchronous methods may not.

mod compress;
mod deflated;
mod error;
mod input;
mod line;
mod output;
mod read;
mod rewound;
mod upgrade;
mod write;

#[cfg(test)]
mod tests;

use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};

use hikyaku_types::SessionId;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

pub use self::{
    deflated::COMPRESSOR_REST,
    error::{CompressError, ReadError, StartTlsError, WriteError},
    input::INPUT_STEP,
    line::{LineEnding, LineRule, LineTooLong},
    output::{MAX_OUTPUT_OCTETS, MAX_PIECE_OCTETS},
    write::{LINGER_TIMEOUT, MAX_LINGER_OCTETS},
};
use self::{input::Input, output::Output};
use crate::{NetMetrics, Peer, TlsInfo, TlsServer, Zone, session_id};

/// How long one piece of output ([`MAX_PIECE_OCTETS`] octets at most) may take to leave. Default of
/// [`ConnectionOptions::write_timeout`]: two minutes, long enough for a mobile client that lost
/// its network for a moment, short enough that a client that reads nothing does not hold a
/// message in memory.
pub const WRITE_TIMEOUT: Duration = Duration::from_mins(2);

/// What a connection runs on: a socket, TLS over it, or one half of an in-memory pipe.
pub trait Transport: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Transport for T {}

/// What a connection has besides its transport.
#[derive(Debug, Clone)]
pub struct ConnectionOptions {
    /// The other end.
    pub peer: Peer,
    /// Our own end, where it has an address.
    pub local: Option<SocketAddr>,
    /// What an upgrade to TLS would use; `None` when this connection offers none.
    pub upgrade: Option<TlsServer>,
    /// Cancelled when the process stops: sessions that wait for a command then get
    /// [`ReadError::Draining`].
    pub drain: CancellationToken,
    /// See [`WRITE_TIMEOUT`].
    pub write_timeout: Duration,
    /// Where TLS upgrades are counted.
    pub metrics: Arc<NetMetrics>,
}

impl ConnectionOptions {
    /// A connection to `peer` without TLS upgrade, with its own drain token and counters.
    pub fn new(peer: Peer) -> Self {
        Self {
            peer,
            local: None,
            upgrade: None,
            drain: CancellationToken::new(),
            write_timeout: WRITE_TIMEOUT,
            metrics: Arc::default(),
        }
    }
}

/// A client's connection: plain or TLS, with buffers and deadlines.
pub struct Connection {
    transport: Box<dyn Transport>,
    input: Input,
    output: Output,
    tls: Option<TlsInfo>,
    compressed: bool,
    id: SessionId,
    options: ConnectionOptions,
}

impl Connection {
    /// A connection over any transport, in plain text. Tests give one end of
    /// [`tokio::io::duplex`].
    pub fn new(transport: impl Transport + 'static, options: ConnectionOptions) -> Self {
        Self::with_tls(Box::new(transport), None, options)
    }

    /// A connection whose transport is TLS already.
    pub fn secured(
        transport: impl Transport + 'static,
        tls: TlsInfo,
        options: ConnectionOptions,
    ) -> Self {
        Self::with_tls(Box::new(transport), Some(tls), options)
    }

    pub(crate) fn with_tls(
        transport: Box<dyn Transport>,
        tls: Option<TlsInfo>,
        options: ConnectionOptions,
    ) -> Self {
        Self {
            transport,
            input: Input::default(),
            output: Output::default(),
            tls,
            compressed: false,
            id: session_id::next(),
            options,
        }
    }

    /// The name of this session in logs and traces.
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// The other end.
    pub fn peer(&self) -> Peer {
        self.options.peer
    }

    /// Our own address, where there is one.
    pub fn local(&self) -> Option<SocketAddr> {
        self.options.local
    }

    /// Where the client stands.
    pub fn zone(&self) -> Zone {
        self.options.peer.zone
    }

    /// What was negotiated, when the connection is encrypted.
    pub fn tls(&self) -> Option<&TlsInfo> {
        self.tls.as_ref()
    }

    /// Whether an upgrade to TLS may be announced: one is configured and TLS is not on yet.
    pub fn offers_tls(&self) -> bool {
        self.tls.is_none() && self.options.upgrade.is_some()
    }

    /// Whether passwords may be sent on this connection as it is now: it is encrypted, or the
    /// client is in the closed zone.
    pub fn allows_plain_passwords(&self) -> bool {
        self.tls.is_some() || self.zone() == Zone::Closed
    }

    /// Whether the process is stopping: sessions should end at the next opportunity.
    pub fn is_draining(&self) -> bool {
        self.options.drain.is_cancelled()
    }

    /// The token behind [`Connection::is_draining`], for sessions that wait for something else
    /// than the client.
    pub fn drain_token(&self) -> &CancellationToken {
        &self.options.drain
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("id", &self.id)
            .field("peer", &self.options.peer)
            .field("tls", &self.tls)
            .field("input_octets", &self.input.len())
            .field("output_octets", &self.output.len())
            .finish_non_exhaustive()
    }
}

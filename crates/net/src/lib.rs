//! The front of the house: listeners, TLS, zones, and connections with limits on everything.
//!
//! Nothing here knows a protocol. A third-floor crate implements [`Service`]; [`Gate`] admits
//! clients within the [`GateLimits`], runs one task per connection and ends them in an orderly
//! way; a [`Connection`] is the one type a session talks through, whether the other end is a TCP
//! socket, TLS, a Unix socket or an in-memory pipe of a test.
//!
//! Invariants:
//! - every wait for a client has a deadline, every buffer a limit;
//! - what a client sent in plain text never reaches the session after the upgrade to TLS
//!   (CVE-2011-0411 and its kin): [`Connection::start_tls`] refuses when such octets exist;
//! - a panic ends one session, running out of file descriptors none;
//! - buffers exist only while there is something in them, so an idle session costs little.
#![deny(missing_docs, clippy::indexing_slicing, clippy::unwrap_used)]

mod connection;
mod descriptors;
mod gate;
mod listener;
mod metrics;
mod service;
mod session_id;
mod throttle;
mod tls;
mod zone;

pub use connection::{
    COMPRESSOR_REST, CompressError, Connection, ConnectionOptions, INPUT_STEP, LINGER_TIMEOUT,
    LineEnding, LineRule, LineTooLong, MAX_LINGER_OCTETS, MAX_OUTPUT_OCTETS, MAX_PIECE_OCTETS,
    ReadError, StartTlsError, Transport, WRITE_TIMEOUT, WriteError,
};
pub use descriptors::raise_file_limit;
pub use gate::{DrainReport, Gate, GateLimits, GateOptions};
pub use hikyaku_types::{Network, NetworkError, canonical_ip};
pub use listener::{Bind, BindError, Listener, ListenerOptions, TlsMode};
pub use metrics::{NetMetrics, NetSnapshot};
pub use service::{Refusal, Service};
pub use throttle::{ClientKey, RateLimit, RateLimiter};
pub use tls::{
    Authorities, CertificateFacts, CertificateFiles, EXPIRY_WARNING, HandshakeError,
    MAX_HANDSHAKES, MAX_PEM_OCTETS, SELF_SIGNED_DAYS, SelfSigned, TlsClient, TlsClientError,
    TlsError, TlsInfo, TlsServer, TlsWarning, self_signed,
};
pub use zone::{ClosedZone, Peer, PeerAddress, Zone};

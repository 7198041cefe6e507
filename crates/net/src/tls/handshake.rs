//! The server's side of a TLS handshake, within limits.

use std::{io, sync::Arc, time::Duration};

use rustls::{HandshakeKind, ServerConfig, server::Acceptor};
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout_at},
};
use tokio_rustls::{LazyConfigAcceptor, server::TlsStream};

use crate::Transport;

/// What was negotiated.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsInfo {
    /// `TLSv1.3`, `TLSv1.2`.
    pub version: &'static str,
    /// The cipher suite's IANA name.
    pub cipher: &'static str,
    /// The host name the client asked for (SNI).
    pub server_name: Option<String>,
    /// The application protocol agreed on (ALPN).
    pub alpn: Option<Vec<u8>>,
    /// An earlier session was resumed.
    pub resumed: bool,
}

/// Why a handshake came to nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// It was not complete in time.
    #[error("the TLS handshake took too long")]
    TimedOut,
    /// The client spoke no TLS, no version or cipher of ours, or went away.
    #[error("the TLS handshake failed")]
    Failed(#[source] io::Error),
}

/// Performs a handshake. The client's first message is awaited without holding one of the
/// `slots`, so silent connections do not keep talking ones from their handshake.
pub(super) async fn accept(
    transport: Box<dyn Transport>,
    config: Arc<ServerConfig>,
    slots: &Semaphore,
    timeout: Duration,
) -> Result<(Box<dyn Transport>, TlsInfo), HandshakeError> {
    let deadline = Instant::now() + timeout;
    let handshake = async {
        let start = LazyConfigAcceptor::new(Acceptor::default(), transport).await?;
        let _slot = slots.acquire().await.map_err(io::Error::other)?;
        start.into_stream(config).await
    };
    match timeout_at(deadline, handshake).await {
        Ok(Ok(stream)) => {
            let info = describe(&stream);
            Ok((Box::new(stream), info))
        }
        Ok(Err(error)) => Err(HandshakeError::Failed(error)),
        Err(_) => Err(HandshakeError::TimedOut),
    }
}

fn describe(stream: &TlsStream<Box<dyn Transport>>) -> TlsInfo {
    let (_, session) = stream.get_ref();
    TlsInfo {
        version: match session.protocol_version() {
            Some(rustls::ProtocolVersion::TLSv1_3) => "TLSv1.3",
            Some(rustls::ProtocolVersion::TLSv1_2) => "TLSv1.2",
            _ => "TLS",
        },
        cipher: session
            .negotiated_cipher_suite()
            .and_then(|suite| suite.suite().as_str())
            .unwrap_or("unknown"),
        server_name: session.server_name().map(str::to_owned),
        alpn: session.alpn_protocol().map(<[u8]>::to_vec),
        resumed: session.handshake_kind() == Some(HandshakeKind::Resumed),
    }
}

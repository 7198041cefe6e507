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
    /// The host name that was asked for (SNI).
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
    /// The other side spoke no TLS, no version or cipher of ours, could not prove its name where
    /// it had to, or went away.
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
        version: version_name(session.protocol_version()),
        cipher: session
            .negotiated_cipher_suite()
            .and_then(|suite| suite.suite().as_str())
            .unwrap_or("unknown"),
        server_name: session.server_name().map(str::to_owned),
        alpn: session.alpn_protocol().map(<[u8]>::to_vec),
        resumed: session.handshake_kind() == Some(HandshakeKind::Resumed),
    }
}

/// The version as logs and traces name it.
pub(super) fn version_name(version: Option<rustls::ProtocolVersion>) -> &'static str {
    match version {
        Some(rustls::ProtocolVersion::TLSv1_3) => "TLSv1.3",
        Some(rustls::ProtocolVersion::TLSv1_2) => "TLSv1.2",
        _ => "TLS",
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use hikyaku_types::Timestamp;
    use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
    use rustls_pki_types::{PrivateKeyDer, ServerName, pem::PemObject as _};
    use tokio::io::{DuplexStream, duplex};
    use tokio_rustls::TlsConnector;

    use super::*;

    const HOST: &str = "mail.example.test";
    const SECOND: Duration = Duration::from_secs(1);
    const HOUR: Duration = Duration::from_hours(1);

    fn configs() -> (Arc<ServerConfig>, TlsConnector) {
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let now = Timestamp::from_seconds(i64::try_from(now).unwrap());
        let signed = crate::self_signed(&[HOST.to_owned()], now).unwrap();
        let certificate = signed.certificate_der().clone();
        let key = PrivateKeyDer::from_pem_slice(signed.key_pem.as_bytes()).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(certificate).unwrap();
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        (Arc::new(server), TlsConnector::from(Arc::new(client)))
    }

    fn pipe() -> (DuplexStream, Box<dyn Transport>) {
        let (client, server) = duplex(16 * 1024);
        (client, Box::new(server))
    }

    #[tokio::test(start_paused = true)]
    async fn handshakes_wait_for_a_slot_and_silent_clients_take_none() {
        let (config, connector) = configs();
        let slots = Semaphore::new(1);
        let accepting = |server, timeout| accept(server, Arc::clone(&config), &slots, timeout);
        let connecting = |client| connector.connect(ServerName::try_from(HOST).unwrap(), client);

        // One that says nothing, and one that begins and stalls: the only slot is taken.
        let (_silent, silent_server) = pipe();
        let mut silent = pin!(accepting(silent_server, HOUR));
        let (client, server) = pipe();
        let mut stalled = pin!(accepting(server, HOUR));
        let mut stalled_client = pin!(connecting(client));
        let (client, server) = pipe();
        let mut waiting = pin!(accepting(server, SECOND));
        let mut waiting_client = pin!(connecting(client));
        tokio::select! {
            biased;
            _ = &mut stalled_client => unreachable!("nobody answers yet"),
            () = tokio::task::yield_now() => {}
        }
        tokio::select! {
            biased;
            _ = &mut silent => unreachable!("nothing was said"),
            _ = &mut stalled => unreachable!("the client is not asked again"),
            _ = &mut waiting_client => unreachable!("there is no slot"),
            result = &mut waiting => {
                assert!(matches!(result, Err(HandshakeError::TimedOut)));
            }
        }

        let (server, client) = tokio::join!(stalled, stalled_client);
        let (_, info) = server.unwrap();
        assert_eq!(info.version, "TLSv1.3");
        assert_eq!(info.server_name.as_deref(), Some(HOST));
        client.unwrap();
    }
}

//! Clients of the line service, plain and TLS.

use std::{net::SocketAddr, sync::Arc};

use hikyaku_net::{SelfSigned, self_signed};
use hikyaku_types::Timestamp;
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use rustls_pki_types::ServerName;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::echo::PATIENCE;

/// Connects in plain text.
pub(crate) async fn connect(address: SocketAddr) -> Client<TcpStream> {
    Client::new(TcpStream::connect(address).await.unwrap())
}

/// A client of lines.
pub(crate) struct Client<S> {
    stream: BufReader<S>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self {
            stream: BufReader::new(stream),
        }
    }

    /// The next line, empty when the server has closed.
    pub(crate) async fn line(&mut self) -> String {
        let mut line = String::new();
        let reading = tokio::time::timeout(PATIENCE, self.stream.read_line(&mut line)).await;
        match reading.expect("no line came in time") {
            Ok(_) => line.trim_end().to_owned(),
            Err(_) => String::new(),
        }
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    pub(crate) async fn ask(&mut self, line: &str) -> String {
        self.send(&format!("{line}\r\n")).await;
        self.line().await
    }

    pub(crate) fn into_inner(self) -> S {
        self.stream.into_inner()
    }
}

/// A certificate for `host`.
pub(crate) fn certificate(host: &str) -> SelfSigned {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let now = Timestamp(i64::try_from(now.as_millis()).unwrap());
    self_signed(&[host.to_owned()], now).unwrap()
}

/// A client configuration that trusts just these certificates.
pub(crate) fn trusting(certificates: &[&SelfSigned]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots.add(certificate.certificate_der().clone()).unwrap();
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

/// Performs the client's side of a handshake.
pub(crate) async fn secure(
    config: &Arc<ClientConfig>,
    host: &str,
    stream: TcpStream,
) -> std::io::Result<Client<TlsStream<TcpStream>>> {
    let name = ServerName::try_from(host.to_owned()).unwrap();
    let connector = TlsConnector::from(Arc::clone(config));
    Ok(Client::new(connector.connect(name, stream).await?))
}

//! The client's side of TLS: whom we believe, and the handshake.
//!
//! Two ways, and nothing between: [`TlsClient::verified`] ends when the other side cannot prove its
//! name; [`TlsClient::opportunistic`] takes any certificate, which keeps listeners out but not
//! impostors (RFC 7435).

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rustls::{
    ClientConfig, DigitallySignedStruct, HandshakeKind, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _};
use tokio::time::timeout;
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{HandshakeError, MAX_PEM_OCTETS, TlsInfo, handshake::version_name};
use crate::Transport;

/// Why there is nobody to believe.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsClientError {
    /// The file cannot be read, or is larger than [`MAX_PEM_OCTETS`].
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file has no PEM certificate, or a broken one.
    #[error("{} holds no usable PEM certificate", path.display())]
    Certificate {
        /// Which.
        path: PathBuf,
    },
    /// The system has no authorities, and no file names any.
    #[error("this system has no certificate authorities (install ca-certificates)")]
    NoAuthorities,
    /// The library refused the configuration.
    #[error("cannot set up TLS")]
    Setup(#[source] rustls::Error),
}

/// Whom a verified client believes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Authorities {
    /// Those that the operating system trusts.
    #[default]
    System,
    /// Those in this PEM file, and nobody else.
    File(PathBuf),
}

/// The client's side of TLS. Clones share what is remembered of earlier sessions.
#[derive(Clone)]
pub struct TlsClient {
    config: Arc<ClientConfig>,
}

impl TlsClient {
    /// A client that insists on a certificate for the name it asks for. Reads files: call it where
    /// blocking is allowed.
    pub fn verified(authorities: &Authorities) -> Result<Self, TlsClientError> {
        let mut roots = RootCertStore::empty();
        match authorities {
            Authorities::System => {
                // Some systems carry broken certificates among good ones; those are left out.
                let found = rustls_native_certs::load_native_certs();
                roots.add_parsable_certificates(found.certs);
            }
            Authorities::File(path) => add_file(&mut roots, path)?,
        }
        if roots.is_empty() {
            return Err(TlsClientError::NoAuthorities);
        }
        let config = builder()?.with_root_certificates(roots);
        Ok(Self {
            config: Arc::new(config.with_no_client_auth()),
        })
    }

    /// A client that takes any certificate (RFC 7435: some protection, most of the time).
    pub fn opportunistic() -> Result<Self, TlsClientError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = builder()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate { provider }));
        Ok(Self {
            config: Arc::new(config.with_no_client_auth()),
        })
    }

    /// Performs the client's side of a handshake with `host`, a name or an address.
    pub async fn connect(
        &self,
        transport: Box<dyn Transport>,
        host: &str,
        limit: Duration,
    ) -> Result<(Box<dyn Transport>, TlsInfo), HandshakeError> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|error| HandshakeError::Failed(io::Error::other(error)))?;
        let connector = TlsConnector::from(Arc::clone(&self.config));
        match timeout(limit, connector.connect(name, transport)).await {
            Ok(Ok(stream)) => {
                let info = describe(&stream, host);
                Ok((Box::new(stream), info))
            }
            Ok(Err(error)) => Err(HandshakeError::Failed(error)),
            Err(_) => Err(HandshakeError::TimedOut),
        }
    }
}

impl fmt::Debug for TlsClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsClient").finish_non_exhaustive()
    }
}

fn builder() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, TlsClientError> {
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(TlsClientError::Setup)
}

fn add_file(roots: &mut RootCertStore, path: &Path) -> Result<(), TlsClientError> {
    let pem = super::server::read_pem(path).map_err(|source| TlsClientError::Read {
        path: path.to_owned(),
        source: source
            .unwrap_or_else(|| io::Error::other(format!("larger than {MAX_PEM_OCTETS} bytes"))),
    })?;
    let bad = || TlsClientError::Certificate {
        path: path.to_owned(),
    };
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|_| bad())?;
        roots.add(certificate).map_err(|_| bad())?;
    }
    if roots.is_empty() { Err(bad()) } else { Ok(()) }
}

fn describe(stream: &TlsStream<Box<dyn Transport>>, host: &str) -> TlsInfo {
    let (_, session) = stream.get_ref();
    TlsInfo {
        version: version_name(session.protocol_version()),
        cipher: session
            .negotiated_cipher_suite()
            .and_then(|suite| suite.suite().as_str())
            .unwrap_or("unknown"),
        server_name: Some(host.to_owned()),
        alpn: session.alpn_protocol().map(<[u8]>::to_vec),
        resumed: session.handshake_kind() == Some(HandshakeKind::Resumed),
    }
}

/// Takes any certificate; the other side must own its key all the same.
#[derive(Debug)]
struct AnyCertificate {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use hikyaku_types::Timestamp;
    use tokio::io::duplex;

    use super::*;
    use crate::{CertificateFiles, TlsServer, self_signed};

    const HOST: &str = "mx.example.test";
    const MINUTE: Duration = Duration::from_mins(1);

    /// A server with a certificate of its own making, and the file of that certificate.
    fn server(folder: &Path) -> (TlsServer, PathBuf) {
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let now = Timestamp::from_seconds(i64::try_from(now).unwrap());
        let signed = self_signed(&[HOST.to_owned()], now).unwrap();
        let files = CertificateFiles {
            certificate: folder.join("certificate.pem"),
            key: folder.join("key.pem"),
        };
        std::fs::write(&files.certificate, signed.certificate_pem).unwrap();
        std::fs::write(&files.key, signed.key_pem).unwrap();
        let certificate = files.certificate.clone();
        (TlsServer::load(vec![files]).unwrap(), certificate)
    }

    async fn shake(
        client: &TlsClient,
        server: &TlsServer,
        host: &str,
    ) -> Result<TlsInfo, HandshakeError> {
        let (near, far) = duplex(16 * 1024);
        let (result, _) = tokio::join!(
            client.connect(Box::new(near), host, MINUTE),
            server.accept(Box::new(far), MINUTE),
        );
        result.map(|(_, info)| info)
    }

    #[tokio::test]
    async fn a_verified_client_insists_on_name_and_authority() {
        let folder = tempfile::tempdir().unwrap();
        let (server, certificate) = server(folder.path());
        let knowing = TlsClient::verified(&Authorities::File(certificate)).unwrap();
        let info = shake(&knowing, &server, HOST).await.unwrap();
        assert_eq!(info.version, "TLSv1.3");
        for wrong in ["other.example.test", "192.0.2.1", "no name"] {
            let error = shake(&knowing, &server, wrong).await.unwrap_err();
            assert!(matches!(error, HandshakeError::Failed(_)), "{wrong}");
        }
        // Believes somebody else.
        let elsewhere = tempfile::tempdir().unwrap();
        let (_, other) = self::server(elsewhere.path());
        let strange = TlsClient::verified(&Authorities::File(other)).unwrap();
        assert!(shake(&strange, &server, HOST).await.is_err());
    }

    #[tokio::test]
    async fn an_opportunistic_client_takes_any_certificate() {
        let folder = tempfile::tempdir().unwrap();
        let (server, _) = server(folder.path());
        let client = TlsClient::opportunistic().unwrap();
        for host in [HOST, "other.example.test", "192.0.2.1"] {
            shake(&client, &server, host).await.unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_does_not_answer_is_left() {
        let client = TlsClient::opportunistic().unwrap();
        let (near, _far) = duplex(16 * 1024);
        let error = client.connect(Box::new(near), HOST, MINUTE).await;
        assert!(matches!(error, Err(HandshakeError::TimedOut)));
    }

    #[test]
    fn files_without_certificates_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            TlsClient::verified(&Authorities::File(path)).unwrap_err()
        };
        for (name, text) in [("empty", ""), ("text", "no certificate")] {
            let error = file(name, text);
            assert!(
                matches!(error, TlsClientError::Certificate { .. }),
                "{name}"
            );
        }
        let error = file("large", &"x".repeat(MAX_PEM_OCTETS as usize + 1));
        assert!(matches!(error, TlsClientError::Read { .. }));
        let absent = Authorities::File(folder.path().join("absent"));
        let error = TlsClient::verified(&absent).unwrap_err();
        assert!(matches!(error, TlsClientError::Read { .. }));
    }
}

//! TLS to the server, as its URL asks for it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::OpenError;

/// Where systems keep the authorities they trust.
const SYSTEM_AUTHORITIES: [&str; 3] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
];

/// Whom to believe.
pub(super) enum Trust {
    /// Any certificate: the connection is encrypted, the server is not known.
    Anyone,
    /// The authorities in a PEM file.
    File(PathBuf),
    /// The system's authorities.
    System,
}

/// How connections are encrypted.
pub(super) enum Tls {
    Off,
    On(MakeRustlsConnect),
}

impl Tls {
    /// The connector for a kind of trust; none means no TLS.
    pub(super) fn new(trust: Option<Trust>) -> Result<Self, OpenError> {
        let Some(trust) = trust else {
            return Ok(Self::Off);
        };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(error.to_string()))?;
        let config = match trust {
            Trust::Anyone => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(AcceptAnyone(provider)))
                .with_no_client_auth(),
            Trust::File(file) => builder
                .with_root_certificates(authorities(&file)?)
                .with_no_client_auth(),
            Trust::System => {
                let found = SYSTEM_AUTHORITIES
                    .iter()
                    .map(Path::new)
                    .find(|file| file.exists());
                let file = found.ok_or_else(|| {
                    unusable("the system's authorities were not found: name sslrootcert".to_owned())
                })?;
                builder
                    .with_root_certificates(authorities(file)?)
                    .with_no_client_auth()
            }
        };
        Ok(Self::On(MakeRustlsConnect::new(config)))
    }
}

fn authorities(file: &Path) -> Result<RootCertStore, OpenError> {
    let failed = |error: rustls::pki_types::pem::Error| {
        unusable(format!("sslrootcert {}: {error}", file.display()))
    };
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(failed)? {
        // A bundle may hold authorities that are too old to be read: the others count.
        let (_added, _skipped) = store.add_parsable_certificates([certificate.map_err(failed)?]);
    }
    if store.is_empty() {
        return Err(unusable(format!(
            "sslrootcert {} holds no certificate",
            file.display()
        )));
    }
    Ok(store)
}

fn unusable(reason: String) -> OpenError {
    OpenError::Url { reason }
}

/// Accepts every certificate, as libpq does for `sslmode=require`, but still wants the server to
/// have its key.
#[derive(Debug)]
struct AcceptAnyone(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAnyone {
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
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            cert,
            dss,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            cert,
            dss,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

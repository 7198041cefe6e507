//! A certificate, the server that has it and the client that trusts it.

use std::{fs, sync::Arc, time::SystemTime};

use hikyaku_net::{CertificateFiles, TlsServer, self_signed};
use hikyaku_types::Timestamp;
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use rustls_pki_types::ServerName;
use tempfile::TempDir;
use tokio_rustls::TlsConnector;

use hikyaku_testkit::transcript::Pipe;

pub(crate) struct Certificate {
    _folder: TempDir,
    host: &'static str,
    server: TlsServer,
    connector: TlsConnector,
}

impl Certificate {
    pub(crate) fn new(host: &'static str) -> Self {
        // TLS checks dates against the system's clock, whatever the clock of the test shows.
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .expect("after 1970");
        let now = Timestamp(i64::try_from(now.as_millis()).expect("not far after 1970"));
        let signed = self_signed(&[host.to_owned()], now).expect("a certificate can be made");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let files = CertificateFiles {
            certificate: folder.path().join("host.crt"),
            key: folder.path().join("host.key"),
        };
        fs::write(&files.certificate, &signed.certificate_pem).expect("the certificate is written");
        fs::write(&files.key, &signed.key_pem).expect("the key is written");
        let server = TlsServer::load(vec![files]).expect("the certificate can be used");
        let mut roots = RootCertStore::empty();
        roots
            .add(signed.certificate_der().clone())
            .expect("the certificate can be trusted");
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider has the default versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self {
            _folder: folder,
            host,
            server,
            connector: TlsConnector::from(Arc::new(config)),
        }
    }

    pub(crate) fn server(&self) -> &TlsServer {
        &self.server
    }

    /// The client's side of a handshake.
    pub(crate) async fn connect(&self, plain: Box<dyn Pipe>) -> Result<Box<dyn Pipe>, String> {
        let name = ServerName::try_from(self.host).expect("a host name");
        let stream = self.connector.connect(name, plain).await;
        Ok(Box::new(
            stream.map_err(|error| format!("no TLS: {error}"))?,
        ))
    }
}

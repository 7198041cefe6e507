//! Certificates in use, and their reload.

use std::{
    fmt, fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use arc_swap::ArcSwap;
use hikyaku_types::Timestamp;
use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use tokio::sync::Semaphore;

use super::{CertificateFacts, HandshakeError, TlsInfo, handshake};
use crate::Transport;

/// Handshakes computed at once, in the whole process' listeners of one [`TlsServer`]. The limit
/// keeps a flood of new connections from taking all the memory; 512 is far above what two cores
/// finish within a second.
pub const MAX_HANDSHAKES: usize = 512;
/// Largest certificate or key file read: 1 MiB holds hundreds of certificates.
pub const MAX_PEM_OCTETS: u64 = 1024 * 1024;
/// How long before its end a certificate is warned about.
pub const EXPIRY_WARNING: Duration = Duration::from_hours(21 * 24);

/// Where a certificate and its key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate and its intermediates, PEM, the server's own first.
    pub certificate: PathBuf,
    /// The private key, PEM (PKCS #8, PKCS #1 or SEC 1), not encrypted.
    pub key: PathBuf,
}

/// Why certificates could not be taken into use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is larger than [`MAX_PEM_OCTETS`].
    #[error("{} is too large for a certificate or key file", path.display())]
    TooLarge {
        /// Which.
        path: PathBuf,
    },
    /// The file has no PEM certificate, or a broken one.
    #[error("{} holds no usable PEM certificate", path.display())]
    Certificate {
        /// Which.
        path: PathBuf,
    },
    /// The file has no PEM key, an encrypted or a broken one.
    #[error("{} holds no usable PEM private key (it must not be encrypted)", path.display())]
    Key {
        /// Which.
        path: PathBuf,
    },
    /// Key and certificate do not belong together, or the key is of an unknown kind.
    #[error("the key {} does not fit the certificate {}", key.display(), certificate.display())]
    Mismatch {
        /// The certificate file.
        certificate: PathBuf,
        /// The key file.
        key: PathBuf,
        /// What the library says.
        #[source]
        source: rustls::Error,
    },
    /// No certificate was given at all.
    #[error("no certificate is configured")]
    None,
    /// The library refused the configuration.
    #[error("cannot set up TLS")]
    Setup(#[source] rustls::Error),
}

/// Something about certificates an operator should know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsWarning {
    /// Every user of the machine can read the key.
    KeyIsPublic {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The certificate ends soon, or has ended.
    Expires {
        /// The certificate file.
        path: PathBuf,
        /// Its last moment.
        not_after: Timestamp,
    },
    /// The certificate is not valid yet.
    NotYetValid {
        /// The certificate file.
        path: PathBuf,
        /// Its first moment.
        not_before: Timestamp,
    },
}

impl fmt::Display for TlsWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyIsPublic { path, mode } => {
                let path = path.display();
                write!(f, "{path} can be read by every user (mode {mode:04o})")
            }
            Self::Expires { path, .. } => {
                write!(f, "{} expires soon or has expired", path.display())
            }
            Self::NotYetValid { path, .. } => write!(f, "{} is not valid yet", path.display()),
        }
    }
}

/// The server's side of TLS. Clones share certificates, tickets and limits.
#[derive(Clone)]
pub struct TlsServer {
    config: Arc<ServerConfig>,
    shared: Arc<Shared>,
}

struct Shared {
    files: Vec<CertificateFiles>,
    in_use: Arc<InUse>,
    handshakes: Semaphore,
}

impl TlsServer {
    /// Reads the certificates. The first one is given to clients whose name (SNI) no certificate
    /// has, or who name none. Reads files: call it where blocking is allowed.
    pub fn load(files: Vec<CertificateFiles>) -> Result<Self, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let in_use = Arc::new(InUse(ArcSwap::from_pointee(read_all(&files, &provider)?)));
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(TlsError::Setup)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&in_use) as Arc<dyn ResolvesServerCert>);
        config.ticketer = aws_lc_rs::Ticketer::new().map_err(TlsError::Setup)?;
        Ok(Self {
            config: Arc::new(config),
            shared: Arc::new(Shared {
                files,
                in_use,
                handshakes: Semaphore::new(MAX_HANDSHAKES),
            }),
        })
    }

    /// The same server, agreeing on one of these application protocols when the client offers
    /// any (for HTTPS: `http/1.1`). Mail protocols need none: an offer is ignored.
    #[must_use]
    pub fn with_alpn(&self, protocols: &[&[u8]]) -> Self {
        let mut config = ServerConfig::clone(&self.config);
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Self {
            config: Arc::new(config),
            shared: Arc::clone(&self.shared),
        }
    }

    /// Reads the files again. New connections get the new certificates; those that exist go on.
    /// On an error everything stays as it was. Reads files: call it where blocking is allowed.
    pub fn reload(&self) -> Result<(), TlsError> {
        let fresh = read_all(&self.shared.files, self.config.crypto_provider())?;
        self.shared.in_use.0.store(Arc::new(fresh));
        Ok(())
    }

    /// The certificates in use, in the order of the files.
    pub fn certificates(&self) -> Vec<CertificateFacts> {
        let in_use = self.shared.in_use.0.load();
        in_use.iter().map(|loaded| loaded.facts.clone()).collect()
    }

    /// What an operator should be told about the certificates in use.
    pub fn warnings(&self, now: Timestamp) -> Vec<TlsWarning> {
        let in_use = self.shared.in_use.0.load();
        let mut warnings = Vec::new();
        for (loaded, files) in in_use.iter().zip(&self.shared.files) {
            if let Some(mode) = loaded.public_key_mode {
                let path = files.key.clone();
                warnings.push(TlsWarning::KeyIsPublic { path, mode });
            }
            let (path, facts) = (files.certificate.clone(), &loaded.facts);
            if now.plus(EXPIRY_WARNING) >= facts.not_after {
                let not_after = facts.not_after;
                warnings.push(TlsWarning::Expires { path, not_after });
            } else if now < facts.not_before {
                let not_before = facts.not_before;
                warnings.push(TlsWarning::NotYetValid { path, not_before });
            }
        }
        warnings
    }

    /// Performs the server's side of a handshake.
    pub async fn accept(
        &self,
        transport: Box<dyn Transport>,
        timeout: Duration,
    ) -> Result<(Box<dyn Transport>, TlsInfo), HandshakeError> {
        let config = Arc::clone(&self.config);
        handshake::accept(transport, config, &self.shared.handshakes, timeout).await
    }
}

impl fmt::Debug for TlsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsServer")
            .field("files", &self.shared.files)
            .finish_non_exhaustive()
    }
}

/// One certificate with what belongs to it.
struct Loaded {
    key: Arc<CertifiedKey>,
    facts: CertificateFacts,
    /// The key file's mode, when other users can read it.
    public_key_mode: Option<u32>,
}

/// The certificates that new handshakes use.
struct InUse(ArcSwap<Vec<Loaded>>);

impl fmt::Debug for InUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InUse")
    }
}

impl ResolvesServerCert for InUse {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let certificates = self.0.load();
        let named = hello.server_name().and_then(|host| {
            let host = host.to_ascii_lowercase();
            certificates.iter().find(|one| one.facts.covers(&host))
        });
        let chosen = named.or_else(|| certificates.first())?;
        Some(Arc::clone(&chosen.key))
    }
}

fn read_all(
    files: &[CertificateFiles],
    provider: &CryptoProvider,
) -> Result<Vec<Loaded>, TlsError> {
    if files.is_empty() {
        return Err(TlsError::None);
    }
    files.iter().map(|pair| read_pair(pair, provider)).collect()
}

fn read_pair(files: &CertificateFiles, provider: &CryptoProvider) -> Result<Loaded, TlsError> {
    let pem = read_file(&files.certificate)?;
    let bad_certificate = || TlsError::Certificate {
        path: files.certificate.clone(),
    };
    let chain = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| bad_certificate())?;
    let facts = chain
        .first()
        .and_then(|own| CertificateFacts::from_der(own));
    let facts = facts.ok_or_else(bad_certificate)?;
    let pem = read_file(&files.key)?;
    let key = PrivateKeyDer::from_pem_slice(&pem).map_err(|_| TlsError::Key {
        path: files.key.clone(),
    })?;
    let key =
        CertifiedKey::from_der(chain, key, provider).map_err(|source| TlsError::Mismatch {
            certificate: files.certificate.clone(),
            key: files.key.clone(),
            source,
        })?;
    Ok(Loaded {
        key: Arc::new(key),
        facts,
        public_key_mode: public_mode(&files.key)?,
    })
}

fn read_file(path: &Path) -> Result<Vec<u8>, TlsError> {
    let path = path.to_owned();
    match read_pem(&path) {
        Ok(pem) => Ok(pem),
        Err(Some(source)) => Err(TlsError::Read { path, source }),
        Err(None) => Err(TlsError::TooLarge { path }),
    }
}

/// Reads a file of [`MAX_PEM_OCTETS`] at most; an error without a source is one of more.
pub(super) fn read_pem(path: &Path) -> Result<Vec<u8>, Option<io::Error>> {
    if fs::metadata(path)?.len() > MAX_PEM_OCTETS {
        return Err(None);
    }
    Ok(fs::read(path)?)
}

/// The permission bits of a key file that users outside its group can read or write.
fn public_mode(path: &Path) -> Result<Option<u32>, TlsError> {
    let metadata = fs::metadata(path).map_err(|source| TlsError::Read {
        path: path.to_owned(),
        source,
    })?;
    let mode = metadata.mode() & 0o7777;
    Ok((mode & 0o006 != 0).then_some(mode))
}

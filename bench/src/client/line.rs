//! A blocking connection: lines out, lines and literals in, in plain text or TLS.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject as _};

/// A server that says nothing for this long has failed the run.
const PATIENCE: Duration = Duration::from_mins(2);
/// Bytes read at once: a large literal in a few calls.
const READ_AT_ONCE: usize = 64 * 1024;
/// The same for the many sessions that only wait.
const READ_AT_ONCE_IDLE: usize = 1024;

trait Transport: Read + Write + Send {}
impl<T: Read + Write + Send> Transport for T {}

/// One client's connection.
pub struct Line {
    stream: BufReader<Box<dyn Transport>>,
    line: Vec<u8>,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line").finish_non_exhaustive()
    }
}

impl Line {
    /// Connects in plain text.
    pub fn connect(address: SocketAddr) -> Result<Self> {
        Ok(Self::over(READ_AT_ONCE, tcp(address)?))
    }

    /// Connects with TLS.
    pub fn connect_tls(address: SocketAddr, trust: &Trust) -> Result<Self> {
        let name = ServerName::try_from("localhost")?;
        let connection = ClientConnection::new(Arc::clone(&trust.config), name)?;
        let stream = StreamOwned::new(connection, tcp(address)?);
        Ok(Self::over(READ_AT_ONCE_IDLE, stream))
    }

    fn over(capacity: usize, transport: impl Transport + 'static) -> Self {
        Self {
            stream: BufReader::with_capacity(capacity, Box::new(transport)),
            line: Vec::new(),
        }
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) -> Result<()> {
        let stream = self.stream.get_mut();
        stream.write_all(bytes).context("cannot send")?;
        stream.flush().context("cannot send")
    }

    /// The next line with its line end.
    pub fn line(&mut self) -> Result<&[u8]> {
        self.line.clear();
        let read = self.stream.read_until(b'\n', &mut self.line)?;
        ensure!(read > 0, "the server closed the connection");
        Ok(&self.line)
    }

    /// The next line, which must begin so.
    pub fn expect(&mut self, start: &str) -> Result<&[u8]> {
        let line = self.line()?;
        if !line.starts_with(start.as_bytes()) {
            let got = String::from_utf8_lossy(line);
            bail!("wanted {start:?}, got {:?}", got.trim_end());
        }
        Ok(&self.line)
    }

    /// Reads so many bytes and forgets them.
    pub fn discard(&mut self, count: usize) -> Result<()> {
        let mut left = count;
        while left > 0 {
            let buffer = self.stream.fill_buf()?;
            ensure!(!buffer.is_empty(), "the server closed the connection");
            let taken = left.min(buffer.len());
            self.stream.consume(taken);
            left -= taken;
        }
        Ok(())
    }
}

fn tcp(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(address).with_context(|| format!("cannot reach {address}"))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// The certificate that clients trust.
#[derive(Debug, Clone)]
pub struct Trust {
    config: Arc<ClientConfig>,
}

impl Trust {
    /// Trusts the certificate in this file only.
    pub fn in_file(certificate: &Path) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        for found in CertificateDer::pem_file_iter(certificate)? {
            roots.add(found?)?;
        }
        let config = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            config: Arc::new(config),
        })
    }
}

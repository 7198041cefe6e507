//! A client of any line protocol.

use std::{
    io::{BufRead as _, BufReader, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    path::Path,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject as _};

/// How long any single wait may take before the test fails.
pub const PATIENCE: Duration = Duration::from_mins(1);

trait Transport: Read + Write + Send {}
impl<T: Read + Write + Send> Transport for T {}

/// A connection that reads and writes lines.
pub struct LineClient {
    stream: BufReader<Box<dyn Transport>>,
}

impl std::fmt::Debug for LineClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LineClient").finish_non_exhaustive()
    }
}

impl LineClient {
    /// Connects in plain text.
    pub fn connect(address: impl ToSocketAddrs) -> Result<Self> {
        Ok(Self::over(tcp(address)?))
    }

    /// Connects with TLS, trusting only the certificate in this file.
    pub fn connect_tls(address: impl ToSocketAddrs, certificate: &Path) -> Result<Self> {
        let connection = ClientConnection::new(trusting(certificate)?, localhost()?)?;
        Ok(Self::over(StreamOwned::new(connection, tcp(address)?)))
    }

    fn over(transport: impl Transport + 'static) -> Self {
        Self {
            stream: BufReader::new(Box::new(transport)),
        }
    }

    /// Sends a line and its CRLF.
    pub fn send(&mut self, line: &str) -> Result<()> {
        self.send_bytes(format!("{line}\r\n").as_bytes())
    }

    /// Sends bytes as they are.
    pub fn send_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        let stream = self.stream.get_mut();
        stream.write_all(bytes).context("cannot send")?;
        stream.flush().context("cannot send")
    }

    /// The next line without its line end; an error when the server closed or said nothing for
    /// [`PATIENCE`].
    pub fn line(&mut self) -> Result<String> {
        let mut line = Vec::new();
        let read = self
            .stream
            .read_until(b'\n', &mut line)
            .context("no line from the server")?;
        ensure!(read > 0, "the server closed the connection");
        Ok(String::from_utf8_lossy(&line)
            .trim_end_matches(['\r', '\n'])
            .to_owned())
    }

    /// Exactly so many bytes.
    pub fn bytes(&mut self, count: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; count];
        self.stream
            .read_exact(&mut bytes)
            .context("the server sent too little")?;
        Ok(bytes)
    }

    /// The next line, which must begin with `prefix`.
    pub fn expect(&mut self, prefix: &str) -> Result<String> {
        let line = self.line()?;
        ensure!(
            line.starts_with(prefix),
            "expected {prefix:?}, got {line:?}"
        );
        Ok(line)
    }

    /// Sends a command and expects an answer that begins with `prefix`.
    pub fn command(&mut self, line: &str, prefix: &str) -> Result<String> {
        self.send(line)?;
        self.expect(prefix)
            .with_context(|| format!("after {line:?}"))
    }

    /// The lines up to and with the one that begins with `tag` and a space (IMAP).
    pub fn until_tagged(&mut self, tag: &str) -> Result<Vec<String>> {
        let mut lines = Vec::new();
        loop {
            lines.push(self.line()?);
            if lines
                .last()
                .is_some_and(|line| line.starts_with(&format!("{tag} ")))
            {
                return Ok(lines);
            }
        }
    }
}

fn tcp(address: impl ToSocketAddrs) -> Result<TcpStream> {
    let stream = TcpStream::connect(address).context("cannot connect")?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn trusting(certificate: &Path) -> Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(certificate)? {
        roots.add(certificate?)?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn localhost() -> Result<ServerName<'static>> {
    Ok(ServerName::try_from("localhost")?)
}

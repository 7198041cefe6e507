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
    local_port: u16,
}

impl std::fmt::Debug for LineClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LineClient")
            .field("local_port", &self.local_port)
            .finish_non_exhaustive()
    }
}

impl LineClient {
    /// Connects in plain text.
    pub fn connect(address: impl ToSocketAddrs) -> Result<Self> {
        let stream = tcp(address)?;
        let local_port = stream.local_addr()?.port();
        Ok(Self::over(stream, local_port))
    }

    /// Connects with TLS, trusting only the certificate in this file.
    pub fn connect_tls(address: impl ToSocketAddrs, certificate: &Path) -> Result<Self> {
        let connection = ClientConnection::new(trusting(certificate)?, localhost()?)?;
        let stream = tcp(address)?;
        let local_port = stream.local_addr()?.port();
        Ok(Self::over(StreamOwned::new(connection, stream), local_port))
    }

    fn over(transport: impl Transport + 'static, local_port: u16) -> Self {
        Self {
            stream: BufReader::new(Box::new(transport)),
            local_port,
        }
    }

    /// Our own port: by it a connection is found in what was recorded of the server.
    pub const fn local_port(&self) -> u16 {
        self.local_port
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
        self.line_or_end()?
            .context("the server closed the connection")
    }

    /// The next line without its line end; `None` when the server closed the connection.
    pub fn line_or_end(&mut self) -> Result<Option<String>> {
        let mut line = Vec::new();
        let read = self
            .stream
            .read_until(b'\n', &mut line)
            .context("no line from the server")?;
        let text = String::from_utf8_lossy(&line);
        Ok((read > 0).then(|| text.trim_end_matches(['\r', '\n']).to_owned()))
    }

    /// Whatever the server still says, up to its closing of the connection.
    pub fn until_end(&mut self) -> Result<Vec<String>> {
        let mut lines = Vec::new();
        while let Some(line) = self.line_or_end()? {
            lines.push(line);
        }
        Ok(lines)
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

//! The server's end of a connection, plain or TLS.

use std::{
    io::{BufRead as _, BufReader, Read, Write},
    net::{Shutdown, TcpStream},
    sync::Arc,
};

use anyhow::{Context as _, Result};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::line::PATIENCE;

trait Transport: Read + Write + Send {}
impl<T: Read + Write + Send> Transport for T {}

pub(super) struct Stream {
    reader: BufReader<Box<dyn Transport>>,
    tcp: TcpStream,
    pub(super) is_encrypted: bool,
}

impl Stream {
    pub(super) fn plain(tcp: TcpStream) -> Result<Self> {
        tcp.set_read_timeout(Some(PATIENCE))?;
        tcp.set_write_timeout(Some(PATIENCE))?;
        tcp.set_nodelay(true)?;
        let transport: Box<dyn Transport> = Box::new(tcp.try_clone()?);
        Ok(Self {
            reader: BufReader::new(transport),
            tcp,
            is_encrypted: false,
        })
    }

    /// Goes on encrypted; the handshake happens with the first octets.
    pub(super) fn encrypt(&mut self, config: Arc<ServerConfig>) -> Result<()> {
        let connection = ServerConnection::new(config)?;
        let transport: Box<dyn Transport> =
            Box::new(StreamOwned::new(connection, self.tcp.try_clone()?));
        self.reader = BufReader::new(transport);
        self.is_encrypted = true;
        Ok(())
    }

    pub(super) fn write(&mut self, octets: &[u8]) -> Result<()> {
        let transport = self.reader.get_mut();
        transport.write_all(octets).context("cannot send")?;
        transport.flush().context("cannot send")
    }

    /// A line without its end; nothing when the client has gone.
    pub(super) fn line(&mut self) -> Result<Option<String>> {
        let mut line = Vec::new();
        let read = self.reader.read_until(b'\n', &mut line)?;
        let text = String::from_utf8_lossy(&line);
        Ok((read > 0).then(|| text.trim_end_matches(['\r', '\n']).to_owned()))
    }

    /// A message up to its final dot, which must stand between CRLFs; nothing when the client went
    /// away before.
    pub(super) fn message(&mut self) -> Result<Option<Vec<u8>>> {
        let mut message = Vec::new();
        loop {
            let mut line = Vec::new();
            if self.reader.read_until(b'\n', &mut line)? == 0 {
                return Ok(None);
            }
            let is_start = message.is_empty() || message.ends_with(b"\r\n");
            match (is_start, line.strip_prefix(b".")) {
                (true, Some(b"\r\n")) => return Ok(Some(message)),
                (true, Some(rest)) => message.extend_from_slice(rest),
                _ => message.extend_from_slice(&line),
            }
        }
    }

    /// Waits for anything, without taking it.
    pub(super) fn wait_for_octets(&mut self) -> Result<()> {
        self.reader.fill_buf().map(drop).context("the client left")
    }

    /// Reads away what comes until the client goes.
    pub(super) fn until_gone(&mut self) {
        let mut room = [0; 4096];
        while self.reader.read(&mut room).is_ok_and(|count| count > 0) {}
    }

    /// Closes without a word, of TLS either.
    pub(super) fn cut(&self) {
        let _ = self.tcp.shutdown(Shutdown::Both);
    }
}

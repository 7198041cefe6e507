//! One client's connection: lines out, lines in.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Result, bail, ensure};

/// A server that says nothing for this long has failed the run.
const PATIENCE: Duration = Duration::from_mins(1);

/// A blocking connection to one of the server's plain-text ports.
#[derive(Debug)]
pub(crate) struct Conversation {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
    line: Vec<u8>,
}

impl Conversation {
    pub(crate) fn open(address: SocketAddr) -> Result<Self> {
        let writer = TcpStream::connect(address)?;
        writer.set_nodelay(true)?;
        writer.set_read_timeout(Some(PATIENCE))?;
        let reader = BufReader::with_capacity(64 * 1024, writer.try_clone()?);
        Ok(Self {
            reader,
            writer,
            line: Vec::new(),
        })
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.writer.write_all(bytes)?)
    }

    /// The next line with its line end.
    pub(crate) fn read_line(&mut self) -> Result<&[u8]> {
        self.line.clear();
        let read = self.reader.read_until(b'\n', &mut self.line)?;
        ensure!(read > 0, "the server closed the connection");
        Ok(&self.line)
    }

    /// Reads an SMTP reply of one or more lines, which must have this code.
    pub(crate) fn expect_reply(&mut self, code: &str) -> Result<()> {
        loop {
            let line = self.read_line()?;
            if !line.starts_with(code.as_bytes()) {
                bail!(
                    "wanted {code}, got {}",
                    String::from_utf8_lossy(line).trim_end()
                );
            }
            if line.get(3) != Some(&b'-') {
                return Ok(());
            }
        }
    }

    /// Reads until a line begins so, and returns the bytes of all lines.
    pub(crate) fn read_until(&mut self, start: &[u8]) -> Result<usize> {
        let mut bytes = 0;
        loop {
            let line = self.read_line()?;
            bytes += line.len();
            if line.starts_with(start) {
                return Ok(bytes);
            }
        }
    }
}

//! An SMTP client that sends message after message on one connection.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::line::Line;

/// One connection, after EHLO.
#[derive(Debug)]
pub struct Smtp {
    line: Line,
}

impl Smtp {
    /// Connects and greets.
    pub fn connect(address: SocketAddr) -> Result<Self> {
        let mut smtp = Self {
            line: Line::connect(address)?,
        };
        smtp.reply("220")?;
        smtp.line.send(b"EHLO client.bench.test\r\n")?;
        smtp.reply("250")?;
        Ok(smtp)
    }

    /// Sends a message to one recipient; returns how long the reply to its content took.
    ///
    /// The envelope goes out at once (PIPELINING, RFC 2920), as other servers send it.
    pub fn send(&mut self, to: &str, content: &[u8]) -> Result<Duration> {
        let envelope = format!(
            "MAIL FROM:<sender@elsewhere.test> BODY=8BITMIME\r\nRCPT TO:<{to}>\r\nDATA\r\n"
        );
        self.line.send(envelope.as_bytes())?;
        for (command, code) in [("MAIL", "250"), ("RCPT", "250"), ("DATA", "354")] {
            self.reply(code).context(command)?;
        }
        self.line.send(content)?;
        let sent = Instant::now();
        self.line.send(b".\r\n")?;
        self.reply("250").context("the reply to the content")?;
        Ok(sent.elapsed())
    }

    /// Says good-bye.
    pub fn quit(mut self) -> Result<()> {
        self.line.send(b"QUIT\r\n")?;
        self.reply("221")
    }

    /// Reads a reply of one or more lines, which must have this code.
    fn reply(&mut self, code: &str) -> Result<()> {
        while self.line.expect(code)?.get(3) == Some(&b'-') {}
        Ok(())
    }
}

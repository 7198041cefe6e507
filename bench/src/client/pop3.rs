//! A POP3 client that downloads a maildrop.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};

use super::line::Line;

/// One connection.
#[derive(Debug)]
pub struct Pop3 {
    line: Line,
}

impl Pop3 {
    /// Connects and signs in.
    pub fn connect(address: SocketAddr, user: &str, password: &str) -> Result<Self> {
        let mut line = Line::connect(address)?;
        line.expect("+OK")?;
        line.send(format!("USER {user}\r\n").as_bytes())?;
        line.expect("+OK")?;
        line.send(format!("PASS {password}\r\n").as_bytes())?;
        line.expect("+OK").context("PASS")?;
        Ok(Self { line })
    }

    /// What a program does that leaves mail on the server: STAT, UIDL, and RETR of each message.
    /// Returns messages and bytes.
    pub fn download(&mut self) -> Result<(usize, usize)> {
        self.line.send(b"STAT\r\n")?;
        let answer = String::from_utf8_lossy(self.line.expect("+OK ")?).into_owned();
        let messages = answer.split(' ').nth(1).and_then(|word| word.parse().ok());
        let messages: usize = messages.with_context(|| format!("no number in {answer:?}"))?;
        self.line.send(b"UIDL\r\n")?;
        let mut bytes = self.multiline()?;
        for number in 1..=messages {
            self.line.send(format!("RETR {number}\r\n").as_bytes())?;
            bytes += self.multiline()?;
        }
        Ok((messages, bytes))
    }

    /// Says good-bye.
    pub fn quit(mut self) -> Result<()> {
        self.line.send(b"QUIT\r\n")?;
        self.line.expect("+OK").map(drop)
    }

    fn multiline(&mut self) -> Result<usize> {
        self.line.expect("+OK")?;
        let mut bytes = 0;
        loop {
            let line = self.line.line()?;
            if line == b".\r\n" {
                return Ok(bytes);
            }
            bytes += line.len();
        }
    }
}
